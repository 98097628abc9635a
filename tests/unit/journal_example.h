// The journal of cram-journal(5)'s worked example: tests/golden/journal-1.0.
#pragma once

#include <vector>

#include "pack/base/outcome.h"
#include "pack/journal/journal.pb.h"

namespace cram {

inline std::vector<JournalRecord> ExampleJournal() {
  constexpr int64_t kBegin = 1795291925000000000;  // 2026-11-21T20:12:05 UTC
  std::vector<JournalRecord> records(4);
  Opened* opened = records[0].mutable_opened();
  opened->set_run_id("12.0");
  opened->set_nodes(1);
  opened->set_node_name("n0");
  opened->set_subjobs(1);
  opened->set_manifest_crc32(0x0a0b0c0d);
  opened->set_time_ns(kBegin);
  opened->set_caps("cgroup/v1");
  opened->set_budget_bytes(1 << 30);
  opened->set_slots(2);
  opened->set_cpus(2);
  opened->set_writer("cram 0.1.0");
  opened->set_user("ada");
  Started* started = records[1].mutable_started();
  started->set_slot(1);
  started->set_time_ns(kBegin + 1000000);
  started->set_cap_bytes(200 << 20);
  started->set_cpus(1);
  started->set_pid(4000);
  Ended* ended = records[2].mutable_ended();
  ended->set_slot(1);
  ended->set_start_ns(kBegin + 1000000);
  ended->set_end_ns(kBegin + 3000000000);
  ended->set_cause(static_cast<uint32_t>(Cause::kOwnCap));
  ended->set_signal(9);
  ended->set_user_us(900000);
  ended->set_system_us(450000);
  ended->set_peak_bytes(200 << 20);
  ended->set_cap_bytes(200 << 20);
  ended->set_cpus(1);
  records[3].mutable_closed()->set_time_ns(kBegin + 3001000000);
  return records;
}

}  // namespace cram
