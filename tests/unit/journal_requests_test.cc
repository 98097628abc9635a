#include <gtest/gtest.h>
#include <sys/stat.h>

#include "pack/base/io.h"
#include "pack/journal/requests.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

class RequestsTest : public testing::Test {
 protected:
  RequestsTest() { EXPECT_TRUE(CreateRequests(path_).ok()); }

  static Request Cancel(const std::string& indexes) {
    Request request;
    request.mutable_cancel()->set_indexes(indexes);
    return request;
  }
  // The indexes of what was asked since the last call.
  static std::vector<std::string> New(RequestReader* reader) {
    absl::StatusOr<std::vector<Request>> requests = reader->ReadNew();
    EXPECT_TRUE(requests.ok()) << requests.status();
    std::vector<std::string> indexes;
    if (!requests.ok()) return indexes;
    for (const Request& request : *requests) {
      indexes.push_back(request.cancel().indexes());
    }
    return indexes;
  }

  using Texts = std::vector<std::string>;
  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/requests";
  RequestReader reader_{path_};
};

TEST_F(RequestsTest, AreReadAsTheyCome) {
  EXPECT_EQ(New(&reader_), Texts());
  absl::StatusOr<uint64_t> first = AppendRequest(path_, Cancel("1"));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(New(&reader_), Texts({"1"}));
  EXPECT_EQ(reader_.position(), *first);
  ASSERT_TRUE(AppendRequest(path_, Cancel("2-3")).ok());
  ASSERT_TRUE(AppendRequest(path_, Cancel("4")).ok());
  EXPECT_EQ(New(&reader_), Texts({"2-3", "4"}));
  EXPECT_EQ(New(&reader_), Texts());
}

TEST_F(RequestsTest, ThatAreTornAreCutOffByTheNext) {
  std::string torn("\x20\0\0\0half", 8);
  ASSERT_TRUE(ReplaceFile(path_, *ReadFile(path_) + torn, 0600).ok());
  EXPECT_EQ(New(&reader_), Texts());
  ASSERT_TRUE(AppendRequest(path_, Cancel("7")).ok());
  EXPECT_EQ(New(&reader_), Texts({"7"}));
}

TEST_F(RequestsTest, ThatAreDamagedAreAnError) {
  std::string header = *ReadFile(path_);
  std::string damaged("\x03\0\0\0\0\0\0\0abc", 11);
  ASSERT_TRUE(ReplaceFile(path_, header + damaged, 0600).ok());
  EXPECT_FALSE(reader_.ReadNew().ok());
  EXPECT_FALSE(AppendRequest(path_, Cancel("1")).ok());
  ASSERT_TRUE(ReplaceFile(path_, "another file, long enough", 0600).ok());
  EXPECT_FALSE(RequestReader(path_).ReadNew().ok());
}

TEST_F(RequestsTest, AreTheOwnersAlone) {
  struct stat file;
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  EXPECT_FALSE(CreateRequests(path_).ok());
}

}  // namespace
}  // namespace cram
