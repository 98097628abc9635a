#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "pack/base/io.h"
#include "pack/journal/output_reader.h"
#include "spank/agent/output/collector.h"
#include "spank/agent/output/destination.h"
#include "spank/agent/output/streams.h"
#include "tests/unit/temporary_directory.h"

namespace cram {
namespace {

using Kind = Destination::Kind;

SubJob SubJobIn(const std::string& cwd) {
  SubJob subjob;
  subjob.index = 7;
  subjob.cwd = cwd;
  subjob.params = {{"seed", "3"}};
  return subjob;
}

RunOptions Options(absl::string_view mode) {
  RunOptions options;
  absl::Status status = options.Set("output", mode);
  EXPECT_TRUE(status.ok()) << status;
  return options;
}

Destinations Found(const SubJob& subjob, absl::string_view mode) {
  absl::StatusOr<Destinations> found = FindDestinations(subjob, Options(mode));
  EXPECT_TRUE(found.ok()) << found.status();
  return *found;
}

TEST(Destination, FollowsTheModeOfTheRun) {
  SubJob subjob = SubJobIn("/work/x");
  EXPECT_EQ(Found(subjob, "packed").out.kind, Kind::kPacked);
  EXPECT_EQ(Found(subjob, "packed").err.kind, Kind::kPacked);
  EXPECT_EQ(Found(subjob, "none").out.kind, Kind::kNull);
  EXPECT_EQ(Found(subjob, "none").err.kind, Kind::kNull);
  EXPECT_EQ(Found(subjob, "system").err.kind, Kind::kInherited);
  EXPECT_EQ(Found(subjob, "rank0").out.path, "/work/x/cram.7.out");
  EXPECT_EQ(Found(subjob, "rank0").err.path, "/work/x/cram.7.err");
  EXPECT_EQ(Found(subjob, "all").out.path, "/work/x/cram.7.0.out");
  EXPECT_EQ(Found(subjob, "all").err.path, "/work/x/cram.7.0.err");
  EXPECT_EQ(Found(subjob, "log/{seed:03d}").out.path, "/work/x/log/003");
  EXPECT_EQ(Found(subjob, "/abs/{index}").err.path, "/abs/7");
}

TEST(Destination, OfTheManifestComesFirst) {
  SubJob subjob = SubJobIn("/work/x");
  subjob.stdout_path = "mine.txt";
  for (const char* mode : {"packed", "none", "rank0", "t.{index}"}) {
    EXPECT_EQ(Found(subjob, mode).out.path, "/work/x/mine.txt");
  }
  EXPECT_EQ(Found(subjob, "packed").err.kind, Kind::kPacked);
  subjob.stderr_path = "/abs/mine.err";
  EXPECT_EQ(Found(subjob, "none").err.path, "/abs/mine.err");
}

TEST(Destination, WithoutADirectoryIsRelativeToTheAgents) {
  EXPECT_EQ(Found(SubJobIn(""), "rank0").out.path, "cram.7.out");
}

// A collector and the file that it fills.
class Collecting : public testing::Test {
 protected:
  void SetUp() override {
    writer_ = *OutputWriter::Create(path());
    collector_ = *Collector::Create(writer_.get(), limit_);
  }
  std::string path() const { return directory_.path() + "/output.0"; }

  void Print(OutputStream stream, absl::string_view bytes) {
    ASSERT_TRUE(WriteFull(collector_->write_fd(Collector::PipeOf(stream)),
                          bytes, "pipe")
                    .ok());
  }

  std::string Packed(uint64_t index, uint32_t attempt, OutputStream stream,
                     const Collector::Totals& totals) {
    EXPECT_TRUE(writer_->Flush().ok());
    std::string text;
    uint64_t bytes = stream == OutputStream::kStdout ? totals.stdout_bytes
                                                     : totals.stderr_bytes;
    absl::StatusOr<uint64_t> read =
        ReadOutput(path(), {index, attempt, stream},
                   OutputExtent{totals.output_offset, bytes},
                   [&text](const OutputPiece& piece) {
                     text.append(piece.bytes.data(), piece.bytes.size());
                   });
    EXPECT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(text.size(), bytes);
    return text;
  }

