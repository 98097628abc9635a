#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "spank/agent/agent/root_server.h"
#include "spank/agent/loop/loop.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

constexpr uint32_t kManifest = 0x1234;

class Root : public testing::Test, public RootServer::Listener {
 protected:
  Root() : loop_(*Loop::Create()) {
    RootServer::Patience patience;
    patience.hello = absl::Milliseconds(300);
    patience.silence = absl::Milliseconds(600);
    patience.absence = absl::Seconds(10);
    patience.between_checks = absl::Milliseconds(20);
    std::string file = directory_.path() + "/root";
    server_ =
        *RootServer::Start(loop_.get(), 3, kManifest, file, this, patience);
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
  void SayHello(const UniqueFd& fd, uint32_t node, const std::string& secret) {
    wire::Message message;
    wire::Hello* hello = message.mutable_hello();
    hello->set_version(kProtocolVersion);
    hello->set_secret(secret);
    hello->set_node_id(node);
    hello->set_manifest_crc32(kManifest);
    std::string bytes;
    AppendMessage(message, &bytes);
    EXPECT_TRUE(WriteFull(fd.get(), bytes, "socket").ok());
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

  void MemberJoined(uint32_t node, const wire::Hello&) override {
    joined_.push_back(node);
  }
  void MemberSays(uint32_t, const wire::Message&) override {}
  void MemberLost(uint32_t node, const absl::Status&) override {
    lost_.push_back(node);
  }

  using Nodes = std::vector<uint32_t>;
  TemporaryDirectory directory_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<RootServer> server_;
  wire::RootAddress address_;
  Nodes joined_, lost_;
};

TEST_F(Root, TakesWhoKnowsTheSecretAndNobodyElse) {
  UniqueFd member = Connect(), stranger = Connect();
  SayHello(member, 1, address_.secret());
  SayHello(stranger, 2, "guess");
  RunUntil(50);
  EXPECT_EQ(joined_, Nodes({1}));
  EXPECT_FALSE(IsClosed(member));
  EXPECT_TRUE(IsClosed(stranger));
}

TEST_F(Root, DropsWhoSaysNothing) {
  UniqueFd silent = Connect();
  At(50, [&] { EXPECT_FALSE(IsClosed(silent)); });
  RunUntil(1000);
  EXPECT_TRUE(IsClosed(silent));
  EXPECT_EQ(lost_, Nodes());
}

TEST_F(Root, LosesAMemberThatFallsSilent) {
  UniqueFd member = Connect();
  SayHello(member, 2, address_.secret());
  At(200, [&] { EXPECT_EQ(lost_, Nodes()); });
  RunUntil(1500);
  EXPECT_EQ(lost_, Nodes({2}));
}

TEST_F(Root, TakesMembersAgainAfterDescriptorsRanOut) {
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
