// make_run RUNDIR example           a small run in which everything happens
// make_run RUNDIR many SUBJOBS NODES   a large one, all but a few completed
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "absl/strings/numbers.h"
#include "tests/programs/example_run.h"

namespace cram {
namespace {

void WriteMany(const RunDirectory& run, uint64_t subjobs, uint32_t nodes) {
  for (uint32_t id = 0; id < nodes; ++id) {
    ExampleNode node(run, id, nodes, subjobs);
    for (uint64_t index = id; index < subjobs; index += nodes) {
      bool hog = index % 1000 == 999;
      Ended ended =
          ExampleNode::Make(index, hog ? Cause::kOwnCap : Cause::kCompleted,
                            static_cast<int64_t>(index % 97));
      if (hog) ended.set_signal(SIGKILL);
      ended.set_start_ns(kRunBegin + static_cast<int64_t>(index) * 100000);
      ended.set_end_ns(ended.start_ns() +
                       static_cast<int64_t>(index % 977) * 1000000);
      ended.set_user_us(index % 911 * 1000);
      ended.set_peak_bytes((1000 + index % 5003) * 4096);
      node.End(std::move(ended), "ok\n");
    }
    node.Close(kRunBegin + static_cast<int64_t>(subjobs) * 100000 + kSecondNs);
    node.Flush();
  }
}

int Main(int argc, char** argv) {
  uint64_t subjobs = 0;
  uint32_t nodes = 0;
  bool example = argc == 3 && strcmp(argv[2], "example") == 0;
  bool many = argc == 5 && strcmp(argv[2], "many") == 0 &&
              absl::SimpleAtoi(argv[3], &subjobs) &&
              absl::SimpleAtoi(argv[4], &nodes);
  if (!example && !many) {
    fprintf(stderr, "usage: make_run RUNDIR example | many SUBJOBS NODES\n");
    return 2;
  }
  RunDirectory run(argv[1]);
  if (mkdir(argv[1], 0777) != 0 && errno != EEXIST) {
    perror(argv[1]);
    return 1;
  }
  if (example) WriteExampleRun(run);
  if (many) WriteMany(run, subjobs, nodes);
  return 0;
}

}  // namespace
}  // namespace cram

int main(int argc, char** argv) { return cram::Main(argc, argv); }
