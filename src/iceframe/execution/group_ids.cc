// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/buffer.h>

#include "iceframe/execution/group_ids_internal.h"
#include "iceframe/types/offset_reach.h"
#include "iceframe/types/wide_array.h"

namespace iceframe {

namespace {

constexpr uint32_t kNoNumber = std::numeric_limits<uint32_t>::max();

arrow::compute::ExecBatch BatchOf(const arrow::ArrayVector& keys, int64_t num_rows) {
  return arrow::compute::ExecBatch(std::vector<arrow::Datum>(keys.begin(), keys.end()), num_rows);
}

}  // namespace

int64_t GroupIds::num_groups() const {
  if (generations_.empty()) return 0;
  const Generation& last = generations_.back();
  return last.first_group + last.grouper->num_groups();
}

Result<arrow::ArrayVector> GroupIds::Groupable(const arrow::ArrayVector& keys) {
  arrow::ArrayVector plain;
  for (const ArrayPtr& key : keys) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr groupable, GroupableForm(key, exec_.memory_pool()));
    plain.push_back(std::move(groupable));
  }
  return plain;
}

Status GroupIds::AddGeneration(const arrow::ArrayVector& keys) {
  Generation generation(exec_.memory_pool());
  generation.first_group = num_groups();
  ICEFRAME_ASSIGN_OR_RETURN(generation.grouper,
                            arrow::compute::Grouper::Make(BatchOf(keys, 0).GetTypes(), &exec_));
  generations_.push_back(std::move(generation));
  return Status::OK();
}

Result<GroupIds::Ids> GroupIds::ConsumeIn(Generation* generation, const arrow::ArrayVector& keys,
                                          int64_t num_rows) {
  const int64_t before = generation->grouper->num_groups();
  const auto batch = BatchOf(keys, num_rows);
  ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum found,
                            generation->grouper->Consume(arrow::compute::ExecSpan(batch)));
  const auto ids = std::static_pointer_cast<arrow::UInt32Array>(found.make_array());
  if (generation->grouper->num_groups() > before) {
    ICEFRAME_RETURN_NOT_OK(NumberNewGroups(generation, keys, *ids));
  }
  return Numbered(*generation, ids);
}

// New groups get their numbers in order of their first rows, which is not always the grouper's.
Status GroupIds::NumberNewGroups(Generation* generation, const arrow::ArrayVector& keys,
                                 const arrow::UInt32Array& ids) {
  auto next = static_cast<uint32_t>(generation->numbers.length());
  const int64_t num_new = generation->grouper->num_groups() - generation->numbers.length();
  ICEFRAME_RETURN_NOT_OK(generation->numbers.Append(num_new, kNoNumber));
  uint32_t* numbers = generation->numbers.mutable_data();
  arrow::UInt32Builder first_rows(exec_.memory_pool());
  ICEFRAME_RETURN_NOT_OK(first_rows.Reserve(num_new));
  for (int64_t row = 0; row < ids.length(); ++row) {
    const uint32_t id = ids.Value(row);
    if (numbers[id] != kNoNumber) continue;
    generation->is_in_order = generation->is_in_order && id == next;
    numbers[id] = next++;
    first_rows.UnsafeAppend(static_cast<uint32_t>(row));
  }
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr rows, first_rows.Finish());
  ICEFRAME_ASSIGN_OR_RETURN(arrow::ArrayVector added,
                            TakeColumns(keys, *rows, exec_.memory_pool()));
  for (const ArrayPtr& key : added) generation->key_bytes += OffsetReach(*key->data());
  if (keys_use_ == KeysUse::kGivenBack) keys_.push_back(std::move(added));
  return Status::OK();
}

Result<GroupIds::Ids> GroupIds::Numbered(const Generation& generation, const Ids& ids) {
  if (generation.is_in_order && generation.first_group == 0) return ids;
  const auto first_group = static_cast<uint32_t>(generation.first_group);
  const uint32_t* numbers = generation.numbers.data();
  arrow::UInt32Builder numbered(exec_.memory_pool());
  ICEFRAME_RETURN_NOT_OK(numbered.Reserve(ids->length()));
  for (int64_t i = 0; i < ids->length(); ++i) {
    if (ids->IsNull(i)) {
      numbered.UnsafeAppendNull();
    } else {
      numbered.UnsafeAppend(first_group + numbers[ids->Value(i)]);
    }
  }
  Ids result;
  ICEFRAME_RETURN_NOT_OK(numbered.Finish(&result));
  return result;
}

