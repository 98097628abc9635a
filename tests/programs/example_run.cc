#include "tests/programs/example_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "absl/strings/str_cat.h"
#include "pack/base/size.h"

namespace cram {
namespace {

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  fprintf(stderr, "example run: %s\n", value.status().ToString().c_str());
  exit(1);
}

void OrDie(const absl::Status& status) {
  OrDie(status.ok() ? absl::StatusOr<int>(0) : status);
}

void WriteFailures(ExampleNode* node) {
  Ended ended = ExampleNode::Make(1, Cause::kExitCode, 2);
  ended.set_exit_code(3);
  node->End(ended, "step 1\nstep 2\n", "one\ntwo\nno such \033[1mmodel\n");
  ended = ExampleNode::Make(2, Cause::kSignal, 1);
  ended.set_signal(SIGSEGV);
  ended.set_core_dumped(true);
  node->End(ended);
  ended = ExampleNode::Make(3, Cause::kOwnCap, 3);
  ended.set_signal(SIGKILL);
  ended.set_victim_pid(4003);
  ended.set_victim_command("./hog a\\012b");
  ended.set_victim_bytes(199 * kMiB);
  ended.set_peak_bytes(200 * kMiB);
  node->End(ended, "", "taking 2000 MB\n");
}

void WriteRetried(ExampleNode* first, ExampleNode* second) {
  Ended ended = ExampleNode::Make(4, Cause::kOwnCap, 1);
  ended.set_signal(SIGKILL);
  ended.set_peak_bytes(200 * kMiB);
  ended.set_will_retry(true);
  first->End(ended, "first try\n");
  ended = ExampleNode::Make(4, Cause::kCompleted, 90061);
  ended.set_attempt(1);
  ended.set_cap_bytes(400 * kMiB);
  ended.set_peak_bytes(2560 * kMiB / 10);
  second->End(ended, "second try\n");
}

}  // namespace

ExampleNode::ExampleNode(const RunDirectory& run, uint32_t id, uint32_t nodes,
                         uint64_t subjobs)
    : journal_(OrDie(JournalWriter::Create(run.journal(id)))),
      output_(OrDie(OutputWriter::Create(run.output(id)))) {
  JournalRecord record;
  Opened* opened = record.mutable_opened();
  opened->set_run_id("12.0");
  opened->set_node_id(id);
  opened->set_nodes(nodes);
  opened->set_node_name(absl::StrCat("n", id));
  opened->set_subjobs(subjobs);
  opened->set_time_ns(kRunBegin);
  opened->set_caps(id == 0 ? "cgroup/v1" : "watchdog");
  opened->set_budget_bytes(kGiB);
  opened->set_slots(2);
  opened->set_cpus(2);
  opened->set_writer("cram 0.1.0");
  opened->set_user("ada");
  journal_->Append(record);
}

Ended ExampleNode::Make(uint64_t index, Cause cause, int64_t seconds) {
  Ended ended;
  ended.set_index(index);
  ended.set_slot(index % 2);
  ended.set_start_ns(kRunBegin + static_cast<int64_t>(index) * kSecondNs);
  ended.set_end_ns(ended.start_ns() + seconds * kSecondNs);
  ended.set_cause(static_cast<uint32_t>(cause));
  ended.set_user_us(1250000);
  ended.set_system_us(250000);
  ended.set_peak_bytes(12 * kMiB + 4 * kKiB);
  ended.set_cap_bytes(200 * kMiB);
  ended.set_cpus(1);
  return ended;
}

void ExampleNode::Start(uint64_t index, uint32_t attempt, int64_t time_ns) {
  JournalRecord record;
  Started* started = record.mutable_started();
  started->set_index(index);
  started->set_attempt(attempt);
  started->set_slot(index % 2);
  started->set_time_ns(time_ns);
  started->set_cap_bytes(200 * kMiB);
  started->set_cpus(1);
  started->set_pid(4000 + static_cast<uint32_t>(index));
  journal_->Append(record);
}

void ExampleNode::End(Ended ended, absl::string_view out,
                      absl::string_view err) {
  Start(ended.index(), ended.attempt(), ended.start_ns());
  Print(OutputStream::kStdout, out, &ended);
  Print(OutputStream::kStderr, err, &ended);
  JournalRecord record;
  *record.mutable_ended() = std::move(ended);
  journal_->Append(record);
  if (journal_->buffered() > kMiB) Flush();
}

void ExampleNode::Print(OutputStream stream, absl::string_view bytes,
                        Ended* ended) {
  if (bytes.empty()) return;
  uint64_t offset =
      output_->Append({ended->index(), ended->attempt(), stream}, bytes);
  if (ended->output_offset() == 0) ended->set_output_offset(offset);
  if (stream == OutputStream::kStdout) {
    ended->set_stdout_bytes(bytes.size());
  } else {
    ended->set_stderr_bytes(bytes.size());
  }
}

void ExampleNode::Stand(const Standing& standing) {
  JournalRecord record;
  *record.mutable_standing() = standing;
  journal_->Append(record);
}

void ExampleNode::Close(int64_t time_ns) {
  JournalRecord record;
  record.mutable_closed()->set_time_ns(time_ns);
  journal_->Append(record);
}

void ExampleNode::Flush() {
  OrDie(journal_->Flush());
  OrDie(output_->Flush());
}

void WriteExampleRun(const RunDirectory& run) {
  ExampleNode n0(run, 0, 2, 10), n1(run, 1, 2, 10);
  n0.End(ExampleNode::Make(0, Cause::kCompleted, 4), "hello\n");
  WriteFailures(&n0);
  WriteRetried(&n0, &n1);
  Ended ended = ExampleNode::Make(5, Cause::kTimeLimit, 60);
  ended.set_signal(SIGTERM);
  n0.End(ended);
  ended = ExampleNode::Make(6, Cause::kCancelled, 5);
  ended.set_signal(SIGTERM);
  n0.End(ended);
  ended = ExampleNode::Make(7, Cause::kCouldNotStart, 0);
  ended.set_failed_step("chdir /nowhere");
  ended.set_error_number(ENOENT);
  ended.set_peak_bytes(0);
  n0.End(ended);
  n0.Close(kRunBegin + 70 * kSecondNs);
  n1.Start(8, 0, kRunBegin + 8 * kSecondNs);
  Ended unfinished;
  unfinished.set_index(8);
  n1.Print(OutputStream::kStdout, "so far\n", &unfinished);
  n0.Flush();
  n1.Flush();
}

}  // namespace cram
