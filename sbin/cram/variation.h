// What the sub-jobs of a template differ in.
#pragma once

#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pack/manifest/block.h"
#include "sbin/cram/distinct_values.h"
#include "sbin/cram/own_properties.h"

namespace cram {

// Of consecutive blocks of one kind.
struct Variation {
  uint64_t subjobs = 0;
  bool commands = false;                // each has its own
  bool own = false;                     // and other properties of its own
  std::vector<std::string> properties;  // those: OwnProperties::Names
  std::vector<std::string> parameters;  // "seed = 0..999 (1000 values)"
  std::optional<Sample> sample;         // of those with a distribution
};

// Is given the blocks of a template one after the other.
class VariationFinder {
 public:
  explicit VariationFinder(uint32_t template_ranks)
      : template_ranks_(template_ranks), properties_(template_ranks) {}

  // Reads rows as far as it takes to say what varies in them. Error: damage.
  absl::Status Add(const BlockView& block);
  // The first thousand.
  std::vector<Variation> Take();
  // How many blocks are in none of those.
  uint64_t more_blocks() const { return more_blocks_; }

 private:
  bool Continues(const BlockView& block) const;
  absl::Status LookAtRows(const BlockView& block);
  void FinishRows();

  uint32_t template_ranks_;
  std::vector<Variation> variations_;
  uint64_t more_blocks_ = 0;
  // Of the last one, if that has rows.
  bool in_rows_ = false;
  std::vector<std::string> columns_;
  std::vector<DistinctValues> values_;
  OwnProperties properties_;
  RowsTable table_;
};

}  // namespace cram
