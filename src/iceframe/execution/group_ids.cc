// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>

#include "iceframe/execution/group_ids_internal.h"
#include "iceframe/types/offset_reach.h"
#include "iceframe/types/wide_array.h"

namespace iceframe {

namespace {

arrow::compute::ExecBatch BatchOf(const arrow::ArrayVector& keys, int64_t num_rows) {
  return arrow::compute::ExecBatch(std::vector<arrow::Datum>(keys.begin(), keys.end()), num_rows);
}

// The text of rows of groups from `first_new` on, of each group once.
int64_t BytesOfNewGroups(const arrow::ArrayVector& keys, const arrow::UInt32Array& ids,
                         int64_t first_new, int64_t num_groups) {
  arrow::ArrayVector texts;
  for (const ArrayPtr& key : keys) {
    if (OffsetReach(*key->data()) > 0) texts.push_back(key);
  }
  if (texts.empty()) return 0;
  std::vector<bool> is_counted(static_cast<size_t>(num_groups - first_new));
  int64_t bytes = 0;
  for (int64_t row = 0; row < ids.length(); ++row) {
    const int64_t group = int64_t{ids.Value(row)} - first_new;
    if (group < 0 || is_counted[static_cast<size_t>(group)]) continue;
    is_counted[static_cast<size_t>(group)] = true;
    for (const ArrayPtr& text : texts) bytes += OffsetReach(*text->data(), row, 1);
  }
  return bytes;
}

// Groups of one generation as those of all.
Result<std::shared_ptr<arrow::UInt32Array>> Shifted(const arrow::Datum& found, int64_t first_group,
                                                    arrow::MemoryPool* pool) {
  auto ids = std::static_pointer_cast<arrow::UInt32Array>(found.make_array());
  if (first_group == 0) return ids;
  arrow::UInt32Builder shifted(pool);
  ICEFRAME_RETURN_NOT_OK(shifted.Reserve(ids->length()));
  for (int64_t i = 0; i < ids->length(); ++i) {
    if (ids->IsNull(i)) {
      shifted.UnsafeAppendNull();
    } else {
      shifted.UnsafeAppend(ids->Value(i) + static_cast<uint32_t>(first_group));
    }
  }
  ICEFRAME_RETURN_NOT_OK(shifted.Finish(&ids));
  return ids;
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
  Generation generation;
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
  const int64_t after = generation->grouper->num_groups();
  if (after > before) {
    const auto ids = std::static_pointer_cast<arrow::UInt32Array>(found.make_array());
    generation->key_bytes += BytesOfNewGroups(keys, *ids, before, after);
  }
  return Shifted(found, generation->first_group, exec_.memory_pool());
}

Result<GroupIds::Ids> GroupIds::LookupIn(const Generation& generation,
                                         const arrow::ArrayVector& keys, int64_t num_rows) {
  const auto batch = BatchOf(keys, num_rows);
  ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum found,
                            generation.grouper->Lookup(arrow::compute::ExecSpan(batch)));
  return Shifted(found, generation.first_group, exec_.memory_pool());
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

Result<arrow::ArrayVector> GroupIds::Keys() {
  std::vector<arrow::ArrayVector> chunks;
  for (const Generation& generation : generations_) {
    ICEFRAME_ASSIGN_OR_RETURN(arrow::compute::ExecBatch uniques, generation.grouper->GetUniques());
    chunks.resize(uniques.values.size());
    for (size_t i = 0; i < chunks.size(); ++i) chunks[i].push_back(uniques.values[i].make_array());
  }
  arrow::ArrayVector keys;
  for (const arrow::ArrayVector& chunk : chunks) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr key,
                              ConcatenateWithin(chunk, max_bytes_, exec_.memory_pool()));
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace iceframe
