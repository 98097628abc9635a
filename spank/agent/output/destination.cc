#include "spank/agent/output/destination.h"

#include "absl/strings/str_cat.h"
#include "pack/manifest/template.h"

namespace cram {
namespace {

Destination File(const SubJob& subjob, const std::string& name) {
  return {Destination::Kind::kFile, FilePath(subjob, name)};
}

absl::StatusOr<Destinations> ByMode(const SubJob& subjob,
                                    const RunOptions& options) {
  switch (options.output) {
    case OutputMode::kPacked:
      return Destinations{};
    case OutputMode::kNone:
      return Destinations{{Destination::Kind::kNull, ""},
                          {Destination::Kind::kNull, ""}};
    case OutputMode::kSystem:
      return Destinations{{Destination::Kind::kInherited, ""},
                          {Destination::Kind::kInherited, ""}};
    case OutputMode::kRank0:
    case OutputMode::kAll: {
      // One rank: the same but for the rank's number in the name.
      absl::string_view rank = options.output == OutputMode::kAll ? ".0" : "";
      std::string stem = absl::StrCat("cram.", subjob.index, rank);
      return Destinations{File(subjob, stem + ".out"),
                          File(subjob, stem + ".err")};
    }
    case OutputMode::kTemplate: {
      absl::StatusOr<std::string> name =
          ExpandFor(options.output_template, subjob);
      if (!name.ok()) return name.status();
      return Destinations{File(subjob, *name), File(subjob, *name)};
    }
  }
  return absl::InternalError("no such output mode");
}

}  // namespace

std::string FilePath(const SubJob& subjob, const std::string& name) {
  bool below = name[0] != '/' && !subjob.cwd.empty();
  return below ? absl::StrCat(subjob.cwd, "/", name) : name;
}

absl::StatusOr<Destinations> FindDestinations(const SubJob& subjob,
                                              const RunOptions& options) {
  absl::StatusOr<Destinations> found = ByMode(subjob, options);
  if (!found.ok()) return found;
  if (!subjob.stdout_path.empty()) {
    found->out = File(subjob, subjob.stdout_path);
  }
  if (!subjob.stderr_path.empty()) {
    found->err = File(subjob, subjob.stderr_path);
  }
  return found;
}

}  // namespace cram
