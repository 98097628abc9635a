// cram: describes ensembles, looks at them, runs them without Slurm; see
// cram(1). Every command is a pair of functions in a file of its own: Define
// gives its options to CLI11 and says where they go, the other does the work
// and returns what went wrong. A new one is an entry in CommandLine.
#include <stdio.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_replace.h"
#include "pack/base/escape_controls.h"
#include "sbin/cram/cancel_command.h"
#include "sbin/cram/info_command.h"
#include "sbin/cram/output_command.h"
#include "sbin/cram/pack_command.h"
#include "sbin/cram/print.h"
#include "sbin/cram/remainder_command.h"
#include "sbin/cram/run_command.h"
#include "sbin/cram/status_command.h"

namespace cram {
namespace {

constexpr int kBadUse = 2;

int Complain(absl::string_view message) {
  fprintf(stderr, "cram: %s\n", EscapeControls(message).c_str());
  return kBadUse;
}

class CommandLine {
 public:
  CommandLine() {
    app_.name("cram");
    app_.set_version_flag("--version", "cram " CRAM_VERSION);
    app_.require_subcommand(1);
    CLI::App* pack = app_.add_subcommand("pack", "write a manifest");
    DefinePackCommand(pack, &pack_);
    CLI::App* info = app_.add_subcommand("info", "say what is in a manifest");
    DefineInfoCommand(info, &info_);
    CLI::App* run =
        app_.add_subcommand("run", "run a manifest on this machine");
    DefineRunCommand(run, &run_);
    CLI::App* output =
        app_.add_subcommand("output", "print what a sub-job printed");
    DefineOutputCommand(output, &output_);
    CLI::App* remainder = app_.add_subcommand(
        "remainder", "write what a run did not complete as a manifest");
    DefineRemainderCommand(remainder, &remainder_);
    CLI::App* status = app_.add_subcommand("status", "say where a run stands");
    DefineStatusCommand(status, &status_);
    CLI::App* cancel =
        app_.add_subcommand("cancel", "end sub-jobs of a running run");
    DefineCancelCommand(cancel, &cancel_);
  }

  // Words behind "--" are the user's command: CLI11, which has its own ideas
  // of brackets and braces, never sees them.
  int Run(std::vector<std::string> words) {
    auto dashes = std::find(words.begin(), words.end(), "--");
    std::vector<std::string> command;
    if (dashes != words.end()) {
      command.assign(dashes + 1, words.end());
      words.erase(dashes, words.end());
    }
    pack_.command = info_.command = run_.command = command;
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
      app_.parse(words);
    } catch (const CLI::Success& help) {
      return app_.exit(help);
    } catch (const CLI::ParseError& error) {
      // Some of CLI11's messages go over several lines.
      return Complain(absl::StrReplaceAll(error.what(), {{"\n", " "}}));
    }
    absl::Status status = Call();
    status.Update(FlushPrinted());
    return status.ok() ? 0 : Complain(status.message());
  }

 private:
  absl::Status Call() {
    if (app_.got_subcommand("pack")) return PackManifest(pack_);
    if (app_.got_subcommand("info")) return PrintInfo(info_);
    if (app_.got_subcommand("run")) return RunManifest(run_);
    if (app_.got_subcommand("remainder")) return WriteRemainder(remainder_);
    if (app_.got_subcommand("status")) return PrintStatus(status_);
    if (app_.got_subcommand("cancel")) return CancelSubJobs(cancel_);
    return PrintOutput(output_);
  }

  CLI::App app_{"Packs thousands of small runs into one job."};
  PackRequest pack_;
  InfoRequest info_;
  RunRequest run_;
  OutputRequest output_;
  RemainderRequest remainder_;
  StatusRequest status_;
  CancelRequest cancel_;
};

}  // namespace
}  // namespace cram

int main(int argc, char** argv) {
  return cram::CommandLine().Run(
      std::vector<std::string>(argv + 1, argv + argc));
}
