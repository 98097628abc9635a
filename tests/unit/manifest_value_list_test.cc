#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "pack/manifest/value_list.h"
#include "pack/manifest/wire.h"

namespace cram {
namespace {

TEST(ValueList, HasItsValuesInOrder) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) AppendBytesField(1, absl::StrCat(i), &bytes);
  absl::StatusOr<ValueListView> list = ValueListView::Parse(bytes);
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 1000U);
  for (int i = 999; i >= 0; --i) EXPECT_EQ(list->Get(i), absl::StrCat(i));
}

TEST(ValueList, PassesOverFieldsOfALaterVersion) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    AppendVarintField(7, 300, &bytes);
    AppendBytesField(1, absl::StrCat(i), &bytes);
    AppendBytesField(8, "x", &bytes);
  }
  absl::StatusOr<ValueListView> list = ValueListView::Parse(bytes);
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(list->Get(i), absl::StrCat(i));
}

TEST(ValueList, MayBeEmptyOrDamaged) {
  EXPECT_EQ(ValueListView::Parse("")->size(), 0U);
  EXPECT_FALSE(ValueListView::Parse("\x0a\x05x").ok());
}

}  // namespace
}  // namespace cram
