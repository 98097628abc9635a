// The hub of a world of several nodes, and what is said to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "spank/ranks/gang_hub.h"
#include "spank/ranks/gang_message.h"
#include "spank/ranks/gang_place.h"

namespace cram {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(GangMessage, ComesBackInPieces) {
  GangMessage message;
  message.kind = GangMessage::Kind::kGather;
  message.from = 2;
  message.number = 7;
  message.exit.signal = 11;
  message.key = "k";
  message.data = std::string("a\0b", 3);
  message.parts = {0, 2};
  std::string bytes;
  message.AppendTo(&bytes);
  message.AppendTo(&bytes);
  GangMessageReader reader;
  int came = 0;
  for (char c : bytes) {
    reader.Feed(absl::string_view(&c, 1));
    while (auto read = reader.Next()) {
      ++came;
      EXPECT_EQ(read->data, message.data);
      EXPECT_EQ(read->exit.signal, 11);
      EXPECT_THAT(read->parts, ElementsAre(0, 2));
    }
  }
  EXPECT_EQ(came, 2);
}

TEST(GangMessage, OtherBytesBreakTheStream) {
  GangMessageReader reader;
  reader.Feed(absl::string_view("\x04\0\0\0GET ", 8));
  EXPECT_FALSE(reader.Next());
  EXPECT_TRUE(reader.broken());
}

TEST(GangPlace, ComesBackAsItWasWritten) {
  GangPlace place;
  place.parts = {{"n0", 2}, {"n1", 3}};
  place.part = 1;
  place.secret = "s";
  place.port = 4711;
  place.addresses = {"10.0.0.1", "127.0.0.1"};
  std::optional<GangPlace> read = GangPlace::Parse(place.ToText());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ToText(), place.ToText());
  EXPECT_EQ(read->ranks(), 5u);
  EXPECT_EQ(read->first_rank(), 2u);
  EXPECT_EQ(read->PartOf(1), 0u);
  EXPECT_EQ(read->PartOf(4), 1u);
  EXPECT_FALSE(GangPlace::Parse("2 s 1 a 2@n0,2@n1"));
  EXPECT_FALSE(GangPlace::Parse("0 s 1 a 0@n0"));
}

// Keeps what each part was told.
class GangHubTest : public ::testing::Test, protected GangHub::Host {
 protected:
  using Kind = GangMessage::Kind;
  GangHubTest() : told_(3), hub_(3, this) {
    for (uint32_t part = 0; part < 3; ++part) hub_.Joined(part);
  }
  void Send(uint32_t part, const GangMessage& message) override {
    told_[part].push_back(absl::StrCat(static_cast<int>(message.kind), ":",
                                       message.number, ":", message.data));
  }
  void WorldIsOver() override { over_ = true; }
  void Say(uint32_t part, Kind kind, uint32_t number = 0, int code = 0) {
    GangMessage message;
    message.kind = kind;
    message.number = number;
    message.exit.code = code;
    hub_.Receive(part, message);
  }
  void Give(uint32_t part, const std::string& data) {
    GangMessage message;
    message.kind = Kind::kGather;
    message.key = "k";
    message.parts = {0, 2};
    message.data = data;
    hub_.Receive(part, message);
  }

  std::vector<std::vector<std::string>> told_;
  bool over_ = false;
  GangHub hub_;
};

TEST_F(GangHubTest, StartsWhenAllAreThere) {
  for (const auto& told : told_) EXPECT_THAT(told, ElementsAre("5:0:"));
}

TEST_F(GangHubTest, GathersInTheOrderOfThePartsAndTellsThoseAlone) {
  for (auto& told : told_) told.clear();
  Give(2, "c");
  EXPECT_THAT(told_[0], IsEmpty());
  Give(0, "a");
  EXPECT_THAT(told_[0], ElementsAre("6:0:ac"));
  EXPECT_THAT(told_[2], ElementsAre("6:0:ac"));
  EXPECT_THAT(told_[1], IsEmpty());
}

