#include <gmock/gmock.h>

#include "pack/manifest/widths.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class WidthsTest : public ManifestTest {};

TEST_F(WidthsTest, AreOfTemplatesAndOfWhatRowsSayOfTheirOwn) {
  SubJobTemplate narrow = Command({"run"}), wide = Command({"run"});
  wide.set_ranks(4);
  wide.set_cpus(2);
  SubJobTemplate own;
  own.set_ranks(3);
  std::unique_ptr<ManifestWriter> writer = Writer();
  ASSERT_TRUE(writer->AddTemplate(narrow).ok());
  ASSERT_TRUE(writer->AddTemplate(wide).ok());
  ASSERT_TRUE(writer->StartRows(0, {}, false).ok());
  ASSERT_TRUE(writer->AddRow({}).ok());
  ASSERT_TRUE(writer->AddRow({}, {}, own.SerializeAsString()).ok());
  ASSERT_TRUE(writer->StartRows(1, {}, false).ok());
  ASSERT_TRUE(writer->AddRow({}).ok());
  ASSERT_TRUE(writer->AddRow({}, {}, own.SerializeAsString()).ok());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_THAT(*SeveralRanks(*Open()),
              ElementsAre(Pair(3, IndexSet({1, 2})), Pair(6, IndexSet({3, 4})),
                          Pair(8, IndexSet({2, 3}))));
}

TEST_F(WidthsTest, OfOneRankIsNone) {
  WriteOneOfEach();
  EXPECT_THAT(*SeveralRanks(*Open()), IsEmpty());
}

}  // namespace
}  // namespace cram
