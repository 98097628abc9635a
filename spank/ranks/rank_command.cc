#include "spank/ranks/rank_command.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cram {

bool NeedsRanks(const SubJob& subjob) {
  if (subjob.ranks > 1) return true;
  return subjob.mpi != Mpi::kUnsaid && subjob.mpi != Mpi::kNone;
}

std::vector<std::string> RankCommand(const RankFacts& facts,
                                     const SubJob& subjob, OutputMode output) {
  std::vector<std::string> words = {facts.program,
                                    absl::StrCat("--ranks=", subjob.ranks),
                                    absl::StrCat("--mpi=", MpiText(subjob.mpi)),
                                    absl::StrCat("--name=", facts.name)};
  if (!facts.shared_memory.empty()) {
    words.push_back(absl::StrCat("--shared-memory=", facts.shared_memory));
  }
  // What the manifest names is one file for all.
  bool named = !subjob.stdout_path.empty() || !subjob.stderr_path.empty();
  if (!named && output == OutputMode::kRank0) words.push_back("--rank0-output");
  if (!named && output == OutputMode::kAll) {
    words.push_back(absl::StrCat("--output-stem=cram.", subjob.index));
  }
  if (!facts.stdout_fds.empty()) {
    words.push_back(
        absl::StrCat("--stdout-fds=", absl::StrJoin(facts.stdout_fds, ",")));
  }
  if (!facts.stderr_fds.empty()) {
    words.push_back(
        absl::StrCat("--stderr-fds=", absl::StrJoin(facts.stderr_fds, ",")));
  }
  words.push_back("--");
  words.insert(words.end(), subjob.argv.begin(), subjob.argv.end());
  return words;
}

std::string RankProgram(absl::string_view program) {
  return absl::StrCat(program.substr(0, program.rfind('/') + 1), "cram-ranks");
}

}  // namespace cram