Result<GroupIds::Ids> GroupIds::LookupIn(const Generation& generation,
                                         const arrow::ArrayVector& keys, int64_t num_rows) {
  const auto batch = BatchOf(keys, num_rows);
  ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum found,
                            generation.grouper->Lookup(arrow::compute::ExecSpan(batch)));
  return Numbered(generation, std::static_pointer_cast<arrow::UInt32Array>(found.make_array()));
}

Result<GroupIds::Ids> GroupIds::Consume(const arrow::ArrayVector& keys, int64_t num_rows) {
  ICEFRAME_ASSIGN_OR_RETURN(arrow::ArrayVector plain, Groupable(keys));
  if (generations_.empty() || generations_.back().key_bytes > max_bytes_) {
    ICEFRAME_RETURN_NOT_OK(AddGeneration(plain));
  }
  if (generations_.size() == 1) return ConsumeIn(&generations_[0], plain, num_rows);
  return ConsumeLast(plain, num_rows);
}

Result<GroupIds::Ids> GroupIds::ConsumeLast(const arrow::ArrayVector& keys, int64_t num_rows) {
  ICEFRAME_ASSIGN_OR_RETURN(Ids known, Lookup(keys, num_rows));
  if (known->null_count() == 0) return known;
  arrow::UInt32Builder unknown(exec_.memory_pool());
  for (int64_t row = 0; row < num_rows; ++row) {
    if (known->IsNull(row)) ICEFRAME_RETURN_NOT_OK(unknown.Append(static_cast<uint32_t>(row)));
  }
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr rows, unknown.Finish());
  ICEFRAME_ASSIGN_OR_RETURN(auto rest, TakeColumns(keys, *rows, exec_.memory_pool()));
  ICEFRAME_ASSIGN_OR_RETURN(Ids added, ConsumeIn(&generations_.back(), rest, rows->length()));
  arrow::UInt32Builder all(exec_.memory_pool());
  ICEFRAME_RETURN_NOT_OK(all.Reserve(num_rows));
  int64_t next = 0;
  for (int64_t row = 0; row < num_rows; ++row) {
    all.UnsafeAppend(known->IsNull(row) ? added->Value(next++) : known->Value(row));
  }
  Ids ids;
  ICEFRAME_RETURN_NOT_OK(all.Finish(&ids));
  return ids;
}

Result<GroupIds::Ids> GroupIds::Lookup(const arrow::ArrayVector& keys, int64_t num_rows) {
  ICEFRAME_ASSIGN_OR_RETURN(arrow::ArrayVector plain, Groupable(keys));
  if (generations_.empty()) ICEFRAME_RETURN_NOT_OK(AddGeneration(plain));
  ICEFRAME_ASSIGN_OR_RETURN(Ids ids, LookupIn(generations_[0], plain, num_rows));
  for (size_t i = 1; i < generations_.size() && ids->null_count() > 0; ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(Ids more, LookupIn(generations_[i], plain, num_rows));
    arrow::UInt32Builder either(exec_.memory_pool());
    ICEFRAME_RETURN_NOT_OK(either.Reserve(num_rows));
    for (int64_t row = 0; row < num_rows; ++row) {
      const arrow::UInt32Array& from = ids->IsValid(row) ? *ids : *more;
      ICEFRAME_RETURN_NOT_OK(from.IsValid(row) ? either.Append(from.Value(row))
                                               : either.AppendNull());
    }
    ICEFRAME_RETURN_NOT_OK(either.Finish(&ids));
  }
  return ids;
}

Result<arrow::ArrayVector> GroupIds::TakeKeys() {
  const std::vector<arrow::ArrayVector> batches = std::exchange(keys_, {});
  arrow::ArrayVector keys;
  for (size_t column = 0; !batches.empty() && column < batches[0].size(); ++column) {
    arrow::ArrayVector chunks;
    for (const arrow::ArrayVector& batch : batches) chunks.push_back(batch[column]);
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr key,
                              ConcatenateWithin(chunks, max_bytes_, exec_.memory_pool()));
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace iceframe
