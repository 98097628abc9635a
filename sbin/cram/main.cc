// cram: describes ensembles, looks at them, runs them without Slurm; see
// cram(1). Every command is a pair of functions in a file of its own: Define
// gives its options to CLI11 and says where they go, the other does the work
// and returns what went wrong. A new one is an entry in CommandLine.
#include <stdio.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_replace.h"
#include "pack/base/escape_controls.h"
#include "sbin/cram/add_command.h"
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
    Add("pack", "write a manifest", DefinePackCommand, PackManifest, &pack_);
    Add("info", "say what is in a manifest", DefineInfoCommand, PrintInfo,
        &info_);
    Add("run", "run a manifest on this machine", DefineRunCommand, RunManifest,
        &run_);
    Add("output", "print what a sub-job printed", DefineOutputCommand,
        PrintOutput, &output_);
    Add("remainder", "write what a run did not complete as a manifest",
        DefineRemainderCommand, WriteRemainder, &remainder_);
    Add("status", "say where a run stands", DefineStatusCommand, PrintStatus,
        &status_);
    Add("cancel", "end sub-jobs of a running run", DefineCancelCommand,
        CancelSubJobs, &cancel_);
    Add("add", "add sub-jobs to a running run", DefineAddCommand, AddSubJobs,
        &add_);
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
    if (words.empty()) return Complain("which command? See cram --help");
    auto is_named = [&](const CLI::App* command) {
      return command->check_name(words[0]);
    };
    if (words[0][0] != '-' && app_.get_subcommands(is_named).empty()) {
      return Complain("no command '" + words[0] + "'; see cram --help");
    }
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    try {
      app_.parse(words);
    } catch (const CLI::Success& help) {
      return app_.exit(help);
    } catch (const CLI::ParseError& error) {
      // Some of CLI11's messages go over several lines.
      return Complain(absl::StrReplaceAll(error.what(), {{"\n", " "}}));
    }
    absl::Status status = calls_.at(app_.get_subcommands().front())();
    status.Update(FlushPrinted());
    return status.ok() ? 0 : Complain(status.message());
  }

 private:
  template <typename Request, typename Call>
  void Add(const char* name, const char* help,
           void (*define)(CLI::App*, Request*), Call call, Request* request) {
    CLI::App* command = app_.add_subcommand(name, help);
    define(command, request);
    calls_[command] = [call, request] { return call(*request); };
  }

  CLI::App app_{"Packs thousands of small runs into one job."};
  PackRequest pack_;
  InfoRequest info_;
  RunRequest run_;
  OutputRequest output_;
  RemainderRequest remainder_;
  StatusRequest status_;
  CancelRequest cancel_;
  AddRequest add_;
  std::map<const CLI::App*, std::function<absl::Status()>> calls_;
};

}  // namespace
}  // namespace cram

int main(int argc, char** argv) {
  return cram::CommandLine().Run(
      std::vector<std::string>(argv + 1, argv + argc));
}