TEST_F(GangHubTest, TheFirstFailureIsTheEndOfAll) {
  for (auto& told : told_) told.clear();
  Say(1, Kind::kFailed, 3, 7);
  Say(2, Kind::kFailed, 5, 9);
  for (const auto& told : told_) EXPECT_THAT(told, ElementsAre("7:3:"));
  for (uint32_t part = 0; part < 3; ++part) Say(part, Kind::kDone, 0, 1);
  EXPECT_TRUE(over_);
  EXPECT_EQ(hub_.rank(), 3u);
  EXPECT_EQ(hub_.status().code, 7);
}

TEST_F(GangHubTest, WithoutAFailureItIsOverWhenAllAreDone) {
  Say(0, Kind::kDone);
  Say(2, Kind::kDone, 4, 3);
  EXPECT_FALSE(over_);
  Say(1, Kind::kDone);
  EXPECT_TRUE(over_);
  EXPECT_EQ(hub_.rank(), 4u);
  EXPECT_EQ(hub_.status().code, 3);
}

TEST_F(GangHubTest, APartThatIsLostEndsTheOthers) {
  for (auto& told : told_) told.clear();
  hub_.Lost(1);
  EXPECT_THAT(told_[0], ElementsAre("7:0:"));
  EXPECT_THAT(told_[2], ElementsAre("7:0:"));
  Say(0, Kind::kDone);
  Say(2, Kind::kDone);
  EXPECT_TRUE(over_);
  EXPECT_EQ(hub_.lost(), 1u);
  EXPECT_FALSE(hub_.rank());
}

TEST_F(GangHubTest, ThatOnePartIsToldToEndIsForAllAndSaidOnce) {
  for (auto& told : told_) told.clear();
  Say(2, Kind::kSignal, SIGTERM);
  Say(1, Kind::kSignal, SIGTERM);
  hub_.Signal(SIGTERM);
  for (const auto& told : told_) {
    EXPECT_THAT(told, ElementsAre(absl::StrCat("8:", SIGTERM, ":")));
  }
}

TEST_F(GangHubTest, WhoIsToldToEndBeforeTheStartDoesNotWaitForTheAbsent) {
  GangHub hub(3, this);
  hub.Joined(0);
  hub.Joined(2);
  GangMessage done;
  done.kind = Kind::kDone;
  done.exit.signal = SIGTERM;
  hub.Receive(0, done);
  EXPECT_FALSE(over_);
  hub.Receive(2, done);
  EXPECT_TRUE(over_);
  EXPECT_EQ(hub.status().signal, SIGTERM);
  EXPECT_FALSE(hub.lost());
}

TEST_F(GangHubTest, WhoIsDoneIsNotLost) {
  Say(1, Kind::kDone);
  hub_.Lost(1);
  EXPECT_FALSE(hub_.lost());
}

TEST_F(GangHubTest, ANameThatOnePartPublishesIsFoundByAnother) {
  for (auto& told : told_) told.clear();
  auto ask = [this](uint32_t part, NameRequest::Kind kind) {
    GangMessage message;
    message.kind = Kind::kName;
    message.number = static_cast<uint32_t>(kind);
    message.text = "ocean";
    message.data = "port 7";
    hub_.Receive(part, message);
  };
  ask(1, NameRequest::Kind::kPublish);
  EXPECT_THAT(told_[1], ElementsAre("10:0:"));
  ask(2, NameRequest::Kind::kLookUp);
  EXPECT_THAT(told_[2], ElementsAre("10:0:port 7"));
}

TEST_F(GangHubTest, AQuestionToAPartThatIsGoneIsAnswered) {
  hub_.Lost(1);
  told_[2].clear();
  GangMessage message;
  message.kind = Kind::kFetch;
  message.to = 1;
  hub_.Receive(2, message);
  EXPECT_THAT(told_[2], ElementsAre("10:0:"));
}

}  // namespace
}  // namespace cram
