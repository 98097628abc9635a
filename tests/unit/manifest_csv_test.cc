#include <gmock/gmock.h>

#include "pack/manifest/csv.h"
#include "tests/unit/manifest_fixture.h"

namespace cram {
namespace {

using testing::ElementsAre;

class CsvTest : public ManifestTest {
 protected:
  using Row = std::vector<std::string>;

  // Header and rows, and at last the error, without its path, if there is one.
  std::vector<Row> Rows(absl::string_view content) {
    SetContent(content);
    absl::StatusOr<CsvReader> reader = CsvReader::Open(path_);
    if (!reader.ok()) return {Error(reader.status())};
    std::vector<Row> rows = {reader->columns()};
    Row row;
    for (;;) {
      absl::StatusOr<bool> more = reader->Next(&row);
      if (!more.ok()) rows.push_back(Error(more.status()));
      if (!more.ok() || !*more) return rows;
      rows.push_back(row);
    }
  }

  Row Error(const absl::Status& status) {
    EXPECT_EQ(status.message().substr(0, path_.size()), path_);
    return {std::string(status.message().substr(path_.size()))};
  }
};

TEST_F(CsvTest, ReadsRows) {
  EXPECT_THAT(
      Rows("a,b\n1,2\n,\r\n3, 4 "),
      ElementsAre(Row{"a", "b"}, Row{"1", "2"}, Row{"", ""}, Row{"3", " 4 "}));
}

TEST_F(CsvTest, ReadsQuotedFields) {
  EXPECT_THAT(
      Rows("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"\",z\n"),
      ElementsAre(Row{"a", "b"}, Row{"x,y", "say \"hi\""}, Row{"", "z"}));
}

TEST_F(CsvTest, ReadsNewlinesInQuotes) {
  EXPECT_THAT(Rows("a,b\n\"x\n\ny\",2\n3,4\n"),
              ElementsAre(Row{"a", "b"}, Row{"x\n\ny", "2"}, Row{"3", "4"}));
}

TEST_F(CsvTest, SkipsEmptyLinesAndTrimsNames) {
  EXPECT_THAT(Rows("\na , b\n\n1,2\n\n"),
              ElementsAre(Row{"a", "b"}, Row{"1", "2"}));
}

TEST_F(CsvTest, NamesTheLineOfARowOfWrongLength) {
  EXPECT_THAT(Rows("a,b\n1,2\n\"x\ny\",2,3\n"),
              ElementsAre(Row{"a", "b"}, Row{"1", "2"},
                          Row{":3: 3 fields, where the header has 2"}));
}

TEST_F(CsvTest, NamesTheLineWhereAQuoteBegan) {
  EXPECT_THAT(Rows("a\nx\n\"y\nz\n"),
              ElementsAre(Row{"a"}, Row{"x"},
                          Row{":3: unbalanced quote: no second \""}));
}

TEST_F(CsvTest, RefusesQuotesInTheMiddle) {
  EXPECT_THAT(Rows("a\nx\"y\"\n").back(),
              ElementsAre(":2: a quote inside a field that is not quoted"));
  EXPECT_THAT(Rows("a\n\"x\"y\n").back(),
              ElementsAre(":2: text behind a closing quote"));
}

TEST_F(CsvTest, RefusesHeadersThatNameNoParameters) {
  EXPECT_THAT(Rows(""),
              ElementsAre(Row{": empty: the first row must name the columns"}));
  EXPECT_THAT(Rows("a,b,a\n"),
              ElementsAre(Row{":1: column 'a' is there twice"}));
  EXPECT_THAT(Rows("a,\n1,2\n"), ElementsAre(Row{":1: column 2 has no name"}));
  EXPECT_EQ(Rows("a,index\n1,2\n").size(), 1u);
}

}  // namespace
}  // namespace cram
