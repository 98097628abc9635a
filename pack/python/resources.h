// What a sub-job may use, and what becomes of its end, from Python's values.
#pragma once

#include <pybind11/pybind11.h>

#include "pack/manifest/manifest.pb.h"

namespace cram {

// None leaves a property as it is. ranks and cpus: ints of at least 1. memory
// and memory_mode: texts, as --mem and --mem-mode take them. time: a
// datetime.timedelta or a text, as --time takes it. mpi: a text. retry_codes: a
// text, as --retry-codes takes it.
struct ResourceObjects {
  PyObject* ranks;
  PyObject* cpus;
  PyObject* memory;
  PyObject* memory_mode;
  PyObject* time;
  PyObject* mpi;
  PyObject* retry_codes;
};

// Throws TypeError and cram.Error, which name the argument ("mem: ...").
void SetResources(const ResourceObjects& objects, SubJobTemplate* result);

}  // namespace cram
