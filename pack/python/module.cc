// The module cram._cram, on which the package's Python stands.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pack/base/mem_mode.h"
#include "pack/manifest/content_hash.h"
#include "pack/manifest/reader.h"
#include "pack/python/manifest_packer.h"
#include "pack/python/python_error.h"
#include "pack/python/text.h"

namespace cram {
namespace {

namespace py = pybind11;

ManifestPacker::Arguments AsArguments(PyObject* const* arguments,
                                      Py_ssize_t count) {
  ManifestPacker::Arguments result;
  if (count != ManifestPacker::kArguments) {
    ThrowTypeError(absl::StrCat(result.size(), " arguments, not ", count));
  }
  std::copy_n(arguments, result.size(), result.begin());
  return result;
}

// Which argument a keyword is. Those that Python has compiled are interned, and
// so the same object.
size_t PlaceOfKeyword(PyObject* keyword) {
  static const auto* const kNames = [] {
    auto* names = new std::array<PyObject*, ManifestPacker::kArguments>;
    std::transform(ManifestPacker::kArgumentNames.begin(),
                   ManifestPacker::kArgumentNames.end(), names->begin(),
                   PyUnicode_InternFromString);
    return names;
  }();
  auto name = std::find(kNames->begin(), kNames->end(), keyword);
  if (name == kNames->end()) {
    name = std::find_if(kNames->begin(), kNames->end(), [&](PyObject* known) {
      return PyUnicode_Compare(known, keyword) == 0;
    });
  }
  return static_cast<size_t>(name - kNames->begin());
}

// As Python binds the arguments of Manifest.pack in the package.
ManifestPacker::Arguments BindArguments(PyObject* const* arguments,
                                        Py_ssize_t count, PyObject* keywords) {
  constexpr Py_ssize_t kPositional = ManifestPacker::kEnvironment + 1;
  constexpr Py_ssize_t kRequired = ManifestPacker::kWords + 1;
  if (count > kPositional) {
    ThrowTypeError(absl::StrCat("pack() takes ", kPositional,
                                " positional arguments but ", count,
                                " were given"));
  }
  ManifestPacker::Arguments result = {};
  std::copy_n(arguments, count, result.begin());
  Py_ssize_t named = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
  for (Py_ssize_t i = 0; i < named; ++i) {
    PyObject* keyword = PyTuple_GET_ITEM(keywords, i);
    size_t place = PlaceOfKeyword(keyword);
    if (place == result.size() || result[place] != nullptr) {
      ThrowTypeError(absl::StrCat("pack() got ",
                                  place == result.size()
                                      ? "an unexpected keyword argument '"
                                      : "multiple values for argument '",
                                  std::string(py::str(keyword)), "'"));
    }
    result[place] = arguments[count + i];
  }
  for (size_t i = 0; i < result.size(); ++i) {
    if (result[i] != nullptr) continue;
    if (i < kRequired) {
      ThrowTypeError(absl::StrCat("pack() missing required argument: '",
                                  ManifestPacker::kArgumentNames.at(i), "'"));
    }
    result[i] = Py_None;
  }
  return result;
}

// Called by Python itself, with a capsule of the packer: pybind11's way to a
// method, and to the packer of an object, takes as long as all that this does.
PyObject* Pack(PyObject* capsule, PyObject* const* arguments, Py_ssize_t count,
               PyObject* keywords) {
  try {
    static_cast<ManifestPacker*>(PyCapsule_GetPointer(capsule, nullptr))
        ->Pack(BindArguments(arguments, count, keywords));
    Py_RETURN_NONE;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

PyMethodDef pack_method = {
    "pack", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(Pack)),
    METH_FASTCALL | METH_KEYWORDS, "Manifest.pack in the package."};

// The function above for this packer, which lives as long as that.
py::object BoundPack(const py::object& self) {
  auto& packer = self.cast<ManifestPacker&>();
  py::object capsule = py::reinterpret_steal<py::object>(
      PyCapsule_New(&packer, nullptr, [](PyObject* ended) {
        Py_XDECREF(static_cast<PyObject*>(PyCapsule_GetContext(ended)));
      }));
  if (!capsule) throw py::error_already_set();
  py::object owned = self;
  PyCapsule_SetContext(capsule.ptr(), owned.release().ptr());
  return py::reinterpret_steal<py::object>(
      PyCFunction_New(&pack_method, capsule.ptr()));
}

void PackTable(ManifestPacker& packer, const py::list& columns, uint64_t rows,
               const py::object& pieces, const py::args& arguments) {
  std::vector<std::string> names;
  for (py::handle column : columns) {
    names.emplace_back(TextBytes(column.ptr(), {"a column's name"}).view());
  }
  packer.PackTable(std::move(names), rows, pieces,
                   AsArguments(PySequence_Fast_ITEMS(arguments.ptr()),
                               PyTuple_GET_SIZE(arguments.ptr())));
}

void DefinePacker(py::module_& module) {
  py::class_<ManifestPacker> packer(module, "Packer");
  packer.def_static("create", &ManifestPacker::Create);
  packer.def_static("add_to", &ManifestPacker::AddTo);
  packer.def("pack_table", PackTable);
  packer.def("finish", &ManifestPacker::Finish);
  packer.def_property_readonly("pack", BoundPack);
}

py::list Argv(const SubJob& subjob) {
  py::list words;
  for (const std::string& word :
       subjob.script.empty() ? subjob.argv : subjob.script) {
    words.append(ToPython(word));
  }
  return words;
}

py::dict Environment(const SubJob& subjob) {
  py::dict result;
  for (const SubJob::EnvChange& change : subjob.env) {
    result[ToPython(change.name)] =
        change.value ? ToPython(*change.value) : py::none();
  }
  return result;
}

py::dict Parameters(const SubJob& subjob) {
  py::dict result;
  for (const auto& [name, value] : subjob.params) {
    result[ToPython(name)] = ToPython(value);
  }
  return result;
}

// None for what the manifest does not say.
template <typename Number>
py::object NumberOrNone(Number number) {
  if (number == 0) return py::none();
  return py::int_(number);
}

py::object TimeLimit(const SubJob& subjob) {
  if (subjob.time_limit == absl::InfiniteDuration()) return py::none();
  return py::float_(absl::ToDoubleSeconds(subjob.time_limit));
}

std::string MemoryMode(const SubJob& subjob) {
  return subjob.mem_mode == MemMode::kRlimit ? "rlimit" : "cgroup";
}

std::string Representation(const SubJob& subjob) {
  return absl::StrCat("SubJob(index=", subjob.index,
                      ", argv=", std::string(py::repr(Argv(subjob))), ")");
}

template <std::string SubJob::*text>
py::object Text(const SubJob& subjob) {
  return ToPython(subjob.*text);
}

void DefineSubJob(py::module_& module) {
  py::class_<SubJob> subjob(module, "SubJob",
                            "One sub-job as it will run: every placeholder is "
                            "filled in. Its attributes are the members of cram "
                            "info --json; None is what the manifest leaves to "
                            "the run.");
  auto property = [&subjob](const char* name, auto get, const char* help) {
    subjob.def_property_readonly(name, get, help);
  };
  property(
      "index", [](const SubJob& s) { return s.index; },
      "its place in the manifest, from 0");
  property(
      "hash", [](const SubJob& s) { return FormatHash(ContentHash(s)); },
      "what it does, in 16 hexadecimal digits: equal for equal runs, however "
      "they were packed");
  property("name", Text<&SubJob::name>, "what it is called; may be empty");
  property("argv", Argv,
           "program and arguments; empty: the command given to the run");
  property("script", Text<&SubJob::script_text>,
           "text of a script in the manifest, which is the program; or empty");
  property("cwd", Text<&SubJob::cwd>,
           "directory to run in; empty: that of the run");
  property("env", Environment,
           "changes to the run's environment: values, or None for variables "
           "that are removed");
  property("params", Parameters, "the parameters' texts by name");
  property(
      "ranks", [](const SubJob& s) { return s.ranks; }, "processes");
  property(
      "mpi", [](const SubJob& s) { return MpiText(s.mpi); },
      "what gives its ranks their world; empty: not said");
  property(
      "cpus", [](const SubJob& s) { return NumberOrNone(s.cpus); },
      "CPUs of a rank, or None");
  property(
      "memory_bytes",
      [](const SubJob& s) { return NumberOrNone(s.memory_bytes); },
      "its cap in bytes, or None");
  property("time_limit_seconds", TimeLimit, "a float, or None");
  property("mem_mode", MemoryMode,
           "\"cgroup\", or \"rlimit\": a limit of address space as well");
  property("retry_codes", Text<&SubJob::retry_codes>,
           "which ends are worth another attempt; empty: not said");
  property("stdin", Text<&SubJob::stdin_path>, "file; empty: /dev/null");
  property("stdout", Text<&SubJob::stdout_path>,
           "file; empty: as the run's output mode says");
  property("stderr", Text<&SubJob::stderr_path>, "file; empty: likewise");
  subjob.def("__repr__", Representation);
}

std::unique_ptr<ManifestReader> OpenReader(const py::object& path) {
  return ValueOrThrow(ManifestReader::Open(
      std::string(TextBytes(path.ptr(), {"path"}).view())));
}

void DefineReader(py::module_& module) {
  py::class_<ManifestReader> reader(module, "Reader");
  reader.def_static("open", OpenReader);
  reader.def("size", &ManifestReader::size);
  reader.def("get", [](ManifestReader& self, uint64_t index) {
    return ValueOrThrow(self.Get(index));
  });
}

}  // namespace

PYBIND11_MODULE(_cram, module) {
  DefineError(module);
  DefineSubJob(module);
  DefineReader(module);
  DefinePacker(module);
}

}  // namespace cram
