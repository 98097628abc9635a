#include "sbin/cram/pack_input.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/axis.h"
#include "pack/manifest/csv.h"
#include "pack/manifest/design.h"
#include "pack/manifest/jsonl.h"
#include "pack/manifest/line_reader.h"
#include "pack/manifest/words.h"
#include "sbin/cram/pack_array.h"
#include "sbin/cram/pack_llnl_cram.h"
#include "sbin/cram/pack_where.h"

namespace cram {
namespace {

// Gives the sweep its sample, if it needs one.
absl::Status SetSample(const PackRequest& request, Sweep* sweep) {
  const Axis* sampled = nullptr;
  for (const Axis& axis : sweep->axes()) {
    if (axis.has_distribution()) sampled = &axis;
  }
  if (sampled == nullptr) return absl::OkStatus();
  if (!request.sample) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameter ", sampled->name(),
                     " has a distribution; say with --sample N how many "
                     "points to draw"));
  }
  absl::StatusOr<Sample> sample = MakeSample(request);
  if (!sample.ok()) return sample.status();
  *sweep->mutable_sample() = *sample;
  return absl::OkStatus();
}

absl::Status AddSweep(const PackRequest& request, uint32_t template_id,
                      uint64_t most, ManifestWriter* writer) {
  Sweep sweep;
  for (const std::string& text : request.params) {
    absl::StatusOr<Axis> axis = ParseAxis(text);
    if (!axis.ok()) return WithContext("--param", axis.status());
    *sweep.add_axes() = *std::move(axis);
  }
  for (const std::string& names : request.zips) {
    absl::Status status = ZipAxes(names, &sweep);
    if (!status.ok()) return WithContext("--zip", status);
  }
  absl::Status status = SetSample(request, &sweep);
  if (status.ok() && request.sample && !sweep.has_sample()) {
    return absl::InvalidArgumentError(
        "--sample draws from distributions; give one, as in "
        "--param 'x=uniform(0,1)'");
  }
  if (!status.ok()) return status;
  if (request.wheres.empty()) return writer->AddSweep(template_id, sweep);
  return AddSweepWhere(sweep, request.wheres, template_id, most, writer);
}

absl::Status AddCsv(const PackRequest& request, uint32_t template_id,
                    uint64_t most, ManifestWriter* writer) {
  absl::StatusOr<CsvReader> csv = CsvReader::Open(request.csv);
  if (!csv.ok()) return csv.status();
  absl::Status status =
      writer->StartRows(template_id, csv->columns(), /*commands=*/false);
  std::vector<std::string> fields;
  std::vector<absl::string_view> values;
  uint64_t rows = 0;
  for (; status.ok() && rows < most; ++rows) {
    absl::StatusOr<bool> more = csv->Next(&fields);
    if (!more.ok()) return more.status();
    if (!*more) break;
    values.assign(fields.begin(), fields.end());
    absl::Status added = writer->AddRow(values);
    if (!added.ok()) return csv->Error(added.message());
  }
  if (status.ok() && rows == 0 && most > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.csv, ": no rows below the header"));
  }
  return status;
}

// The words of a line; none when it is blank or a comment.
absl::StatusOr<std::vector<std::string>> LineWords(const std::string& line,
                                                   bool shell) {
  if (!shell) return SplitWords(line);
  size_t first = line.find_first_not_of(" \t");
  if (first == std::string::npos || line[first] == '#') {
    return std::vector<std::string>();
  }
  return std::vector<std::string>{line};
}

absl::Status AddLines(const PackRequest& request, uint32_t template_id,
                      uint64_t most, ManifestWriter* writer) {
  absl::StatusOr<LineReader> lines = LineReader::Open(request.lines);
  if (!lines.ok()) return lines.status();
  absl::Status status = writer->StartRows(template_id, {}, /*commands=*/true);
  if (!status.ok()) return status;
  std::string line;
  uint64_t rows = 0;
  while (rows < most) {
    absl::StatusOr<bool> more = lines->Next(&line);
    if (!more.ok()) return more.status();
    if (!*more) break;
    absl::StatusOr<std::vector<std::string>> words =
        LineWords(line, request.shell);
    if (!words.ok()) return lines->Error(words.status().message());
    if (words->empty()) continue;
    status = writer->AddRow({}, *words);
    if (!status.ok()) return lines->Error(status.message());
    ++rows;
  }
  if (rows == 0 && most > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.lines, ": has no command line"));
  }
  return absl::OkStatus();
}

absl::Status AddJsonl(const PackRequest& request, uint32_t template_id,
                      uint64_t most, ManifestWriter* writer) {
  absl::StatusOr<JsonlReader> rows = JsonlReader::Open(request.jsonl);
  if (!rows.ok()) return rows.status();
  if (rows->has_commands() && !request.command.empty()) {
    return rows->Error(
        "each object has an argv; another command after -- is one too many");
  }
  absl::Status status =
      writer->StartRows(template_id, rows->columns(), rows->has_commands());
  JsonlRow row;
  std::vector<absl::string_view> values;
  for (uint64_t i = 0; status.ok() && i < most; ++i) {
    absl::StatusOr<bool> more = rows->Next(&row);
    if (!more.ok()) return more.status();
    if (!*more) break;
    values.assign(row.values.begin(), row.values.end());
    absl::Status added =
        writer->AddRow(values, row.command, row.own.SerializeAsString());
    if (!added.ok()) return rows->Error(added.message());
  }
  return status;
}

}  // namespace

absl::StatusOr<Sample> MakeSample(const PackRequest& request) {
  Sample sample;
  sample.set_size(request.sample.value_or(0));
  sample.set_design(Sample::LATIN_HYPERCUBE);
  if (!request.design.empty()) {
    absl::StatusOr<Sample::Design> design = ParseDesign(request.design);
    if (!design.ok()) return WithContext("--design", design.status());
    sample.set_design(*design);
  }
  sample.set_seed(request.seed.value_or(0));
  return sample;
}

absl::Status AddInput(const PackRequest& request, SubJobTemplate source,
                      ManifestWriter* writer, std::string* note) {
  uint64_t most = request.dry_run.value_or(UINT64_MAX);
  if (!request.array.empty()) {
    return AddArray(request, std::move(source), writer, note);
  }
  if (!request.from_cram.empty()) {
    return AddLlnlCram(request, std::move(source), most, writer);
  }
  absl::StatusOr<uint32_t> id = writer->AddTemplate(source);
  if (!id.ok()) return id.status();
  if (!request.csv.empty()) return AddCsv(request, *id, most, writer);
  if (!request.lines.empty()) return AddLines(request, *id, most, writer);
  if (!request.jsonl.empty()) return AddJsonl(request, *id, most, writer);
  return AddSweep(request, *id, most, writer);
}

}  // namespace cram
