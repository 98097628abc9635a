#include <gmock/gmock.h>

#include "pack/manifest/jsonl.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Jsonl : public ManifestTest {
 protected:
  // The rows, or the error behind them.
  std::vector<JsonlRow> Read(absl::string_view text) {
    SetContent(text);
    error_.clear();
    std::vector<JsonlRow> rows;
    absl::StatusOr<JsonlReader> reader = JsonlReader::Open(path_);
    if (!reader.ok()) {
      error_ = std::string(reader.status().message());
      return rows;
    }
    columns_ = reader->columns();
    for (;;) {
      JsonlRow row;
      absl::StatusOr<bool> more = reader->Next(&row);
      if (!more.ok()) error_ = std::string(more.status().message());
      if (!more.value_or(false)) return rows;
      rows.push_back(std::move(row));
    }
  }

  // What is said of the second line, less the file's name.
  std::string SecondLineError(const std::string& line) {
    Read("{\"a\":1,\"b\":2}\n" + line + "\n");
    std::string place = path_ + ":2: ";
    EXPECT_THAT(error_, testing::StartsWith(place));
    return error_.substr(std::min(error_.size(), place.size()));
  }

  std::vector<std::string> columns_;
  std::string error_;
};

TEST_F(Jsonl, ColumnsAreThoseOfTheFirstObject) {
  std::vector<JsonlRow> rows = Read(
      "\xef\xbb\xbf{\"b\":\"x\",\"a\":1}\r\n\n"
      "  {\"a\" : \"\\u00e4 {\", \"b\":true}\n");
  EXPECT_EQ(error_, "");
  EXPECT_THAT(columns_, ElementsAre("b", "a"));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(rows[0].values, ElementsAre("x", "1"));
  EXPECT_THAT(rows[1].values, ElementsAre("true", "\xc3\xa4 {"));
}

TEST_F(Jsonl, NumbersKeepTheirDigits) {
  std::vector<JsonlRow> rows = Read(
      "{\"a\":0.50,\"b\":-7,\"c\":1e-3,\"d\":18446744073709551615,"
      "\"e\":123456789012345678901234567890,\"f\":false}\n");
  ASSERT_EQ(rows.size(), 1U) << error_;
  EXPECT_THAT(rows[0].values,
              ElementsAre("0.50", "-7", "1e-3", "18446744073709551615",
                          "123456789012345678901234567890", "false"));
}

TEST_F(Jsonl, PropertiesDescribeTheSubJob) {
  std::vector<JsonlRow> rows = Read(
      "{\"argv\":[\"run\",3,\"{x}\"],\"cwd\":\"/d\",\"env\":{\"A\":\"1\","
      "\"B\":null},\"stdin\":\"i\",\"stdout\":\"o\",\"stderr\":\"e\",\"name\":"
      "\"n\",\"ranks\":4,\"cpus\":2,\"mem\":\"2G\",\"time\":90,\"mpi\":"
      "\"pmix\",\"retry_codes\":\"on=75\","
      "\"x\":1}\n");
  ASSERT_EQ(rows.size(), 1U) << error_;
  EXPECT_THAT(columns_, ElementsAre("x"));
  EXPECT_THAT(rows[0].command, ElementsAre("run", "3", "{x}"));
  const SubJobTemplate& own = rows[0].own;
  EXPECT_EQ(own.cwd(), "/d");
  ASSERT_EQ(own.env_size(), 2);
  EXPECT_EQ(own.env(0).value(), "1");
  EXPECT_TRUE(own.env(1).unset());
  EXPECT_EQ(own.stdin() + own.stdout() + own.stderr() + own.name(), "ioen");
  EXPECT_EQ(own.ranks(), 4U);
  EXPECT_EQ(own.cpus(), 2U);
  EXPECT_EQ(own.memory_bytes(), uint64_t{2} << 30);
  EXPECT_EQ(own.time_limit_ms(), 90U * 60 * 1000);
  EXPECT_EQ(own.mpi(), "pmix");
  EXPECT_EQ(own.retry_codes(), "on=75");
}

TEST_F(Jsonl, EveryErrorSaysTheLine) {
  EXPECT_EQ(SecondLineError("{\"a\":1}"),
            "has no 'b', which the first object has");
  EXPECT_EQ(SecondLineError("{\"a\":1,\"b\":2,\"c\":3}"),
            "'c' is not in the first object");
  EXPECT_EQ(SecondLineError("{\"a\":1,\"a\":2}"), "'a' is there twice");
  EXPECT_EQ(SecondLineError("{\"cwd\":\"\",\"cwd\":\"\"}"),
            "'cwd' is there twice");
  EXPECT_EQ(SecondLineError("{\"a\":null}"), "'a' is null, which is no value");
  EXPECT_EQ(SecondLineError("{\"a\":[]}"),
            "'a' holds a list, which is no value");
  EXPECT_EQ(SecondLineError("{\"a\":{}}"),
            "'a' holds an object, which is no value");
  EXPECT_EQ(SecondLineError("{\"a\":1,\"b\":2,\"argv\":[\"x\"]}"),
            "has an argv, which the first object has not");
  EXPECT_EQ(SecondLineError("[1]"), "not an object: { \"key\": value, ... }");
  EXPECT_THAT(SecondLineError("{\"a\":1"), HasSubstr("not JSON at byte 7"));
  EXPECT_THAT(SecondLineError("{\"a\":1} {}"), HasSubstr("not JSON at byte 9"));
  EXPECT_THAT(SecondLineError("{\"a\":\"\xff\"}"),
              HasSubstr("ill-formed UTF-8 byte"));
  EXPECT_EQ(SecondLineError("{\"a\":\"\\u0000\"}"), "'a': a NUL character");
  EXPECT_EQ(SecondLineError("{\"cpus\":0}"),
            "'cpus': '0' is not a whole number of at least 1");
  EXPECT_EQ(SecondLineError("{\"env\":{\"A=B\":1}}"),
            "'env': 'A=B' is no variable's name");
  EXPECT_THAT(SecondLineError("{\"env\":{\"A\\u0000B\":1}}"),
              HasSubstr("is no variable's name"));
  EXPECT_EQ(SecondLineError("{\"retry_codes\":\"often\"}"),
            "'retry_codes': 'often' is neither on=CODES nor except=CODES");
  EXPECT_EQ(SecondLineError("{\"mpi\":\"x\"}"),
            "'mpi': 'x' is none of auto, node, pmix, pmi1 and none");
}

TEST_F(Jsonl, NestingIsRefusedAtItsFirstBracket) {
  EXPECT_EQ(SecondLineError("{\"a\":" + std::string(1'000'000, '[')),
            "'a' holds a list, which is no value");
  EXPECT_EQ(SecondLineError(std::string(1'000'000, '[')),
            "not an object: { \"key\": value, ... }");
}

TEST_F(Jsonl, AFileWithoutObjectsIsRefused) {
  Read("\n \n");
  EXPECT_EQ(error_, path_ + ": has no object");
}

TEST_F(Jsonl, AKeyThatNoPlaceholderCanHaveIsRefused) {
  Read("{\"a-b\":1}\n");
  EXPECT_THAT(error_, HasSubstr(":1: 'a-b' is not a parameter's name"));
}

}  // namespace
}  // namespace cram
