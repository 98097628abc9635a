// The plugin has a copy of the options, because it includes nothing of pack/.
extern "C" {
#include "spank/plugin/options.h"
}

#include <gtest/gtest.h>

#include <vector>

#include "pack/base/run_options.h"

namespace {

std::vector<spank_option> registered;

}  // namespace

extern "C" {
spank_err_t spank_option_register(spank_t, spank_option* option) {
  registered.push_back(*option);
  return spank_err_t(ESPANK_SUCCESS);
}
void slurm_error(const char*, ...) {}
}

namespace cram {
namespace {

TEST(PluginOptions, AreTheRunOptions) {
  registered.clear();
  ASSERT_EQ(options_register(nullptr), 0);
  ASSERT_EQ(registered.size(), kRunOptions.size() + 1);
  EXPECT_STREQ(registered[0].name, "cram");
  for (size_t i = 0; i < kRunOptions.size(); ++i) {
    const spank_option& option = registered[i + 1];
    EXPECT_EQ(option.name, "cram-" + std::string(kRunOptions[i].name));
    EXPECT_EQ(option.usage, std::string(kRunOptions[i].help));
    EXPECT_EQ(option.arginfo ? option.arginfo : "", kRunOptions[i].metavar);
    EXPECT_EQ(option.has_arg, !kRunOptions[i].is_flag());
  }
}

TEST(PluginOptions, TheLastValueWins) {
  registered.clear();
  ASSERT_EQ(options_register(nullptr), 0);
  EXPECT_FALSE(options_cram_given());
  EXPECT_EQ(registered[0].cb(0, "a.pb", 1), 0);
  EXPECT_EQ(registered[0].cb(0, "b.pb", 1), 0);
  EXPECT_TRUE(options_cram_given());
  EXPECT_STREQ(options_value(0), "b.pb");
  EXPECT_EQ(options_value(1), nullptr);
  EXPECT_EQ(registered[0].cb(-1, "x", 1), -1);
  EXPECT_EQ(registered[0].cb(99, "x", 1), -1);
}

}  // namespace
}  // namespace cram
