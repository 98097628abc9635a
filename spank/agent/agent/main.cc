// cram-agent: one a node. See cram-agent(8).
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "pack/base/escape_controls.h"
#include "spank/agent/agent/keeper.h"
#include "spank/agent/agent/options.h"
#include "spank/agent/agent/run.h"
#include "spank/agent/agent/step.h"
#include "spank/agent/agent/waiter.h"

int main(int argc, char** argv) {
  // Were one of the three closed, a file of ours would take its number, and
  // what we say would be written into it.
  int null;
  do {
    null = open("/dev/null", O_RDWR);
  } while (null >= 0 && null <= STDERR_FILENO);
  close(null);
  absl::StatusOr<cram::AgentOptions> options =
      cram::AgentOptions::Parse(argc, argv);
  if (!options.ok()) {
    fprintf(stderr, "cram: %s\n",
            cram::EscapeControls(options.status().message()).c_str());
    return cram::kBadUse;
  }
  cram::Step step = cram::Step::FromEnvironment(options->alone);
  if (options->sweep) {
    cram::SweepAfterKeeper(step, *options->sweep);
    return 0;
  }
  if (step.local_task != 0) {
    cram::WaitAtDoor(step);
    return 0;
  }
  // Held until this process ends.
  cram::UniqueFd door = cram::OpenDoor(step);
  return cram::KeepAgent(*options, step);
}
