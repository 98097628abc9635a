load helper

# hogs_and_others: twelve rounds of the eight slots of four nodes; every second
# sub-job is a hog.
hogs_and_others() {
  run -1 user srun -N4 -c2 --cram=m.pb
  [ "$(count CD)" -eq 48 ]
  [ "$(rows cause -s OOM | sort | uniq -c | tr -s ' ')" = " 48 own cap" ]
  # Each of the slots had one.
  [ "$(rows nodelist,slot -s OOM | sort -u | wc -l)" -eq 8 ]
  # Every hog is named, and every agent lived to close its journal.
  user cramacct -j "$(run_dir)" --json | python3 -c '
import json, sys
run = json.load(sys.stdin)
nodes = run["run"]["nodes"]
assert len(nodes) == 4 and all(node["closed"] for node in nodes), nodes
ooms = [row for row in run["subjobs"] if row["state"] == "OUT_OF_MEMORY"]
assert len(ooms) == 48, len(ooms)
for row in ooms:
    assert row["victim"]["pid"] > 1 and "hog" in row["victim"]["command"], row'
  [[ $output != *lost* ]]
  nothing_left
}

@test "hogs on every slot of every node, again and again: all named, all others complete" {
  taker hog
  pack --mem 150M --param i=1..48 --param what=./hog,/bin/true -- '{what}'
  hogs_and_others
  rm -r "$work/$(run_dir)"
  hogs_and_others
}

@test "--cram-oom-retry gives hogs more on their node, and Slurm sees a success" {
  taker take
  pack --mem 100M --param i=1..4 --param mb=10,250,20,30 -- ./take '{mb}'
  first=$(user sbatch --parsable -N2 -c2 --job-name=grow --cram=m.pb \
    --cram-oom-retry=2)
  user sbatch -N1 --dependency="afterok:$first" --wrap='touch second'
  until_true 120 test -e "$work/second"
  grep -q '16 sub-jobs: 16 completed' "$work/slurm-$first.out"
  [ "$(rows attempt,reqmem | sort | uniq -c | tr -s ' ')" = " 12 0|100M
 4 2|400M" ]
  # The job, its script and its step.
  until_true 60 eval '[ "$(user sacct -nP --name=grow -o state,exitcode |
    sort | uniq -c | tr -s " ")" = " 3 COMPLETED|0:0" ]'
  scontrol show job "$first" | grep -q 'JobState=COMPLETED Reason=None'
  nothing_left
}

# bats test_tags=slow
@test "--cram-mem=auto learns on every node" {
  taker take
  pack --param i=1..80 -- ./take 40
  run -0 user srun -N2 -c2 --cram=m.pb --cram-mem=auto
  for node in $(rows nodelist | sort -u); do
    caps=$(rows nodelist,reqmem --units=M | grep "^$node|")
    [ "$(tail -n 1 <<<"$caps")" = "$node|64M" ]
  done
  user cramacct -j "$(run_dir)" --suggest -n | grep -q '^--cram-mem=64M '
}

# bats test_tags=slow
@test "a sub-job is not blamed for what the last one left in /dev/shm" {
  file=$shm.left
  user touch "$file"  # so that it stays
  taker take
  cat >"$work/lines" <<END
sh -c 'head -c 100M /dev/zero >$file'
./take 110
./take 110
rm $file
./take 110
END
  user cram pack -o m.pb --lines lines --mem 150M
  run -0 user srun -N1 -c1 --mem=500M --cram=m.pb --cram-slots=1
  [[ $output == *"5 sub-jobs: 5 completed"* ]]
  nothing_left
}
