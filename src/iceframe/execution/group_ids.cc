// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/buffer.h>

#include "iceframe/execution/group_ids_internal.h"

namespace iceframe {

namespace {

constexpr int64_t kMaxGroups = std::numeric_limits<uint32_t>::max() - 1;
constexpr uint32_t kHashBits = 32;
constexpr uint32_t kFirstBits = 10;
/// Positions in a chunk take so many bits of a place; a row that is longer has a chunk of its own.
constexpr uint32_t kPositionBits = 17;
constexpr int64_t kChunkWords = int64_t{1} << kPositionBits;
constexpr int64_t kFirstChunkWords = 1024;
constexpr size_t kMaxChunks = size_t{1} << (32U - kPositionBits);
/// A table of fewer slots stays in the processor's cache by itself.
constexpr uint32_t kBitsToLoadAhead = 14;
/// How many rows ahead slots, and then keys, are loaded.
constexpr int64_t kSlotsAhead = 32;
constexpr int64_t kKeysAhead = 16;

uint64_t Mix(uint64_t left, uint64_t right) {
  const auto product = static_cast<unsigned __int128>(left) * right;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64U);
}

uint32_t HashOf(const uint64_t* words, int64_t num_words) {
  constexpr uint64_t kFirst = 0x9e3779b97f4a7c15U;
  constexpr uint64_t kSecond = 0xd6e8feb86659fd93U;
  uint64_t hash = kFirst;
  int64_t i = 0;
  for (; i + 1 < num_words; i += 2) hash = Mix(words[i] ^ kSecond, words[i + 1] ^ hash);
  if (i < num_words) hash = Mix(words[i] ^ kSecond, hash);
  return static_cast<uint32_t>(Mix(hash, kFirst) >> kHashBits);
}

uint32_t HashIn(uint64_t slot) { return static_cast<uint32_t>(slot >> kHashBits); }
uint32_t PlaceIn(uint64_t slot) { return static_cast<uint32_t>(slot) - 1; }

}  // namespace

Status GroupIds::Prepare(const arrow::ArrayVector& keys, int64_t num_rows) {
  arrow::ArrayVector groupable;
  for (const ArrayPtr& key : keys) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr form, GroupableForm(key, pool_));
    groupable.push_back(std::move(form));
  }
  if (!layout_) {
    ICEFRAME_ASSIGN_OR_RETURN(layout_, KeyLayout::Make(groupable));
  }
  ICEFRAME_RETURN_NOT_OK(layout_->Encode(groupable, num_rows, &batch_));
  hashes_.Reset();
  ICEFRAME_RETURN_NOT_OK(hashes_.Reserve(num_rows));
  for (int64_t row = 0; row < num_rows; ++row) {
    hashes_.UnsafeAppend(HashOf(batch_.Row(row), batch_.NumWords(row)));
  }
  return Status::OK();
}

Status GroupIds::Grow() {
  const uint32_t num_bits = num_bits_ == 0 ? kFirstBits : num_bits_ + 1;
  arrow::TypedBufferBuilder<uint64_t> larger(pool_);
  ICEFRAME_RETURN_NOT_OK(larger.Append(int64_t{1} << num_bits, uint64_t{0}));
  uint64_t* slots = larger.mutable_data();
  const size_t last = (size_t{1} << num_bits) - 1;
  for (int64_t i = 0; i < slots_.length(); ++i) {
    const uint64_t slot = slots_.data()[i];
    if (slot == 0) continue;
    size_t to = HashIn(slot) >> (kHashBits - num_bits);
    while (slots[to] != 0) to = (to + 1) & last;
    slots[to] = slot;
  }
  slots_ = std::move(larger);
  num_bits_ = num_bits;
  return Status::OK();
}

const uint64_t* GroupIds::RowAt(uint32_t place) const {
  return chunks_[place >> kPositionBits].words + place % kChunkWords;
}

size_t GroupIds::FindSlot(int64_t row) const {
  const uint64_t* slots = slots_.data();
  const size_t last = (size_t{1} << num_bits_) - 1;
  const uint32_t hash = hashes_.data()[row];
  const uint64_t* key = batch_.Row(row);
  const int64_t num_words = batch_.NumWords(row);
  size_t slot = FirstSlot(hash);
  for (; slots[slot] != 0; slot = (slot + 1) & last) {
    if (HashIn(slots[slot]) != hash) continue;
    if (KeyLayout::AreEqual(RowAt(PlaceIn(slots[slot])), key, num_words)) break;
  }
  return slot;
}

