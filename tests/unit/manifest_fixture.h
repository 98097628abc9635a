// Small manifests to read, and files to put them in.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pack/base/io.h"
#include "pack/manifest/manifest.pb.h"
#include "pack/manifest/reader.h"
#include "pack/manifest/writer.h"

namespace cram {

// A directory of its own for each test, gone with all its files after it.
class ManifestTest : public testing::Test {
 protected:
  ManifestTest() {
    directory_ = testing::TempDir() + "manifest.XXXXXX";
    EXPECT_NE(mkdtemp(&directory_[0]), nullptr);
    path_ = directory_ + "/m.pb";
  }
  ~ManifestTest() override {
    EXPECT_EQ(std::system(("rm -rf " + directory_).c_str()), 0);
  }

  static SubJobTemplate Command(const std::vector<std::string>& argv) {
    SubJobTemplate result;
    for (const std::string& word : argv) result.add_argv(word);
    return result;
  }

  static void AddList(Sweep* sweep, const std::string& name,
                      const std::vector<std::string>& values,
                      uint32_t zip_group = 0) {
    Axis* axis = sweep->add_axes();
    axis->set_name(name);
    axis->set_zip_group(zip_group);
    axis->mutable_list();
    for (const std::string& value : values) {
      axis->mutable_list()->add_values(value);
    }
  }

  static void AddRange(Sweep* sweep, const std::string& name, int64_t first,
                       int64_t step, uint64_t count, uint32_t scale = 0) {
    Axis* axis = sweep->add_axes();
    axis->set_name(name);
    axis->mutable_range()->set_first(first);
    axis->mutable_range()->set_step(step);
    axis->mutable_range()->set_count(count);
    axis->mutable_range()->set_scale(scale);
  }

  std::unique_ptr<ManifestWriter> Writer() {
    absl::StatusOr<std::unique_ptr<ManifestWriter>> writer =
        ManifestWriter::Create(path_);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }

  // A sweep of 6, a sweep of 2 without command, 3 rows with values, 2 rows
  // with commands: one of each kind, 13 sub-jobs.
  void WriteOneOfEach() {
    std::unique_ptr<ManifestWriter> writer = Writer();
    SubJobTemplate named = Command({"run", "--seed={seed:03d}", "{mode}"});
    named.set_cwd("/data/{mode}");
    named.set_cpus(2);
    named.set_memory_bytes(200 << 20);
    named.set_time_limit_ms(90000);
    EnvironmentChange* change = named.add_env();
    change->set_name("SEED");
    change->set_value("{seed}");
    Sweep sweep;
    AddRange(&sweep, "seed", 0, 1, 3);
    AddList(&sweep, "mode", {"a", "b"});
    ASSERT_TRUE(writer->AddTemplate(named).ok());
    ASSERT_TRUE(writer->AddSweep(0, sweep).ok());

    ASSERT_TRUE(writer->AddTemplate(SubJobTemplate()).ok());
    Sweep unnamed;
    AddList(&unnamed, "x", {"7", "8"});
    ASSERT_TRUE(writer->AddSweep(1, unnamed).ok());

    ASSERT_TRUE(writer->AddTemplate(Command({"cat", "{file}"})).ok());
    ASSERT_TRUE(writer->StartRows(2, {"file", "k"}, false).ok());
    ASSERT_TRUE(writer->AddRow({"one", "1"}).ok());
    ASSERT_TRUE(writer->AddRow({"two words", ""}).ok());
    ASSERT_TRUE(writer->AddRow({"\xff", "3"}).ok());

    ASSERT_TRUE(writer->StartRows(1, {}, true).ok());
    ASSERT_TRUE(writer->AddRow({}, {"echo", "{not}", ""}).ok());
    ASSERT_TRUE(writer->AddRow({}, {"true"}).ok());
    absl::StatusOr<uint64_t> bytes = writer->Finish();
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(*bytes, Content().size());
  }

  std::string Content() { return ReadFile(path_).value_or(""); }
  void SetContent(absl::string_view bytes) {
    std::ofstream(path_, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  // The error of opening and reading everything; empty when all is well.
  std::string Error() {
    absl::StatusOr<std::unique_ptr<ManifestReader>> reader =
        ManifestReader::Open(path_);
    if (!reader.ok()) return std::string(reader.status().message());
    return std::string((*reader)->Verify().message());
  }

  std::unique_ptr<ManifestReader> Open() {
    absl::StatusOr<std::unique_ptr<ManifestReader>> reader =
        ManifestReader::Open(path_);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }

  std::string directory_, path_;
};

}  // namespace cram
