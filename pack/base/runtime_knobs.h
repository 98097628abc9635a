// What language runtimes are told of a sub-job's memory and CPUs. Most believe
// that they own the node: they collect garbage too late, and the kernel kills
// them in silence. Told of the cap, each in its own way, they collect in time,
// or end with their own error and its traceback.
#pragma once

#include <stdint.h>

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/size.h"

namespace cram {

// A line of the table: an environment variable of a runtime, and the number
// that goes into it.
struct RuntimeKnob {
  enum class Of { kCap, kCpus, kFixed };
  enum class Unit { kPlain, kHexadecimal, kMebibytes };

  absl::string_view runtime;
  absl::string_view variable;
  Of of;
  // Of the CPUs; or of the cap less `reserve` (but of half the cap at least),
  // which is what the runtime takes outside of its heap.
  uint32_t percent;
  uint64_t reserve;          // with kFixed: the number itself
  Unit unit = Unit::kPlain;  // memory: in bytes, unless it says otherwise
  // Put before and after the number.
  absl::string_view prefix = "", suffix = "";
  // Not empty: the variable holds options, to which ours is appended unless
  // one that begins with one of these words is there.
  absl::string_view options = "";
  // Other variables by which users say the same, separated by blanks.
  absl::string_view others = "";
};

// Percentages come from measuring how far each goes beyond what it was told
// (tests/runtimes holds them against it).
//
// PyPy: its defaults are an eighth of the node's memory (MAX_DELTA) and half
// the node's largest cache (NURSERY). While it marks step by step the heap
// grows on, by a third of what is alive; marked in one step, by a sixth.
//
// Java: -Xmx, as MaxRAMPercentage is of what the JVM sees, which is the node
// where caps are not the kernel's.
//
// Threads: what looks at its CPU mask, as Go, Java and TBB do, needs no word.
// OpenBLAS, MKL, BLIS and numexpr follow OMP_NUM_THREADS; a user who set that
// one means them too, so their own variables are left alone. OMP_THREAD_LIMIT
// breaks programs that nest parallel regions.
inline constexpr std::array<RuntimeKnob, 14> kRuntimeKnobs = {{
    {"pypy", "PYPY_GC_MAX", RuntimeKnob::Of::kCap, 80, 64 * kMiB},
    {"pypy", "PYPY_GC_MAX_DELTA", RuntimeKnob::Of::kCap, 12, 0},
    {"pypy", "PYPY_GC_INCREMENT_STEP", RuntimeKnob::Of::kCap, 100, 0},
    {"pypy", "PYPY_GC_NURSERY", RuntimeKnob::Of::kFixed, 100, 4 * kMiB},
    {"java", "JAVA_TOOL_OPTIONS", RuntimeKnob::Of::kCap, 75, 32 * kMiB,
     RuntimeKnob::Unit::kMebibytes, "-Xmx", "m",
     "-Xmx -mx -XX:MaxHeapSize -XX:MaxRAM", "JDK_JAVA_OPTIONS _JAVA_OPTIONS"},
    {"node", "NODE_OPTIONS", RuntimeKnob::Of::kCap, 75, 32 * kMiB,
     RuntimeKnob::Unit::kMebibytes, "--max-old-space-size=", "",
     "--max-old-space-size --max_old_space_size"},
    {"go", "GOMEMLIMIT", RuntimeKnob::Of::kCap, 90, 0},
    {"dotnet", "DOTNET_GCHeapHardLimit", RuntimeKnob::Of::kCap, 75, 32 * kMiB,
     RuntimeKnob::Unit::kHexadecimal, "", "", "",
     "DOTNET_GCHeapHardLimitPercent COMPlus_GCHeapHardLimit "
     "COMPlus_GCHeapHardLimitPercent"},
    {"r", "R_MAX_VSIZE", RuntimeKnob::Of::kCap, 85, 64 * kMiB},
    {"julia", "JULIA_HEAP_SIZE_HINT", RuntimeKnob::Of::kCap, 90, 0},
    {"julia", "JULIA_CPU_THREADS", RuntimeKnob::Of::kCpus, 100, 0},
    {"python", "PYTHON_CPU_COUNT", RuntimeKnob::Of::kCpus, 100, 0},
    {"openmp", "OMP_NUM_THREADS", RuntimeKnob::Of::kCpus, 100, 0},
    {"malloc", "MALLOC_ARENA_MAX", RuntimeKnob::Of::kCpus, 200, 0,
     RuntimeKnob::Unit::kPlain, "", "", "", "GLIBC_TUNABLES"},
}};

// By their place in the table.
using KnobSet = std::bitset<kRuntimeKnobs.size()>;

// "all", "none", "pypy,java", "-node,-OMP_NUM_THREADS", "all,-go": runtimes or
// variables, from left to right. What begins with a name to leave out begins
// with all. The error lists the known names.
absl::StatusOr<KnobSet> ParseKnobs(absl::string_view text);

// Whether what the user says of this variable has a say in what is told.
bool IsKnobVariable(absl::string_view variable);

// Those that set this variable.
KnobSet KnobsOf(absl::string_view variable);

// The knob's variable is to have this value.
struct ToldKnob {
  size_t knob;  // its place in the table
  std::string value;
};

// The value of a variable as the user set it; none: not set.
using UserVariable =
    absl::FunctionRef<std::optional<absl::string_view>(absl::string_view)>;

// Of `selection`, what is to be told to a sub-job with this cap and so many
// CPUs, without what the user already said. 0 is not known: then "<75% of cap
// - 32M>" stands in the number's place. Pure.
std::vector<ToldKnob> TellRuntimes(uint64_t cap_bytes, uint32_t cpus,
                                   KnobSet selection, UserVariable user);

}  // namespace cram
