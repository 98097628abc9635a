#include "pack/python/manifest_packer.h"

#include "absl/strings/str_cat.h"
#include "pack/base/io.h"
#include "pack/manifest/llnl_cram_file.h"
#include "pack/manifest/wire.h"
#include "pack/python/column.h"
#include "pack/python/python_error.h"
#include "pack/python/resources.h"
#include "pack/python/text.h"

namespace cram {
namespace {

namespace py = pybind11;

// The words of a command; a single text would be one word a character.
py::object AsWords(PyObject* words) {
  if (PyList_CheckExact(words) || PyTuple_CheckExact(words)) {
    return py::reinterpret_borrow<py::object>(words);
  }
  std::string refusal =
      absl::StrCat("args: a list of words, not ", Py_TYPE(words)->tp_name);
  if (PyUnicode_Check(words) || PyBytes_Check(words)) ThrowTypeError(refusal);
  py::object list = py::reinterpret_steal<py::object>(PySequence_List(words));
  if (!list) ThrowPending(refusal);
  return list;
}

void AddVariables(PyObject* environment, SubJobTemplate* source) {
  if (environment == Py_None) return;
  for (const auto& [name, value] : CopyOfMapping(environment)) {
    TextBytes name_bytes(name.ptr(), {"a name in env"});
    absl::string_view view = name_bytes.view();
    CheckVariableName(view);
    EnvironmentChange* change = source->add_env();
    change->set_name(std::string(view));
    change->set_unset(value.is_none());
    if (value.is_none()) continue;
    TextBytes value_bytes(value.ptr(), {"env", -1, view});
    change->set_value(std::string(value_bytes.view()));
  }
}

ResourceObjects ResourcesOf(const ManifestPacker::Arguments& arguments) {
  return {arguments[ManifestPacker::kRanks],
          arguments[ManifestPacker::kCpus],
          arguments[ManifestPacker::kMemory],
          arguments[ManifestPacker::kMemoryMode],
          arguments[ManifestPacker::kTime],
          arguments[ManifestPacker::kMpi],
          arguments[ManifestPacker::kRetryCodes]};
}

std::string TextOr(PyObject* text, const char* name) {
  return text == Py_None ? "" : std::string(TextBytes(text, {name}).view());
}

}  // namespace

std::unique_ptr<ManifestPacker> ManifestPacker::Create(const py::object& path) {
  std::string name(TextBytes(path.ptr(), {"path"}).view());
  return std::unique_ptr<ManifestPacker>(
      new ManifestPacker(name, ValueOrThrow(ManifestWriter::Create(name))));
}

std::unique_ptr<ManifestPacker> ManifestPacker::AddTo(const py::object& path) {
  std::string name(TextBytes(path.ptr(), {"path"}).view());
  return std::unique_ptr<ManifestPacker>(
      new ManifestPacker(name, ValueOrThrow(ManifestWriter::AddTo(name))));
}

void ManifestPacker::Check(const absl::Status& status) {
  failed_.Update(status);
  ThrowUnless(failed_);
}

void ManifestPacker::AppendResources(const Arguments& arguments) {
  bool same = true;
  for (size_t i = 0; i < kResources.size(); ++i) {
    same = same && resources_[i].ptr() == arguments[kResources[i]];
  }
  if (!same) {
    SubJobTemplate own;
    SetResources(ResourcesOf(arguments), &own);
    resource_fields_ = own.SerializeAsString();
    for (size_t i = 0; i < kResources.size(); ++i) {
      resources_[i] =
          py::reinterpret_borrow<py::object>(arguments[kResources[i]]);
    }
  }
  own_ += resource_fields_;
}

void ManifestPacker::AppendText(uint32_t field, PyObject* text,
                                absl::string_view name) {
  if (text == Py_None) return;
  TextBytes bytes(text, {name});
  if (!bytes.view().empty()) AppendBytesField(field, bytes.view(), &own_);
}

// Keeps longer words of earlier commands, whose memory the next may use.
size_t ManifestPacker::SetWords(PyObject* words) {
  py::object list = AsWords(words);
  auto count = static_cast<size_t>(PySequence_Fast_GET_SIZE(list.ptr()));
  if (words_.size() < count) words_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    auto place = static_cast<Py_ssize_t>(i);
    TextBytes word(PySequence_Fast_GET_ITEM(list.ptr(), place),
                   {"args", place});
    words_[i].assign(word.view().data(), word.view().size());
  }
  if (count == 0 || words_[0] != kLlnlCramNoProgram) return count;
  if (count > 1) {
    ThrowError(absl::StrCat("args: '", kLlnlCramNoProgram, "' stands for the ",
                            "command of the run, with all its words; name the ",
                            "program to give it others"));
  }
  return 0;
}