Result<uint32_t> GroupIds::KeepRow(int64_t row) {
  const int64_t num_words = batch_.NumWords(row);
  if (chunks_.empty() || chunks_.back().size - chunks_.back().used < num_words) {
    const int64_t grown = kFirstChunkWords << std::min<size_t>(chunks_.size(), 7);
    const int64_t size = std::max(std::min(grown, kChunkWords), num_words);
    if (chunks_.size() == kMaxChunks) {
      return Error(ErrorKind::kResourceExhausted,
                   "the keys to group by or to join on are too long");
    }
    ICEFRAME_ASSIGN_OR_RETURN(
        std::shared_ptr<arrow::Buffer> buffer,
        arrow::AllocateBuffer(size * static_cast<int64_t>(sizeof(uint64_t)), pool_));
    auto* const words = buffer->mutable_data_as<uint64_t>();
    chunks_.push_back({words, size, 0, std::move(buffer)});
  }
  Chunk& chunk = chunks_.back();
  uint64_t* kept = chunk.words + chunk.used;
  std::copy_n(batch_.Row(row), num_words, kept);
  KeyLayout::SetNumber(static_cast<uint32_t>(num_groups_), kept);
  const auto position = static_cast<uint32_t>(chunk.used);
  chunk.used += num_words;
  return static_cast<uint32_t>(chunks_.size() - 1) << kPositionBits | position;
}

Status GroupIds::AddGroup(int64_t row, size_t slot) {
  if (num_groups_ >= kMaxGroups) {
    return Error(ErrorKind::kResourceExhausted, "there are more than ", kMaxGroups,
                 " different keys to group by or to join on");
  }
  ICEFRAME_ASSIGN_OR_RETURN(const uint32_t place, KeepRow(row));
  slots_.mutable_data()[slot] = uint64_t{hashes_.data()[row]} << kHashBits | (uint64_t{place} + 1);
  ++num_groups_;
  return Status::OK();
}

void GroupIds::LoadAhead(int64_t row, int64_t num_rows) const {
  const uint32_t* hashes = hashes_.data();
  if (row + kSlotsAhead < num_rows) {
    __builtin_prefetch(slots_.data() + FirstSlot(hashes[row + kSlotsAhead]));
  }
  if (row + kKeysAhead < num_rows) {
    const uint64_t slot = slots_.data()[FirstSlot(hashes[row + kKeysAhead])];
    if (slot != 0) __builtin_prefetch(RowAt(PlaceIn(slot)));
  }
}

Result<std::shared_ptr<arrow::UInt32Array>> GroupIds::Consume(const arrow::ArrayVector& keys,
                                                              int64_t num_rows) {
  ICEFRAME_RETURN_NOT_OK(Prepare(keys, num_rows));
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> groups,
      arrow::AllocateBuffer(num_rows * static_cast<int64_t>(sizeof(uint32_t)), pool_));
  auto* group = groups->mutable_data_as<uint32_t>();
  for (int64_t row = 0; row < num_rows; ++row) {
    if (4 * num_groups_ >= 3 * slots_.length()) ICEFRAME_RETURN_NOT_OK(Grow());
    if (num_bits_ >= kBitsToLoadAhead) LoadAhead(row, num_rows);
    const size_t slot = FindSlot(row);
    if (slots_.data()[slot] == 0) ICEFRAME_RETURN_NOT_OK(AddGroup(row, slot));
    group[row] = KeyLayout::Number(RowAt(PlaceIn(slots_.data()[slot])));
  }
  return std::make_shared<arrow::UInt32Array>(num_rows, std::move(groups));
}

Result<std::shared_ptr<arrow::UInt32Array>> GroupIds::Lookup(const arrow::ArrayVector& keys,
                                                             int64_t num_rows) {
  arrow::UInt32Builder groups(pool_);
  if (num_groups() == 0) {
    ICEFRAME_RETURN_NOT_OK(groups.AppendNulls(num_rows));
  } else {
    ICEFRAME_RETURN_NOT_OK(Prepare(keys, num_rows));
    ICEFRAME_RETURN_NOT_OK(groups.Reserve(num_rows));
    for (int64_t row = 0; row < num_rows; ++row) {
      if (num_bits_ >= kBitsToLoadAhead) LoadAhead(row, num_rows);
      const uint64_t slot = slots_.data()[FindSlot(row)];
      if (slot == 0) {
        groups.UnsafeAppendNull();
      } else {
        groups.UnsafeAppend(KeyLayout::Number(RowAt(PlaceIn(slot))));
      }
    }
  }
  std::shared_ptr<arrow::UInt32Array> found;
  ICEFRAME_RETURN_NOT_OK(groups.Finish(&found));
  return found;
}

Result<arrow::ArrayVector> GroupIds::Keys(const OperationContext& context,
                                          int64_t max_bytes) const {
  if (!layout_) return arrow::ArrayVector();
  arrow::TypedBufferBuilder<const uint64_t*> rows(pool_);
  ICEFRAME_RETURN_NOT_OK(rows.Reserve(num_groups_));
  for (const Chunk& chunk : chunks_) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    for (int64_t i = 0; i < chunk.used; i += layout_->NumWords(chunk.words + i)) {
      rows.UnsafeAppend(chunk.words + i);
    }
  }
  const std::span all(rows.data(), static_cast<size_t>(rows.length()));
  return layout_->Decode(context, all, max_bytes, pool_);
}

}  // namespace iceframe
