# Manifests that are made to take memory: no more of it than 64 MB, and an
# answer in one line if they are not good.
load helper

# within_64_mb ARGUMENT...: cram does, and ends with 0, or 2 and one line.
within_64_mb() {
  python3 - "$@" <<'END'
import resource, subprocess, sys
cram = subprocess.run(["cram"] + sys.argv[1:], stdout=subprocess.DEVNULL,
                      stderr=subprocess.PIPE)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{peak:.0f} MB, status {cram.returncode} {cram.stderr[:200]}")
lines = cram.stderr.count(b"\n")
sys.exit(peak > 64 or (cram.returncode, lines) not in ((0, 0), (2, 1)))
END
}

# bounded KIND [OPTION]: whoever reads all of it.
bounded() {
  python3 "$BATS_TEST_DIRNAME/hostile_manifest.py" "$1" m.pb
  within_64_mb info "${@:2}" m.pb
  within_64_mb info --check m.pb
  within_64_mb pack --append -o m.pb -- true
}

@test "a list of four million values" { bounded list; }
@test "lists of half a million values, zipped" { bounded lists; }
@test "sixty thousand templates" { bounded templates --json; }
@test "templates of as many words as there may be" { bounded large-templates; }
@test "a template of as many variables as there may be" { bounded variables; }
@test "a template of as many placeholders as there may be" {
  bounded placeholders
}
@test "a million blocks" { bounded blocks; }
@test "more blocks than there may be" { bounded too-many-blocks; }
@test "a hundred megabytes" { bounded megabytes; }
@test "a hundred megabytes of index" { bounded index; }
@test "a table of four million rows" { bounded values; }
@test "a table of ten thousand columns" { bounded columns; }
@test "rows of as many variables as there may be" { bounded own -j 7; }