void ManifestPacker::StartRows(Rows rows) {
  if (rows_ && *rows_ == rows) return;
  SubJobTemplate source;
  if (rows.has_environment) environments_.AddFirst(&source);
  absl::StatusOr<uint32_t> id = writer_->AddTemplate(source);
  Check(id.status());
  Check(writer_->StartRows(*id, {}, rows.has_command));
  rows_ = rows;
}

void ManifestPacker::Pack(const Arguments& arguments) {
  Turn turn(&turns_);
  ThrowUnless(failed_);
  own_.clear();
  AppendResources(arguments);
  AppendText(SubJobTemplate::kCwdFieldNumber, arguments[kDirectory], "cwd");
  AppendText(SubJobTemplate::kNameFieldNumber, arguments[kName], "name");
  AppendText(SubJobTemplate::kStdinFieldNumber, arguments[kStdin], "stdin");
  AppendText(SubJobTemplate::kStdoutFieldNumber, arguments[kStdout], "stdout");
  AppendText(SubJobTemplate::kStderrFieldNumber, arguments[kStderr], "stderr");
  size_t words = SetWords(arguments[kWords]);
  PyObject* environment = arguments[kEnvironment];
  if (environment != Py_None) {
    if (!environments_.has_first()) environments_.SetFirst(environment);
    environments_.AppendChanges(environment, &own_);
  }
  StartRows({environment != Py_None, words > 0});
  Check(writer_->AddRow({}, absl::MakeSpan(words_.data(), words), own_));
}

void ManifestPacker::StartTable(std::vector<std::string> columns,
                                const Arguments& arguments) {
  SubJobTemplate source;
  SetResources(ResourcesOf(arguments), &source);
  source.set_cwd(TextOr(arguments[kDirectory], "cwd"));
  source.set_name(TextOr(arguments[kName], "name"));
  source.set_stdin(TextOr(arguments[kStdin], "stdin"));
  source.set_stdout(TextOr(arguments[kStdout], "stdout"));
  source.set_stderr(TextOr(arguments[kStderr], "stderr"));
  AddVariables(arguments[kEnvironment], &source);
  size_t words = SetWords(arguments[kWords]);
  for (size_t i = 0; i < words; ++i) source.add_argv(words_[i]);
  absl::StatusOr<uint32_t> id = writer_->AddTemplate(source);
  Check(id.status());
  columns_ = columns;
  rows_.reset();
  Check(writer_->StartRows(*id, std::move(columns), /*commands=*/false));
}

uint64_t ManifestPacker::AddRows(uint64_t first, const py::list& columns) {
  std::vector<ColumnTexts> texts;
  for (size_t i = 0; i < columns.size(); ++i) {
    texts.emplace_back(columns_.at(i), py::list(columns[i]), first);
    if (texts[i].size() != texts[0].size()) {
      ThrowError(absl::StrCat("column '", columns_[i], "' changes its length"));
    }
  }
  std::vector<absl::string_view> values(columns_.size());
  size_t rows = texts.size() == columns_.size() ? texts[0].size() : 0;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < texts.size(); ++i) values[i] = texts[i].Get(row);
    absl::Status status = writer_->AddRow(values);
    if (status.ok()) continue;
    Check(WithContext(absl::StrCat("row ", first + row), status));
  }
  return rows;
}

void ManifestPacker::PackTable(std::vector<std::string> columns, uint64_t rows,
                               const py::object& pieces,
                               const Arguments& arguments) {
  Turn turn(&turns_);
  ThrowUnless(failed_);
  StartTable(std::move(columns), arguments);
  try {
    for (uint64_t row = 0; row < rows;) {
      uint64_t added = AddRows(row, pieces(row));
      if (added == 0) ThrowError("the columns change their length");
      row += added;
    }
  } catch (const py::error_already_set& error) {
    // Some of its rows may be there.
    failed_.Update(absl::InvalidArgumentError(MessageOf(error)));
    throw;
  }
}

void ManifestPacker::Finish() {
  Turn turn(&turns_);
  ThrowUnless(failed_);
  absl::Status status = writer_->Finish().status();
  // What went wrong with a file has its name; of this the file is the name.
  if (absl::IsInvalidArgument(status)) status = WithContext(path_, status);
  Check(status);
  failed_ =
      absl::FailedPreconditionError("this manifest is not open for writing");
}

}  // namespace cram
