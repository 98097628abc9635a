#include <gtest/gtest.h>

#include <string>

#include "spank/agent/output/kept.h"
#include "spank/agent/output/memory_message.h"

namespace cram {
namespace {

// What is kept of a stream that comes in pieces of this size.
std::string KeptOf(Kept* kept, const std::string& stream, size_t piece) {
  std::string head;
  kept->Begin();
  for (size_t at = 0; at < stream.size(); at += piece) {
    absl::string_view bytes = absl::string_view(stream).substr(at, piece);
    head.append(bytes.data(), kept->Take(bytes));
  }
  absl::string_view tail = kept->Tail();
  return head + "|" + std::string(tail);
}

std::string Stream(size_t bytes) {
  std::string stream;
  while (stream.size() < bytes) stream += std::to_string(stream.size()) + ",";
  stream.resize(bytes);
  return stream;
}

TEST(Kept, IsAllOfWhatIsNotLonger) {
  for (size_t piece : {1, 7, 1000}) {
    Kept kept(1000);
    std::string stream = Stream(1000);
    EXPECT_EQ(KeptOf(&kept, stream, piece),
              stream.substr(0, 500) + "|" + stream.substr(500));
    EXPECT_EQ(kept.left_out(), 0u);
    EXPECT_FALSE(kept.over_limit());
  }
}

TEST(Kept, IsTheStartAndTheEndOfWhatIsLonger) {
  for (size_t piece : {1, 7, 64 << 10}) {
    Kept kept(1000);
    std::string stream = Stream(100001);
    EXPECT_EQ(KeptOf(&kept, stream, piece),
              stream.substr(0, 500) + "|" + stream.substr(99501));
    EXPECT_EQ(kept.left_out(), 99001u);
    EXPECT_TRUE(kept.over_limit());
  }
}

TEST(Kept, ForgetsTheLastStream) {
  Kept kept(10);
  KeptOf(&kept, Stream(100), 100);
  EXPECT_EQ(KeptOf(&kept, "abc", 1), "abc|");
  EXPECT_EQ(kept.left_out(), 0u);
}

TEST(Kept, OfNoLimitIsAll) {
  Kept kept(0);
  std::string stream = Stream(1 << 20);
  EXPECT_EQ(KeptOf(&kept, stream, 1000), stream + "|");
}

TEST(Kept, MayBeOneByte) {
  Kept kept(1);
  EXPECT_EQ(KeptOf(&kept, "abc", 1), "a|");
  EXPECT_EQ(kept.left_out(), 2u);
}

class Messages
    : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Messages, AreRecognised) {
  EXPECT_EQ(FindMemoryMessage(GetParam().first), GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(
    OfRuntimes, Messages,
    testing::Values(
        std::pair("Traceback (most recent call last):\n  File \"x\", line 1\n"
                  "MemoryError\n",
                  "MemoryError"),
        std::pair(
            "numpy.core._exceptions._ArrayMemoryError: Unable to allocate "
            "8.00 GiB for an array",
            "_ArrayMemoryError"),
        std::pair("Exception in thread \"main\" java.lang.OutOfMemoryError: "
                  "Java heap space\n\tat Main.main(Main.java:3)\n",
                  "java.lang.OutOfMemoryError"),
        std::pair("FATAL ERROR: Reached heap limit Allocation failed - "
                  "JavaScript heap out of memory\n 1: 0xb7a940 node::Abort()",
                  "JavaScript heap out of memory"),
        std::pair("terminate called after throwing an instance of "
                  "'std::bad_alloc'\n  what():  std::bad_alloc\n",
                  "std::bad_alloc"),
        std::pair("Error: vector memory exhausted (limit reached?)\n",
                  "vector memory exhausted"),
        std::pair("Error: cannot allocate vector of size 15.3 Gb\n",
                  "cannot allocate vector of"),
        std::pair("fatal error: runtime: out of memory\n\nruntime stack:\n",
                  "fatal error: runtime: out of memory"),
        std::pair("ERROR: LoadError: OutOfMemoryError()\nStacktrace:\n",
                  "OutOfMemoryError()"),
        std::pair("sh: fork: Cannot allocate memory\n",
                  "Cannot allocate memory"),
        // Of the graphics card; a longer word; nothing.
        std::pair("torch.cuda.OutOfMemoryError: CUDA out of memory.", ""),
        std::pair("MemoryErrors are handled\n", ""), std::pair("", "")));

TEST(Messages, OlderThanTheLastBytesDoNotCount) {
  std::string text = "MemoryError\n" + std::string(kMemoryMessageBytes, 'x');
  EXPECT_EQ(FindMemoryMessage(text), "");
}

}  // namespace
}  // namespace cram
