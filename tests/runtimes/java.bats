# The JVM, told its cap.
load helper

setup_file() {
  javac -d "$BATS_FILE_TMPDIR" "$BATS_TEST_DIRNAME/Grow.java"
}

@test "Java ends with OutOfMemoryError and its stack" {
  runs 1 200M -- java -cp "$BATS_FILE_TMPDIR" Grow
  [ "$record" = "FAILED|1:0|runtime memory error" ]
  [[ $errors == *"java.lang.OutOfMemoryError: Java heap space"*"at Grow.more(Grow.java:7)"* ]]
}

@test "Java that is told nothing is killed by its cap" {
  # A JVM that sees its cgroup sets a limit of its own: of what the node has.
  runs 1 200M --tell=none -- \
    java -XX:-UseContainerSupport -cp "$BATS_FILE_TMPDIR" Grow
  killed_by_its_cap
}

@test "Java's own -Xmx stays, wherever the user says it" {
  show() { runs 0 200M -- java "$@" -XX:+PrintFlagsFinal -version; }
  show -Xmx50m
  [[ $output == *" MaxHeapSize "*" = 52428800 "* ]]
  _JAVA_OPTIONS=-Xmx60m show
  [[ $output == *" MaxHeapSize "*" = 62914560 "* ]]
  [[ $errors != *-Xmx126m* ]]
}
