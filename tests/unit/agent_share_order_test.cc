#include <gtest/gtest.h>
#include <stdint.h>

#include <vector>

#include "spank/agent/share/order.h"

namespace cram {
namespace {

TEST(Order, IsTheManifestsUnlessLengthsDiffer) {
  for (const std::vector<uint32_t>& lengths :
       {std::vector<uint32_t>(), std::vector<uint32_t>{5, 5, 5},
        std::vector<uint32_t>{9, 5, 5}}) {
    Order order = Order::LongestFirst(lengths);
    EXPECT_EQ(order.IndexAt(2), 2U);
    EXPECT_EQ(order.PlaceOf(1), 1U);
    EXPECT_EQ(order.PlacesOf(IndexSet({1, 3})).ToString(), "1-2");
  }
}

TEST(Order, LongOnesAreFirstAndEqualOnesStayAsTheyAre) {
  Order order = Order::LongestFirst({1, 7, 1, 7, 9});
  uint64_t wanted[] = {4, 1, 3, 0, 2};
  for (uint64_t place = 0; place < 5; ++place) {
    EXPECT_EQ(order.IndexAt(place), wanted[place]);
    EXPECT_EQ(order.PlaceOf(wanted[place]), place);
  }
  EXPECT_EQ(order.PlacesOf(IndexSet({0, 2})).ToString(), "1,3");
}

TEST(Order, WhatIsAddedComesBehind) {
  Order order = Order::LongestFirst({1, 2});
  EXPECT_EQ(order.IndexAt(2), 2U);
  EXPECT_EQ(order.PlaceOf(7), 7U);
  EXPECT_EQ(order.PlacesOf(IndexSet({1, 4})).ToString(), "0,2-3");
  EXPECT_EQ(order.PlacesOf(IndexSet({5, 8})).ToString(), "5-7");
}

}  // namespace
}  // namespace cram
