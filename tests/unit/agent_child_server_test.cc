#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "spank/agent/agent/child_server.h"
#include "spank/agent/loop/loop.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

constexpr uint32_t kManifest = 0x1234;

class Server : public testing::Test, public ChildServer::Listener {
 protected:
  Server() : loop_(*Loop::Create()) {
    std::string file = directory_.path() + "/root";
    server_ = *ChildServer::Start(loop_.get(), kManifest, file, this,
                                  Patience(absl::Seconds(1)));
    address_.ParseFromString(*ReadFile(file));
  }

  UniqueFd Connect() {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in name = {};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<uint16_t>(address_.port()));
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(
        connect(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    return fd;
  }
  void SayHello(const UniqueFd& fd, uint32_t node, const std::string& secret,
                uint32_t version = kProtocolVersion) {
    wire::Message message;
    wire::Hello* hello = message.mutable_hello();
    hello->set_version(version);
    hello->set_secret(secret);
    hello->set_node_id(node);
    hello->set_manifest_crc32(kManifest);
    std::string bytes;
    AppendMessage(message, &bytes);
    EXPECT_TRUE(WriteFull(fd.get(), bytes, "socket").ok());
  }
  // What was said to it, in a word each.
  static std::string Hear(const UniqueFd& fd) {
    MessageReader reader;
    char bytes[4096];
    ssize_t n = recv(fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) reader.Feed(absl::string_view(bytes, n));
    std::vector<std::string> words;
    for (;;) {
      std::optional<wire::Message> message = *reader.Next();
      if (!message) return absl::StrJoin(words, " ");
      if (message->has_welcome()) words.push_back("welcome");
      if (message->has_beat()) words.push_back("beat");
      if (message->has_finish()) words.push_back("finish");
      if (!message->has_refuse()) continue;
      const wire::Refuse& refuse = message->refuse();
      words.push_back(absl::StrCat(refuse.later() ? "later: " : "refused: ",
                                   refuse.reason()));
    }
  }
  // Whether the other side has closed it.
  static bool IsClosed(const UniqueFd& fd) {
    char byte;
    return recv(fd.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
  void At(int milliseconds, std::function<void()> look) {
    loop_->After(absl::Milliseconds(milliseconds), std::move(look));
  }
  void RunUntil(int milliseconds) {
    At(milliseconds, [this] { loop_->Stop(); });
    loop_->Run();
  }

  absl::Duration VouchesFor() override { return absl::Seconds(1); }
  ChildServer::Answer ChildComes(uint32_t node, const wire::Hello&) override {
    if (node == 7) return {ChildServer::Answer::kLater, "not now"};
    return {};
  }
  void ChildJoined(uint32_t node, const wire::Hello&) override {
    joined_.push_back(node);
  }
  void ChildSays(uint32_t node, const wire::Message&) override {
    said_.push_back(node);
  }
  void ChildBroke(uint32_t node, const absl::Status&) override {
    broke_.push_back(node);
  }

  using Nodes = std::vector<uint32_t>;
  TemporaryDirectory directory_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<ChildServer> server_;
  wire::AgentAddress address_;
  Nodes joined_, said_, broke_;
};

TEST_F(Server, TakesWhoKnowsTheSecretAndNobodyElse) {
  UniqueFd member = Connect(), stranger = Connect();
  SayHello(member, 1, address_.secret());
  SayHello(stranger, 2, "guess");
  RunUntil(50);
  EXPECT_EQ(joined_, Nodes({1}));
  EXPECT_FALSE(IsClosed(member));
  EXPECT_TRUE(IsClosed(stranger));
}

TEST_F(Server, DropsWhoSaysNothing) {
  UniqueFd silent = Connect();
  At(50, [&] { EXPECT_FALSE(IsClosed(silent)); });
  RunUntil(1000);
  EXPECT_TRUE(IsClosed(silent));
  EXPECT_EQ(broke_, Nodes());
}

TEST_F(Server, DropsAChildThatFallsSilent) {
  UniqueFd member = Connect();
  SayHello(member, 2, address_.secret());
  At(700, [&] { EXPECT_EQ(broke_, Nodes()); });
  RunUntil(1500);
  EXPECT_EQ(broke_, Nodes({2}));
}

TEST_F(Server, AChildThatComesAgainIsTheOneThatIsSpokenTo) {
  UniqueFd first = Connect();
  SayHello(first, 1, address_.secret());
  UniqueFd second = Connect();
  At(50, [&] { SayHello(second, 1, address_.secret()); });
  RunUntil(100);
  EXPECT_EQ(joined_, Nodes({1, 1}));
  EXPECT_EQ(broke_, Nodes());
  EXPECT_EQ(server_->connected(), 1U);
  wire::Message message;
  message.mutable_finish();
  server_->Send(1, message);
  EXPECT_TRUE(absl::EndsWith(Hear(second), " finish"));
}

TEST_F(Server, SaysWhyItTakesSomebodyNotOrNotYet) {
  UniqueFd early = Connect(), other = Connect();
  SayHello(early, 7, address_.secret());
  SayHello(other, 2, address_.secret(), kProtocolVersion + 1);
  RunUntil(50);
  EXPECT_EQ(joined_, Nodes());
  EXPECT_EQ(Hear(early), "later: not now");
  EXPECT_EQ(Hear(other), "refused: it is of another version");
}

TEST_F(Server, VouchesForItsChildren) {
  UniqueFd child = Connect();
  SayHello(child, 1, address_.secret());
  RunUntil(220);
  EXPECT_EQ(Hear(child), "welcome beat beat");
}

TEST_F(Server, TakesChildrenAgainAfterDescriptorsRanOut) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer needs descriptors itself, to look at pointers";
#endif
  UniqueFd member = Connect();
  SayHello(member, 1, address_.secret());
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = {0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  At(100, [&] {
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(joined_, Nodes());
  });
  RunUntil(250);
  EXPECT_EQ(joined_, Nodes({1}));
}

}  // namespace
}  // namespace cram
