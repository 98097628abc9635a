// Packs Python's objects into a manifest.
#pragma once

#include <pybind11/pybind11.h>
#include <stdint.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pack/manifest/writer.h"
#include "pack/python/environments.h"
#include "pack/python/turn.h"

namespace cram {

// Exceptions: TypeError and cram.Error. One of an argument leaves everything
// as it was; after one of a table's placeholders or rows, or of writing, every
// other call throws the same. Nothing is under the manifest's name before
// Finish(). Threads wait for each other.
class ManifestPacker {
 public:
  // The arguments of Pack, in their order. None is what the manifest takes as
  // the default.
  enum Argument {
    kRanks,
    kDirectory,
    kWords,
    kEnvironment,
    kCpus,
    kMemory,
    kMemoryMode,
    kTime,
    kMpi,
    kRetryCodes,
    kName,
    kStdin,
    kStdout,
    kStderr,
    kArguments,
  };
  using Arguments = std::array<PyObject*, kArguments>;
  static constexpr std::array<const char*, kArguments> kArgumentNames = {
      "nprocs", "cwd", "args",        "env",  "cpus",  "mem",    "mem_mode",
      "time",   "mpi", "retry_codes", "name", "stdin", "stdout", "stderr"};

  static std::unique_ptr<ManifestPacker> Create(const pybind11::object& path);
  static std::unique_ptr<ManifestPacker> AddTo(const pybind11::object& path);

  // One sub-job; texts are taken as they are. Costs about a microsecond when
  // little of it is new since the last.
  void Pack(const Arguments& arguments);

  // `rows` sub-jobs, whose values of these columns are placeholders in the
  // texts. pieces(first): the columns from that row on, for as many rows as it
  // likes: a list of lists of values, all of one length. kEnvironment: a
  // mapping from names to texts or None, which removes the variable.
  void PackTable(std::vector<std::string> columns, uint64_t rows,
                 const pybind11::object& pieces, const Arguments& arguments);

  void Finish();

 private:
  static constexpr std::array<Argument, 7> kResources = {
      kRanks, kCpus, kMemory, kMemoryMode, kTime, kMpi, kRetryCodes};

  // What rows are being written, as far as StartRows is concerned.
  struct Rows {
    bool has_environment;
    bool has_command;
    bool operator==(const Rows& other) const {
      return has_environment == other.has_environment &&
             has_command == other.has_command;
    }
  };

  ManifestPacker(std::string path, std::unique_ptr<ManifestWriter> writer)
      : path_(std::move(path)), writer_(std::move(writer)) {}
  // Throws what is wrong with `status`, now and from now on.
  void Check(const absl::Status& status);
  void AppendResources(const Arguments& arguments);
  void AppendText(uint32_t field, PyObject* text, absl::string_view name);
  size_t SetWords(PyObject* words);
  void StartRows(Rows rows);
  void StartTable(std::vector<std::string> columns, const Arguments& arguments);
  // The number of rows.
  uint64_t AddRows(uint64_t first, const pybind11::list& columns);

  Turns turns_;
  std::string path_;
  std::unique_ptr<ManifestWriter> writer_;
  absl::Status failed_;
  Environments environments_;
  std::optional<Rows> rows_;          // none: a table's
  std::vector<std::string> columns_;  // that table's

  std::string own_;  // of the sub-job that is being packed
  std::vector<std::string> words_;
  // Those of the last sub-job, and what they became.
  std::array<pybind11::object, kResources.size()> resources_;
  std::string resource_fields_;
};

}  // namespace cram
