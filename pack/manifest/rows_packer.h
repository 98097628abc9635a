// Packs rows into a block, beside whoever collects the next ones.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pack/manifest/rows_buffer.h"

struct ZSTD_CCtx_s;  // zstd's ZSTD_CCtx

namespace cram {

struct PackedRowsBytes {
  uint64_t rows = 0;
  std::string groups;       // a serialized cram.RowGroups
  uint64_t data_bytes = 0;  // its `data`, at its end
};

// One block at a time, in a thread of its own: packing takes as long as
// collecting. A thread a block, so that there is none when nothing is packed;
// without one it packs at once. What fork(2) makes of it is of no use, and may
// be destroyed.
class RowsPacker {
 public:
  RowsPacker();
  ~RowsPacker();

  // Between Start and Finish.
  bool busy() const { return busy_; }
  void Start(UnpackedRows rows);
  // Waits. The result is good until the next Start.
  absl::StatusOr<const PackedRowsBytes*> Finish();
  // The rows of the last Start, for their memory.
  UnpackedRows TakeSpare() { return std::move(rows_); }

 private:
  void Pack();
  absl::Status PackGroup(uint64_t rows, absl::string_view bytes);

  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const;
  };

  bool busy_ = false;
  std::unique_ptr<std::thread> thread_;
  pid_t process_;  // that has the thread

  // The thread's, while there is one.
  std::unique_ptr<ZSTD_CCtx_s, FreeContext> context_;
  UnpackedRows rows_;
  absl::Status status_;
  PackedRowsBytes result_;
  std::string group_, frame_, data_;  // kept for their memory
};

}  // namespace cram
