#include "pack/python/turn.h"

#include <pybind11/pybind11.h>

namespace cram {

namespace py = pybind11;

void Turns::Enter() {
  if (owner_ == std::this_thread::get_id()) {
    PyErr_SetString(PyExc_RuntimeError,
                    "an argument packs into the manifest that it is packed "
                    "into");
    throw py::error_already_set();
  }
  if (!mutex_.try_lock()) {
    py::gil_scoped_release release;
    mutex_.lock();
  }
  owner_ = std::this_thread::get_id();
}

void Turns::Leave() {
  owner_ = std::thread::id();
  mutex_.unlock();
}

}  // namespace cram
