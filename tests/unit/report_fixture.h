// A run directory with the example run in it, in UTC.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <memory>
#include <string>

#include "pack/base/io.h"
#include "sbin/report/fields.h"
#include "sbin/report/run.h"
#include "tests/programs/example_run.h"
#include "tests/unit/temporary_directory.h"

namespace cram {

class ReportTest : public testing::Test {
 protected:
  ReportTest() : directory_(temporary_.path()) {}

  static void SetUpTestSuite() { setenv("TZ", "UTC", 1); }

  // To be called once.
  const cram::Run& Load() {
    absl::StatusOr<std::unique_ptr<cram::Run>> run =
        cram::Run::Load(directory_);
    EXPECT_TRUE(run.ok()) << run.status();
    if (!run.ok()) abort();
    run_ = *std::move(run);
    manifest_ = std::make_unique<ManifestLookup>(*run_);
    return *run_;
  }
  const cram::Run& LoadExample() {
    WriteExampleRun(directory_);
    return Load();
  }
  const cram::Run& LoadEndedExample() {
    WriteExampleRun(directory_);
    EXPECT_TRUE(ReplaceFile(directory_.summary(), "{}\n").ok());
    return Load();
  }

  ReportContext Context(char unit = '\0') {
    return {*run_, *manifest_, unit, kRunBegin + 100 * kSecondNs};
  }
  Row LastRow(uint64_t index) {
    return {index, run_->Last(index), run_->SubJobState(index)};
  }

  TemporaryDirectory temporary_;
  RunDirectory directory_;
  std::unique_ptr<cram::Run> run_;
  std::unique_ptr<ManifestLookup> manifest_;
};

}  // namespace cram
