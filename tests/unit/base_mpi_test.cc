#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pack/base/linked_libraries.h"
#include "pack/base/linked_mpi.h"
#include "pack/base/mpi.h"
#include "pack/base/mpi_settings.h"

namespace cram {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Mpi, IsKnownByTheLibrarysName) {
  EXPECT_EQ(MpiOfLibraries({"libm.so.6", "libmpi.so.40"}), Mpi::kPmix);
  EXPECT_EQ(MpiOfLibraries({"libmpi_mpifh.so.40"}), Mpi::kPmix);
  EXPECT_EQ(MpiOfLibraries({"libmpich.so.12"}), Mpi::kPmi1);
  EXPECT_EQ(MpiOfLibraries({"libmpi.so.12"}), Mpi::kPmi1);
  EXPECT_EQ(MpiOfLibraries({"libmpi_cray.so.12"}), Mpi::kPmi1);
  EXPECT_EQ(MpiOfLibraries({"libc.so.6", "libmpirical.so"}), Mpi::kUnsaid);
}

TEST(Mpi, WhatIsSaidNeedsNoLook) {
  EXPECT_EQ(ResolveMpi(Mpi::kPmix, 1, {"/none"}), Mpi::kPmix);
  EXPECT_EQ(ResolveMpi(Mpi::kUnsaid, 1, {"/none"}), Mpi::kNone);
}

TEST(Mpi, WhereNothingTellsBothAreThere) {
  EXPECT_EQ(ResolveMpi(Mpi::kAuto, 1, {"/none", "/bin/sh"}), Mpi::kBoth);
  EXPECT_EQ(ResolveMpi(Mpi::kUnsaid, 2, {"/none"}), Mpi::kBoth);
}

TEST(Mpi, SettingsForOneNodeAreThoseOfItsKind) {
  std::string names;
  for (const MpiSetting& setting : SettingsForOneNode(Mpi::kPmi1)) {
    absl::StrAppend(&names, setting.variable, " ");
  }
  EXPECT_THAT(names, HasSubstr("UCX_TLS"));
  EXPECT_THAT(names, Not(HasSubstr("OMPI")));
  EXPECT_TRUE(SettingsForOneNode(Mpi::kNone).empty());
}

TEST(Mpi, WordsComeBack) {
  for (const char* text : {"", "auto", "node", "pmi1", "pmix", "none"}) {
    EXPECT_EQ(MpiText(*ParseMpi(text)), text);
  }
  EXPECT_EQ(ParseMpi("pmi2").status().message(),
            "'pmi2' is none of auto, node, pmix, pmi1 and none");
}

TEST(LinkedLibraries, AreThoseOfADynamicProgram) {
  std::vector<std::string> named = NamedLibraries("/proc/self/exe");
  EXPECT_NE(std::find(named.begin(), named.end(), "libc.so.6"), named.end());
  std::vector<std::string> loaded = LoadedLibraries("/bin/sh");
  EXPECT_NE(std::find(loaded.begin(), loaded.end(), "libc.so.6"), loaded.end());
}

TEST(LinkedLibraries, OfAScriptThereAreNone) {
  EXPECT_TRUE(NamedLibraries("/etc/passwd").empty());
  EXPECT_EQ(MpiOfLibraries(LoadedLibraries("/etc/passwd")), Mpi::kUnsaid);
  EXPECT_TRUE(NamedLibraries("/none").empty());
}

}  // namespace
}  // namespace cram
