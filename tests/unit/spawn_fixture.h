// One process and what it prints.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <string>
#include <utility>
#include <vector>

#include "pack/base/exit_status.h"
#include "pack/base/fd.h"
#include "pack/base/io.h"
#include "pack/base/program_path.h"
#include "spank/agent/runner/spawn.h"
#include "tests/unit/temporary_directory.h"

namespace cram {

// What it prints is in a file of a directory of its own.
class Spawning : public testing::Test {
 protected:
  Spawning() {
    in_ = *OpenFile("/dev/null", O_RDONLY);
    out_ = *OpenFile(directory_.path() + "/out", O_RDWR | O_CREAT | O_TRUNC);
    environment_ = {"PATH=/usr/bin:/bin", "GREETING=hello"};
    request_.stdin_fd = in_.get();
    request_.stdout_fd = request_.stderr_fd = out_.get();
  }

  SpawnResult Start(std::vector<std::string> words) {
    programs_ = ProgramPaths(words[0], "/usr/bin:/bin");
    return StartOneOf(std::move(words));
  }
  SpawnResult StartOneOf(std::vector<std::string> words) {
    std::vector<char*> argv, envp;
    for (std::string& word : words) argv.push_back(&word[0]);
    argv.push_back(nullptr);
    for (std::string& variable : environment_) envp.push_back(&variable[0]);
    envp.push_back(nullptr);
    request_.programs = &programs_;
    request_.argv = argv.data();
    request_.envp = envp.data();
    return Spawn(request_);
  }

  ExitStatus Run(std::vector<std::string> words) {
    SpawnResult result = Start(std::move(words));
    EXPECT_EQ(result.failed_step, "");
    return Wait(result.pid);
  }
  static ExitStatus Wait(pid_t pid) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return ExitStatus::FromWait(status);
  }
  std::string Printed() const { return *ReadFile(directory_.path() + "/out"); }
  void ExpectNoChild() {
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  TemporaryDirectory directory_;
  UniqueFd in_, out_;
  std::vector<std::string> environment_, programs_;
  SpawnRequest request_;
};

}  // namespace cram
