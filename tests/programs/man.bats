# Man pages say what the programs say, and are installed with them.
load helper

setup() {
  in_work
  source_tree=$BATS_TEST_DIRNAME/../..
  man=$source_tree/man
}

# page_terms PAGE SECTION...: what lists of these sections explain, as HTML.
page_terms() {
  local page=$1 section
  shift
  for section in "$@"; do
    mandoc -T html -O fragment "$man/$page" |
      sed -n "/<h[12] .*id=\"$section\"/,/<h[12] /p"
  done | awk '/<dt/ { term = 1 } term { print } /<\/dt>/ { term = 0 }'
}

# page_options PAGE SECTION...: the options among them, a line each.
page_options() {
  page_terms "$@" | grep -o '<code class="Fl">[^<]*' | sed 's/.*>//' | sort -u
}

# help_options PROGRAM [COMMAND]: those of --help, but --help itself.
help_options() {
  "$@" --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' | tr , '\n' |
    grep -vx -e -h -e --help | sort -u
}

# run_options PREFIX: the one table's, each with this before its name.
run_options() {
  sed -n '/kRunOptions = /,/^}}/s/^    {"\([a-z-]*\)",.*/'"$1"'\1/p' \
    "$source_tree/pack/base/run_options.h" | sort
}

# same LEFT RIGHT: two lists, neither empty; shows how they differ.
same() {
  [ -n "$1" ] && diff <(echo "$1") <(echo "$2")
}

@test "cram(1) has the options of cram pack" {
  same "$(page_options cram.1 cram_pack)" "$(help_options cram pack)"
}

@test "cram(1) has the options of cram info, those of cram run among them" {
  same "$(page_options cram.1 cram_info cram_run)" "$(help_options cram info)"
}

@test "cram(1) has the options of cram run" {
  same "$(page_options cram.1 cram_run)" "$(help_options cram run)"
}

@test "cram(1) has the options of cram output" {
  same "$(page_options cram.1 cram_output)" "$(help_options cram output)"
}

@test "cram(1) has every command" {
  in_help=$(cram --help | sed '1,/^Subcommands:/d' | awk 'NF { print $1 }')
  in_page=$(sed -n 's/^\.Ss cram //p' "$man/cram.1")
  same "$in_page" "$in_help"
  in_synopsis=$(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/s/^\.Cm //p' "$man/cram.1")
  same "$(uniq <<<"$in_synopsis")" "$in_help"
}

@test "cramacct(1) has the options of cramacct" {
  same "$(page_options cramacct.1 OPTIONS)" "$(help_options cramacct)"
}

@test "cramacct(1) has the fields of cramacct" {
  in_page=$(page_terms cramacct.1 FIELDS | sed 's/<[^>]*>//g' |
    tr ', ' '\n\n' | grep . | sort)
  in_help=$(cramacct --helpformat | tr -s ' ' '\n' | grep . | sort)
  same "$in_page" "$in_help"
}

@test "cram run takes every run option" {
  same "$(run_options --)" "$(help_options cram run)"
}

@test "spank_cram(8) has every run option" {
  same "$(page_options spank_cram.8 OPTIONS)" \
    "$(echo --cram && run_options --cram-)"
}

@test "spank_cram(8) has what runtimes are told" {
  in_page=$(sed -n 's/^\.It [a-z]* Ta Ev \([^ ]*\) Ta Li "\(.*\)"$/\1=\2/p' \
    "$man/spank_cram.8")
  cram pack -o "$BATS_TEST_TMPDIR/m.pb" -- true
  same "$in_page" "$(env -i "$(command -v cram)" info -j 0 \
    "$BATS_TEST_TMPDIR/m.pb" | sed -n 's/^Told  *//p')"
  names=$(sed -n 's/^\.It \([a-z]*\) Ta Ev .*/\1/p' "$man/spank_cram.8" | uniq)
  run -2 cram run --tell=no-such-runtime "$BATS_TEST_TMPDIR/m.pb"
  [[ $output == *"known: all, none, ${names//$'\n'/, }, or a variable"* ]]
}

@test "cram-agent(8) has every run option" {
  same "$(page_options cram-agent.8 OPTIONS)" \
    "$(printf '%s\n' --manifest --sweep --terminal $(run_options --) | sort)"
}

@test "pages are well formed" {
  run -0 mandoc -T lint -W warning "$man"/*.[1-9]
  [ -z "$output" ]
}

@test "every page, program and the plugin are installed" {
  cmake --install "$CRAM_BUILD" --prefix "$BATS_TEST_TMPDIR" >/dev/null
  expected=$(
    printf '%s\n' bin/cram bin/cramacct lib/cram/cram.so lib/cram/libcram-view.so \
      libexec/cram/cram-agent libexec/cram/cram-launch \
      libexec/cram/cram-ranks share/cram/manifest.proto \
      share/doc/cram/LICENSE share/doc/cram/NOTICE
    for page in "$man"/*.[1-9]; do
      echo "share/man/man${page##*.}/${page##*/}"
    done
    printf 'python/cram/%s\n' __init__.py _columns.py _cram.pyi _cram.so py.typed
  )
  # The folder of libraries is Debian's lib/x86_64-linux-gnu below /usr; that of
  # the package and the name of its library are Python's.
  installed=$(cd "$BATS_TEST_TMPDIR" && find . -type f -printf '%P\n' |
    sed -E 's,^lib/python.*/cram/,python/cram/,; s,(_cram)\..*\.so$,\1.so,
            s,^lib.*/cram/([^/]*\.so)$,lib/cram/\1,' | sort)
  same "$(sort <<<"$expected")" "$installed"
  run -0 "$BATS_TEST_TMPDIR/bin/cram" --version
  run -0 "$BATS_TEST_TMPDIR/bin/cramacct" --version
  # What tests/python needs for a sanitized one is not repeated here.
  ldd "$BATS_TEST_TMPDIR/bin/cram" | grep -q libasan ||
    PYTHONPATH=$(dirname "$BATS_TEST_TMPDIR"/lib/python*/*/cram) \
      /usr/bin/python3 -c 'import cram; cram.Manifest'
}
