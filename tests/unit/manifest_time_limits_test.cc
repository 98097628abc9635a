#include <gmock/gmock.h>

#include <memory>

#include "pack/manifest/time_limits.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TimeLimitsTest : public ManifestTest {};

TEST_F(TimeLimitsTest, AreOfTemplatesAndOfWhatRowsSayOfTheirOwn) {
  SubJobTemplate limited = Command({"run"}), unlimited = Command({"run"});
  limited.set_time_limit_ms(2000);
  SubJobTemplate own;
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(limited).ok());
  ASSERT_TRUE(writer->AddTemplate(unlimited).ok());
  ASSERT_TRUE(writer->StartRows(0, {}, false).ok());
  ASSERT_TRUE(writer->AddRow({}).ok());
  ASSERT_TRUE(writer->AddRow({}).ok());
  own.set_time_limit_ms(3000);
  ASSERT_TRUE(writer->AddRow({}, {}, own.SerializeAsString()).ok());
  ASSERT_TRUE(writer->StartRows(1, {}, false).ok());
  ASSERT_TRUE(writer->AddRow({}).ok());
  ASSERT_TRUE(writer->AddRow({}, {}, own.SerializeAsString()).ok());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_THAT(*TimeLimits(*Open()),
              ElementsAre(2000, 2000, 3000, UINT32_MAX, 3000));
}

TEST_F(TimeLimitsTest, WhenAllHaveTheSameThereIsNothingToSay) {
  SubJobTemplate first = Command({"run"}), second = Command({"walk"});
  first.set_time_limit_ms(2000);
  second.set_time_limit_ms(2000);
  std::unique_ptr<ManifestWriter> writer = Writer();
  for (uint32_t id = 0; id < 2; ++id) {
    ASSERT_TRUE(writer->AddTemplate(id == 0 ? first : second).ok());
    ASSERT_TRUE(writer->StartRows(id, {}, false).ok());
    ASSERT_TRUE(writer->AddRow({}).ok());
  }
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_THAT(*TimeLimits(*Open()), IsEmpty());
}

}  // namespace
}  // namespace cram
