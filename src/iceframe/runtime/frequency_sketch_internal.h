// SPDX-License-Identifier: Apache-2.0
// How often keys were used lately, roughly, in a few bits each.
#pragma once

#include <cstdint>
#include <vector>

namespace iceframe::internal {

/// A count-min sketch of 4-bit counters, eight bytes per entry of the cache. All counts are halved
/// every now and then, so that what was popular once is forgotten. Counts nothing before its first
/// EnsureCapacity. Not thread-safe.
class FrequencySketch {
 public:
  /// Makes room for the keys of so many entries; a sketch that has to grow begins anew.
  void EnsureCapacity(int64_t num_entries);
  void Increment(uint64_t hash);
  /// From 0 to 15; never too small but by halving.
  int Frequency(uint64_t hash) const;

  bool is_counting() const { return !table_.empty(); }
  /// After how many increments counts are halved.
  int64_t sample_size() const { return sample_size_; }

 private:
  void HalveAll();

  /// Blocks of eight words, a cache line each; a key's four counters are in one block.
  std::vector<uint64_t> table_;
  uint64_t block_mask_ = 0;
  int64_t sample_size_ = 0;
  int64_t num_increments_ = 0;
};

}  // namespace iceframe::internal
