// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "iceframe/runtime/frequency_sketch_internal.h"

namespace iceframe::internal {

namespace {

constexpr int64_t kMaxWords = int64_t{1} << 27;
constexpr int kNumCounters = 4;
constexpr uint64_t kBlockWords = 8;
constexpr uint64_t kHighestCount = 15;
constexpr uint64_t kLowestBits = 0x1111111111111111;
constexpr uint64_t kAllButHighestBits = 0x7777777777777777;
constexpr int64_t kSamplesPerEntry = 10;

/// The finalizer of murmur3: weak hashes must not share their counters.
uint64_t Spread(uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

/// Where a key's counter number `i` is: a word of its block, and a shift in that word.
struct CounterPlace {
  size_t word;
  unsigned shift;
};

CounterPlace PlaceOf(uint64_t spread, uint64_t block_mask, int i) {
  const uint64_t byte = spread >> (32 + 8 * i);
  const uint64_t block = (spread & block_mask) * kBlockWords;
  return {static_cast<size_t>(block + (byte & 1) + 2 * static_cast<uint64_t>(i)),
          static_cast<unsigned>((byte >> 1) & 15) * 4};
}

}  // namespace

void FrequencySketch::EnsureCapacity(int64_t num_entries) {
  const int64_t wanted = std::clamp<int64_t>(num_entries, 0, kMaxWords);
  sample_size_ = std::max(sample_size_, kSamplesPerEntry * std::max<int64_t>(wanted, 1));
  if (!table_.empty() && static_cast<int64_t>(table_.size()) >= wanted) return;
  const uint64_t num_words = std::max(std::bit_ceil(static_cast<uint64_t>(wanted)), kBlockWords);
  table_.assign(num_words, 0);
  block_mask_ = num_words / kBlockWords - 1;
  num_increments_ = 0;
}

void FrequencySketch::Increment(uint64_t hash) {
  if (table_.empty()) return;
  const uint64_t spread = Spread(hash);
  bool counted = false;
  for (int i = 0; i < kNumCounters; ++i) {
    const CounterPlace place = PlaceOf(spread, block_mask_, i);
    uint64_t& word = table_[place.word];
    if (((word >> place.shift) & kHighestCount) == kHighestCount) continue;
    word += uint64_t{1} << place.shift;
    counted = true;
  }
  if (counted && ++num_increments_ >= sample_size_) HalveAll();
}

int FrequencySketch::Frequency(uint64_t hash) const {
  if (table_.empty()) return 0;
  const uint64_t spread = Spread(hash);
  uint64_t least = kHighestCount;
  for (int i = 0; i < kNumCounters; ++i) {
    const CounterPlace place = PlaceOf(spread, block_mask_, i);
    least = std::min(least, (table_[place.word] >> place.shift) & kHighestCount);
  }
  return static_cast<int>(least);
}

void FrequencySketch::HalveAll() {
  int64_t num_odd = 0;
  for (uint64_t& word : table_) {
    num_odd += std::popcount(word & kLowestBits);
    word = (word >> 1) & kAllButHighestBits;
  }
  num_increments_ = (num_increments_ - num_odd / kNumCounters) / 2;
}

}  // namespace iceframe::internal