  uint64_t limit_ = 0;
  TemporaryDirectory directory_;
  std::unique_ptr<OutputWriter> writer_;
  std::unique_ptr<Collector> collector_;
};

TEST_F(Collecting, PacksBothStreamsSoThatTheReaderFindsThem) {
  collector_->Begin(3, 1);
  Print(OutputStream::kStderr, "warning\n");
  Print(OutputStream::kStdout, "result\n");
  Collector::Totals totals = collector_->End();
  EXPECT_EQ(Packed(3, 1, OutputStream::kStdout, totals), "result\n");
  EXPECT_EQ(Packed(3, 1, OutputStream::kStderr, totals), "warning\n");
}

TEST_F(Collecting, KeepsAttemptsApart) {
  collector_->Begin(3, 0);
  Print(OutputStream::kStdout, "first");
  Collector::Totals first = collector_->End();
  collector_->Begin(3, 1);
  Print(OutputStream::kStdout, "second");
  Collector::Totals second = collector_->End();
  collector_->Begin(4, 0);
  Collector::Totals silent = collector_->End();
  EXPECT_EQ(Packed(3, 0, OutputStream::kStdout, first), "first");
  EXPECT_EQ(Packed(3, 1, OutputStream::kStdout, second), "second");
  EXPECT_GT(second.output_offset, first.output_offset);
  EXPECT_EQ(silent.stdout_bytes, 0U);
  EXPECT_EQ(silent.stderr_bytes, 0U);
}

TEST_F(Collecting, TakesMoreThanThePipeHolds) {
  std::string binary(5 << 20, '\0');
  for (size_t i = 0; i < binary.size(); ++i) {
    binary[i] = static_cast<char>(i * 2654435761U >> 13);
  }
  collector_->Begin(9, 0);
  std::atomic<bool> ended{false};
  std::thread subjob([&] {
    Print(OutputStream::kStdout, binary);
    ended = true;
  });
  // As the loop does until the process has ended.
  for (int drains = 0; !ended; ++drains) {
    collector_->Drain(Collector::PipeOf(OutputStream::kStdout));
    if (drains % 100 == 0) collector_->HandOn();
  }
  subjob.join();
  Collector::Totals totals = collector_->End();
  EXPECT_TRUE(Packed(9, 0, OutputStream::kStdout, totals) == binary);
}

TEST_F(Collecting, EndTakesAllOfAnEnlargedPipe) {
  collector_->Begin(9, 0);
  int pipe = collector_->write_fd(Collector::PipeOf(OutputStream::kStdout));
  ASSERT_GE(fcntl(pipe, F_SETPIPE_SZ, 1 << 20), 1 << 20);
  Print(OutputStream::kStdout, std::string(1 << 20, 'x'));
  EXPECT_EQ(collector_->End().stdout_bytes, uint64_t{1} << 20);
}

TEST_F(Collecting, ASubJobThatMakesItsPipeNonBlockingHarmsNoOther) {
  collector_->Begin(1, 0);
  int pipe = collector_->write_fd(Collector::PipeOf(OutputStream::kStdout));
  ASSERT_EQ(fcntl(pipe, F_SETFL, O_NONBLOCK), 0);
  collector_->End();
  collector_->Begin(2, 0);
  EXPECT_EQ(fcntl(pipe, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(Collecting, HandsOnWhatARunningSubJobHasPrinted) {
  collector_->Begin(5, 0);
  Print(OutputStream::kStdout, "so far");
  collector_->Drain(Collector::PipeOf(OutputStream::kStdout));
  collector_->HandOn();
  EXPECT_EQ(Packed(5, 0, OutputStream::kStdout, {kFileHeaderBytes, 6, 0}),
            "so far");
}

TEST_F(Collecting, PacksRanksInTheOrderInWhichTheyPrint) {
  collector_->Begin(6, 0);
  absl::StatusOr<size_t> first =
      collector_->AddRanks(OutputStream::kStdout, 2, 2);
  ASSERT_TRUE(first.ok()) << first.status();
  for (const char* text : {"ping ", "pong "}) {
    for (size_t pipe = *first; pipe < collector_->pipes(); ++pipe) {
      ASSERT_TRUE(WriteFull(collector_->write_fd(pipe), text, "pipe").ok());
      collector_->Drain(pipe);
    }
  }
  Print(OutputStream::kStdout, "said of them");
  Collector::Totals totals = collector_->End();
  ASSERT_TRUE(writer_->Flush().ok());
  std::string read;
  (void)ReadOutput(path(), {6, 0, OutputStream::kStdout},
                   OutputExtent{totals.output_offset, totals.stdout_bytes},
                   [&](const OutputPiece& piece) {
                     read += piece.rank ? std::to_string(*piece.rank) : "-";
                     read.append(piece.bytes.data(), piece.bytes.size());
                   });
  EXPECT_EQ(read, "2ping 3ping 2pong 3pong -said of them");
  collector_->Begin(7, 0);
  EXPECT_EQ(collector_->pipes(), 2u);
}

// A limit of 1000 bytes for each stream.
class CollectingLittle : public Collecting {
 protected:
  CollectingLittle() { limit_ = 1000; }
};

TEST_F(CollectingLittle, SaysHowMuchIsMissingAndWhere) {
  collector_->Begin(3, 0);
  Print(OutputStream::kStdout, "fine");
  Print(OutputStream::kStderr, std::string(600, 'a') + std::string(10000, 'b') +
                                   std::string(499, 'c') + "\n");
  EXPECT_FALSE(collector_->over_limit());
  collector_->Drain(Collector::PipeOf(OutputStream::kStderr));
  EXPECT_TRUE(collector_->over_limit());
  Collector::Totals totals = collector_->End();
  EXPECT_EQ(totals.stdout_left_out, 0u);
  EXPECT_EQ(totals.stderr_left_out, 10100u);
  EXPECT_EQ(Packed(3, 0, OutputStream::kStdout, totals), "fine");
  EXPECT_EQ(Packed(3, 0, OutputStream::kStderr, totals),
            std::string(500, 'a') + std::string(499, 'c') + "\n");
  std::string read;
  absl::StatusOr<uint64_t> bytes =
      ReadOutput(path(), {3, 0, OutputStream::kStderr}, std::nullopt,
                 [&](const OutputPiece& piece) {
                   if (piece.left_out != 0) {
                     read += "<" + std::to_string(piece.left_out) + ">";
                   }
                   read.append(piece.bytes.data(), piece.bytes.size());
                 });
  EXPECT_EQ(read,
            std::string(500, 'a') + "<10100>" + std::string(499, 'c') + "\n");
}

TEST_F(CollectingLittle, HoldsTheLastWordsOfARuntime) {
  collector_->Begin(3, 0);
  Print(OutputStream::kStderr, std::string(50000, '.') + "MemoryError\n");
  collector_->End();
  EXPECT_EQ(collector_->memory_message(), "MemoryError");
  collector_->Begin(4, 0);
  Print(OutputStream::kStdout, "MemoryError\n");
  collector_->End();
  EXPECT_EQ(collector_->memory_message(), "");
}

class OpenedStreams : public Collecting {
 protected:
  std::string in(const std::string& name) const {
    return directory_.path() + "/" + name;
  }
};

TEST_F(OpenedStreams, ArePipesAndNoInputUnlessSaid) {
  Streams streams = OpenStreams(SubJobIn(directory_.path()), 0, RunOptions(),
                                collector_.get());
  EXPECT_EQ(streams.failed_step, "");
  EXPECT_EQ(streams.out,
            collector_->write_fd(Collector::PipeOf(OutputStream::kStdout)));
  EXPECT_EQ(streams.err,
            collector_->write_fd(Collector::PipeOf(OutputStream::kStderr)));
  char byte;
  EXPECT_EQ(read(streams.in, &byte, 1), 0);
}

TEST_F(OpenedStreams, AreTheAgentsOwnInSystemMode) {
  Streams streams =
      OpenStreams(SubJobIn(""), 0, Options("system"), collector_.get());
  EXPECT_EQ(streams.out, STDOUT_FILENO);
  EXPECT_EQ(streams.err, STDERR_FILENO);
}

TEST_F(OpenedStreams, OneFileForBothIsOpenedOnce) {
  Streams streams = OpenStreams(SubJobIn(directory_.path()), 0,
                                Options("both.{index}"), collector_.get());
  ASSERT_EQ(streams.failed_step, "");
  EXPECT_EQ(streams.out, streams.err);
  ASSERT_TRUE(WriteFull(streams.out, "out ", "").ok());
  ASSERT_TRUE(WriteFull(streams.err, "err", "").ok());
  EXPECT_EQ(*ReadFile(in("both.7")), "out err");
}

TEST_F(OpenedStreams, NameWhatCouldNotBeOpened) {
  SubJob subjob = SubJobIn(directory_.path());
  subjob.stdin_path = "not there";
  Streams streams = OpenStreams(subjob, 0, RunOptions(), collector_.get());
  EXPECT_EQ(streams.failed_step, "open " + in("not there"));
  EXPECT_EQ(streams.error, ENOENT);

  subjob.stdin_path = "";
  subjob.stderr_path = "no/directory";
  streams = OpenStreams(subjob, 0, RunOptions(), collector_.get());
  EXPECT_EQ(streams.failed_step, "open " + in("no/directory"));
  EXPECT_EQ(streams.error, ENOENT);

  subjob.stderr_path = directory_.path();
  EXPECT_EQ(OpenStreams(subjob, 0, RunOptions(), collector_.get()).error,
            EISDIR);
}

TEST_F(OpenedStreams, NeverWaitForTheOtherEndOfANamedPipe) {
  ASSERT_EQ(mkfifo(in("fifo").c_str(), 0600), 0);
  SubJob subjob = SubJobIn(directory_.path());
  alarm(10);  // a hang would end the test
  subjob.stdin_path = "fifo";
  Streams streams = OpenStreams(subjob, 0, RunOptions(), collector_.get());
  EXPECT_EQ(streams.failed_step, "");
  EXPECT_EQ(fcntl(streams.in, F_GETFL) & O_NONBLOCK, 0);

  streams = Streams();
  subjob.stdin_path = "";
  subjob.stdout_path = "fifo";
  streams = OpenStreams(subjob, 0, RunOptions(), collector_.get());
  EXPECT_EQ(streams.error, ENXIO);
  alarm(0);
}

}  // namespace
}  // namespace cram
