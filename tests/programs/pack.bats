# cram pack: what people type, what they get, what they are told.
load helper

# dry ARGUMENT...: the first sub-jobs of a dry run, which writes nothing.
dry() {
  run -0 --separate-stderr cram pack --dry-run "$@"
  [ -z "$stderr" ]
  [ -z "$(ls | grep pb)" ]
}

@test "a sweep is written whole, and said in a line" {
  run -0 cram pack -o m.pb --param seed=0..999 --param mode=a,b -- run {seed}
  [[ $output =~ ^"m.pb: 2000 sub-jobs, "[0-9]+" bytes"$ ]]
  [ "$(ls)" = m.pb ]
  [ "$(stat -c %s m.pb)" -lt 300 ]
}

@test "a command alone is one sub-job" {
  run -0 cram pack -o m.pb -- echo hello
  [[ $output == "m.pb: 1 sub-job, "* ]]
}

@test "a manifest is replaced in one step" {
  cram pack -o m.pb -- echo one
  cram pack -o m.pb -- echo two
  run -0 cram info -a m.pb
  [ "$output" = "0: echo two" ]
}

@test "parameters combine, the last one fastest" {
  dry --param a=1,2 --param b=x,y -- run {a} {b}
  [ "$output" = "0: run 1 x
1: run 1 y
2: run 2 x
3: run 2 y" ]
}

@test "zipped parameters advance together" {
  dry --param a=1,2 --param b=x,y --param c=5..6 --zip a,b -- run {a}{b}{c}
  [ "$output" = "0: run 1x5
1: run 1x6
2: run 2y5
3: run 2y6" ]
}

@test "ranges of decimals, ranges that go down, and files of values" {
  printf 'one\ntwo words\n' >values
  dry --param x=1..0:-0.5 --param f=@values -- run {x} {f}
  [ "${lines[0]}" = "0: run 1.0 one" ]
  [ "${lines[1]}" = "1: run 1.0 'two words'" ]
  [ "${lines[5]}" = "5: run 0.0 'two words'" ]
}

@test "distributions are sampled, and the sample is said" {
  run -0 cram pack -o m.pb --param 'x=uniform(0,10)' --sample 10 -- run {x}
  [[ $output == "m.pb: 10 sub-jobs, "*" bytes; sample: 10 points, lhs, seed 0" ]]
  # A Latin hypercube: one in each tenth.
  [ "$(cram info -a m.pb | awk '{ print int($3) }' | sort -n | xargs)" = \
    "0 1 2 3 4 5 6 7 8 9" ]
  run -0 cram pack -o m.pb --param 'x=uniform(0,10)' --sample 10 --seed 5 \
    --design sobol -- run {x}
  [[ $output == *"; sample: 10 points, sobol, seed 5" ]]
}

@test "a sample is combined with the other parameters" {
  dry --param 'x=normal(0,1)' --param b=p,q --param 'y=choice(u,v)' \
    --sample 2 --design random -- {b} {x:.3f} {y}
  [ "${#lines[@]}" -eq 4 ]
  [ "${lines[0]#*p}" = "${lines[1]#*q}" ]
  [ "${lines[2]#*p}" = "${lines[3]#*q}" ]
  [ "${lines[0]#*p}" != "${lines[2]#*p}" ]
}

@test "the same design and seed are the same manifest, another seed is not" {
  pack() {
    cram pack -o "$1" --param 'x=normal(0,1)' --sample 1000 "${@:2}" -- run {x}
  }
  pack one.pb --design sobol --seed 3
  pack two.pb --design sobol --seed 3
  pack other.pb --design sobol --seed 4
  cmp one.pb two.pb
  [ "$(cram info -a one.pb | sort | comm -12 - \
    <(cram info -a other.pb | sort) | wc -l)" -eq 0 ]
}

@test "a million points of twenty inputs are some hundred bytes" {
  params=()
  words=()
  for i in {1..20}; do
    params+=(--param "x$i=normal(0,1)")
    words+=("{x$i}")
  done
  run -0 cram pack -o m.pb "${params[@]}" --sample 1000000 -- run "${words[@]}"
  [ "$(stat -c %s m.pb)" -lt 1000 ]
  [ "$(cram info -j 999999 m.pb | grep -c '^Parameter *x[0-9]*=-\?[0-9]')" -eq 20 ]
}

@test "samples that make no sense are refused" {
  x=(--param 'x=uniform(0,1)')
  refused "parameter x has a distribution; say with --sample N" \
    pack -o m.pb "${x[@]}" -- run
  refused "--sample draws from distributions" \
    pack -o m.pb --param x=1,2 --sample 3 -- run
  refused "--sample goes with --param" pack -o m.pb --sample 3 -- run
  refused "--design and --seed go with --sample" \
    pack -o m.pb "${x[@]}" --seed 3 -- run
  refused "--design: 'halton' is not a design" \
    pack -o m.pb "${x[@]}" --sample 3 --design halton -- run
  refused "1 to 4294967296" pack -o m.pb "${x[@]}" --sample 0 -- run
  refused "--sample: '-3' is not a whole number of at least 0" \
    pack -o m.pb "${x[@]}" --sample -3 -- run
  refused "--seed: '-3' is not a whole number of at least 0" \
    pack -o m.pb "${x[@]}" --sample 3 --seed -3 -- run
  refused "--seed: 18446744073709551616 is too large" \
    pack -o m.pb "${x[@]}" --sample 3 --seed 18446744073709551616 -- run
  refused "1 to 4294967296" pack -o m.pb "${x[@]}" --sample 4294967297 -- run
  refused "--zip: parameter x has a distribution" \
    pack -o m.pb "${x[@]}" --param y=1,2 --zip x,y --sample 2 -- run
  refused "{x:d}: '0.5' is not a whole number" \
    pack -o m.pb "${x[@]}" --sample 2 -- run {x:d}
  refused "no distribution 'gauss'" \
    pack -o m.pb --param 'x=gauss(0,1)' --sample 2 -- run
  refused "write uniform(A,B) with A < B" \
    pack -o m.pb --param 'x=uniform(1,0)' --sample 2 -- run
  refused "write uniform(A,B) with A < B" \
    pack -o m.pb "${x[@]}" --param 'y=uniform(0,1' --sample 2 -- run
}

@test "placeholders take formats, and doubled braces are braces" {
  dry --param n=7 -- run {n:04d} {n:.2f} {index} '{{n}}'
  [ "$output" = "0: run 0007 7.00 0 '{n}'" ]
}

@test "words behind -- are taken as they are" {
  dry -- run '[a,b]' --mem -- -o '' '{{}}'
  [ "$output" = "0: run '[a,b]' --mem -- -o '' '{}'" ]
}

@test "resources and places go with every sub-job" {
  dry --param n=3 --cpus 2 --mem 1.5G --time 90s --cwd /data/{n} \
    --env N={n} --env 'TEXT=a b' --stdin in.{n} --stdout out --stderr err \
    --name job{n} -- run
  [ "$output" = "0: cd /data/3 && N=3 TEXT='a b' run <in.3 >out 2>err  # \
job3, 2 CPUs, 1.50G, 00:01:30" ]
}

@test "a row of CSV is a sub-job" {
  printf 'name,n\r\n"a, ""b""",1\r\n\r\n"two\nlines",2\r\n' >rows.csv
  run -0 cram pack -o m.pb --csv rows.csv -- run {name} {n:03d}
  run -0 cram info -j 0 m.pb
  [[ $output == *"Command      run 'a, \"b\"' 001"* ]]
  run -0 cram info -j 1 --json m.pb
  [[ $output == *'"two\nlines"'* ]]
}

@test "a line is a command, split as a shell splits words" {
  cat >runs.txt <<'END'
# two runs
run --name "a b" 'c'\''d'   # the first

run $HOME *.txt {x}
END
  dry --lines runs.txt --cwd d{index}
  [ "$output" = "0: cd d0 && run --name 'a b' 'c'\\''d'
1: cd d1 && run '\$HOME' '*.txt' '{x}'" ]
}

@test "lines come from standard input" {
  run -0 cram pack -o m.pb --lines - < <(seq -f 'run %g' 1000)
  [[ $output == "m.pb: 1000 sub-jobs, "* ]]
  run -0 cram info -j 999 m.pb
  [[ $output == *"run 1000"* ]]
}

@test "lines for a shell are not split" {
  printf 'a | b >c # d\n# none\n' >runs.txt
  dry --lines runs.txt --shell
  [ "$output" = "0: /bin/sh -c 'a | b >c # d'" ]
}

@test "a dry run shows as many as it is told to" {
  dry --param n=1..100 -- run {n}
  [ "${#lines[@]}" -eq 10 ]
  run -0 cram pack --dry-run=3 --param n=1..100 -- run {n}
  [ "${#lines[@]}" -eq 3 ]
  run -0 cram pack -o m.pb --dry-run=3 --lines - < <(yes run)
  [ "${#lines[@]}" -eq 3 ]
  [ ! -e m.pb ]
  refused "--dry-run: '-1' is not a whole number" pack --dry-run=-1 -- run
}

@test "a command may be left to who runs it" {
  run -0 cram pack -o m.pb --param n=1..3
  run -0 cram info -j 2 m.pb
  [[ $output == *"(the command given when it runs)"* ]]
  run -0 cram info -j 2 m.pb -- run {n}
  [[ $output == *"Command      run 3"* ]]
}

@test "nothing to pack, or nowhere to, is refused" {
  refused "-o FILE" pack -- run
  refused "nothing to pack" pack -o m.pb
  refused "not expected: --bogus" pack -o m.pb --bogus
  refused "-o" pack -o
  refused "-o: a manifest is a file" pack -o - -- run
}

# As of a variable of a shell that is not set.
@test "an empty value is refused, and taken for none by no option" {
  for option in --mem --time --cpus --csv --cwd; do
    refused "$option: an empty value" pack -o m.pb "$option" "" -- run
    refused "$option" pack -o m.pb "$option=" -- run
  done
}

@test "a command that there is not is named" {
  refused "no command 'pak'; see cram --help" pak -o m.pb -- run
  refused "which command?"
}

@test "inputs that do not go together are refused" {
  refused "do not go together" pack -o m.pb --param a=1 --lines x -- run
  refused "--shell goes with --lines" pack -o m.pb --shell -- run
  refused "one too many" pack -o m.pb --lines x -- run
}

@test "an unknown placeholder is refused, with the known ones" {
  refused "unknown placeholder {sed}; known: {index}, {seed}" \
    pack -o m.pb --param seed=1 -- run {sed}
  refused "cwd: unknown placeholder {x}" pack -o m.pb --cwd {x} -- run
  refused "env A: unknown placeholder {x}" pack -o m.pb --env A={x} -- run
  refused "has a { without its }" pack -o m.pb -- run {
}

@test "an unbalanced quote is refused, with its line" {
  printf 'run a\n\nrun "b\n' >runs.txt
  refused "runs.txt:3: unbalanced quote" pack -o m.pb --lines runs.txt
}

@test "a shell's operator without a shell is refused, with its line" {
  printf 'run a\nrun b >c\n' >runs.txt
  refused "runs.txt:2: '>'" pack -o m.pb --lines runs.txt
  printf 'run a=1\n N=2 run\n' >runs.txt
  refused "runs.txt:2: a variable before a command" pack -o m.pb --lines runs.txt
  cram pack --dry-run --shell --lines runs.txt
}

@test "a CSV row of wrong length is refused, with its line" {
  printf 'a,b\n1,2\n3\n' >rows.csv
  refused "rows.csv:3: 1 field, where the header has 2" \
    pack -o m.pb --csv rows.csv -- run
  printf 'a,a\n1,2\n' >rows.csv
  refused "rows.csv:1: column 'a' is there twice" \
    pack -o m.pb --csv rows.csv -- run
}

@test "a value that its format does not take is refused, with its line" {
  printf 'a\n1\nx\n' >rows.csv
  refused "rows.csv:3: command: {a:03d}: 'x' is not a whole number" \
    pack -o m.pb --csv rows.csv -- run {a:03d}
}

@test "zero sub-jobs are refused" {
  printf 'a,b\n' >rows.csv
  refused "rows.csv: no rows" pack -o m.pb --csv rows.csv -- run
  printf '# nothing\n' >runs.txt
  refused "runs.txt: has no command line" pack -o m.pb --lines runs.txt
  refused "an empty range" pack -o m.pb --param a=3..1 -- run
}

@test "sizes, times and counts that do not parse are refused" {
  refused "--mem: " pack -o m.pb --mem much -- run
  refused "--time: " pack -o m.pb --time soon -- run
  refused "--cpus: '0'" pack -o m.pb --cpus 0 -- run
  refused "--env: 'X'" pack -o m.pb --env X -- run
  refused "--param: 'x' is not NAME=VALUES" pack -o m.pb --param x -- run
  refused "--zip: no parameter 'b'" pack -o m.pb --param a=1 --zip a,b -- run
  refused "more than 2^63" pack -o m.pb --param a=0..9999999999 \
    --param b=0..9999999999 -- run
}

@test "files that cannot be read or written are refused" {
  refused "none.csv: No such file" pack -o m.pb --csv none.csv -- run
  refused "none.txt: No such file" pack -o m.pb --lines none.txt
  refused "No such file" pack -o none/m.pb -- run
  refused "not a regular file" pack -o /dev/null -- run
  [ -c /dev/null ]
}

@test "a second pack of the same file is refused meanwhile" {
  cram pack -o m.pb --lines <(yes 'run some words') &
  pack=$!
  until_true 10 test -s m.pb.part
  one_line 2 "m.pb: another cram pack is writing it" \
    cram pack -o m.pb -- true
  kill "$pack"
  wait "$pack" || true
}

@test "kill -9 in the middle leaves nothing under the name, and nothing in the way" {
  cram pack -o m.pb --lines <(yes 'run some words') &
  pack=$!
  until_true 10 test -s m.pb.part
  kill -9 "$pack"
  wait "$pack" || true
  [ ! -e m.pb ]
  cram pack -o m.pb -- true
  [ "$(ls m.pb*)" = m.pb ]
}

@test "of a sweep only the combinations that meet every condition" {
  cram pack -o m.pb --param a=0..3 --param b=0..3 --where 'a<b' \
    --where 'b != 2' -- run {a} {b} >packed
  [ "$(cat packed)" = "m.pb: 4 sub-jobs, $(stat -c %s m.pb) bytes" ]
  [ "$(cram info -a m.pb)" = "0: run 0 1
1: run 0 3
2: run 1 3
3: run 2 3" ]
  run -0 cram pack --dry-run=1 --param mode=fast,slow --param 'x=0..1:0.25' \
    --where 'mode==slow' --where '0.5<x' -- run {mode} {x}
  [ "$output" = "0: run slow 0.75" ]
  # What it does has one hash, in the sweep and without it.
  cram pack -o n.pb --param a=2 --param b=3 -- run {a} {b} >packed
  [ "$(cram info -j 3 m.pb | grep Hash)" = "$(cram info -j 0 n.pb | grep Hash)" ]
}

@test "of conditions that make no sense is said why" {
  where() {
    local text=$1
    shift
    refused "$text" pack -o m.pb --param a=0..9 --param m=x,y "$@" -- run {a}
  }
  where "--where: 'a=3' is not a comparison" --where a=3
  where "--where: 'c<3': no side of it is a parameter; known: a, m" --where 'c<3'
  where "--where: 'a<b': 'b' is neither a number nor a parameter; known: a, m" \
    --where 'a<b'
  where "--where: 'm<3': 'x' and '3' are not both numbers" --where 'm<3'
  where "--where leaves no combination" --where 'a>9'
  where "'1 && a!=2' is more than a parameter or a value" --where 'a!=1 && a!=2'
  where "--where looks at all combinations, and 10000000000000 are more than" \
    --param b=1..1000000 --param c=1..500000 --where 'a<b'
  refused "--where goes with --param" pack -o m.pb --where 'a<3' -- run
}
