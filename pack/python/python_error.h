// C++ errors as Python exceptions.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace cram {

// Makes cram.Error, a ValueError, and gives it to the module.
void DefineError(pybind11::module_& module);

// Throws cram.Error with this message, or TypeError.
[[noreturn]] void ThrowError(absl::string_view message);
[[noreturn]] void ThrowTypeError(absl::string_view message);

// Throws the pending exception: if it is what Python says of a value of a wrong
// type, as a TypeError with this message.
[[noreturn]] void ThrowPending(absl::string_view type_message);

// Throws cram.Error unless it is OK.
void ThrowUnless(const absl::Status& status);

// What an exception of any kind says, to say it again.
std::string MessageOf(const pybind11::error_already_set& error);

template <typename T>
T ValueOrThrow(absl::StatusOr<T> value) {
  ThrowUnless(value.status());
  return *std::move(value);
}

}  // namespace cram
