#include "sbin/cramacct/options.h"

#include <stdio.h>

#include <CLI/CLI.hpp>

#include "sbin/report/subjob_id.h"

namespace cram {
namespace {

// The command line as it was typed.
struct CommandLine {
  std::string states, indexes, fields = std::string(kDefaultFields), units;
  bool parsable = false, parsable2 = false, no_header = false;
  bool json = false, why = false, summary = false, suggest = false;
  bool help_format = false;
};

void Define(CLI::App* app, CommandLine* words, AcctOptions* options) {
  app->option_defaults()->always_capture_default(false);
  app->set_version_flag("-V,--version", "cramacct " CRAM_VERSION);
  app->add_option("-j,--jobs", options->run,
                  "job id (12), run id (12.0), a sub-job's (12.0_17) or run "
                  "directory; without it your newest run")
      ->type_name("JOBID|RUNDIR");
  app->add_option("-s,--state", words->states,
                  "only these states, long or short: F,OOM")
      ->type_name("STATES");
  app->add_option("-i,--indexes", words->indexes,
                  "only these sub-jobs: 3,10-20")
      ->type_name("INDEXES");
  app->add_option("-o,--format", words->fields,
                  "fields, each with %width if you like (negative: to the "
                  "left)")
      ->type_name("FIELDS");
  app->add_flag("-e,--helpformat", words->help_format, "list the fields");
  app->add_flag("-D,--duplicates", options->selection.every_attempt,
                "every attempt, not only the last");
  CLI::Option* parsable =
      app->add_flag("-p,--parsable", words->parsable, "fields end in '|'");
  app->add_flag("-P,--parsable2", words->parsable2,
                "fields are separated by '|'")
      ->excludes(parsable);
  app->add_option("--delimiter", options->delimiter, "instead of '|'")
      ->type_name("TEXT");
  app->add_flag("-n,--noheader", words->no_header, "no header");
  app->add_option("--units", words->units, "unit of memory")
      ->type_name("K|M|G|T|P")
      ->check(CLI::IsMember({"K", "M", "G", "T", "P"}));
  app->add_flag("--json", words->json,
                "as JSON; also with --summary, --suggest and --why");
  CLI::Option* why = app->add_flag(
      "--why", words->why, "a paragraph for each that did not complete");
  CLI::Option* summary =
      app->add_flag("--summary", words->summary, "the whole run in one screen")
          ->excludes(why);
  app->add_flag("--suggest", words->suggest,
                "cap and slots for a run like this one, as options")
      ->excludes(why)
      ->excludes(summary);
}

absl::Status Understand(CommandLine words, AcctOptions* options) {
  if (words.indexes.empty()) {
    words.indexes = TakeIndex(&options->run).value_or("");
  }
  if (!words.states.empty()) {
    absl::StatusOr<std::bitset<kStates>> states = ParseStates(words.states);
    if (!states.ok()) return states.status();
    options->selection.states = *states;
  }
  if (!words.indexes.empty()) {
    absl::StatusOr<IndexSet> indexes = IndexSet::Parse(words.indexes);
    if (!indexes.ok()) return indexes.status();
    options->selection.indexes = *std::move(indexes);
  }
  absl::StatusOr<std::vector<Field>> fields = ChooseFields(words.fields);
  if (!fields.ok()) return fields.status();
  options->fields = *std::move(fields);
  if (words.parsable) options->layout = Layout::kParsable;
  if (words.parsable2) options->layout = Layout::kParsable2;
  options->header = !words.no_header;
  if (!words.units.empty()) options->unit = words.units[0];
  if (words.json) options->view = View::kJson;
  if (words.why) options->view = words.json ? View::kWhyJson : View::kWhy;
  if (words.summary) {
    options->view = words.json ? View::kSummaryJson : View::kSummary;
  }
  if (words.suggest) {
    options->view = words.json ? View::kSuggestJson : View::kSuggest;
  }
  return absl::OkStatus();
}

int BadUse(const std::string& message) {
  fprintf(stderr, "cramacct: %s\n", message.c_str());
  return 2;
}

}  // namespace

std::optional<int> ParseOptions(int argc, char** argv, AcctOptions* options) {
  CLI::App app(
      "Shows what became of the sub-jobs of a run, as sacct shows "
      "jobs.",
      "cramacct");
  CommandLine words;
  Define(&app, &words, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    return BadUse(error.what());
  }
  if (words.help_format) {
    fputs(HelpFormat().c_str(), stdout);
    return 0;
  }
  absl::Status status = Understand(words, options);
  if (!status.ok()) return BadUse(std::string(status.message()));
  return std::nullopt;
}

}  // namespace cram
