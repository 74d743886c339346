// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "iceframe/execution/join_table_internal.h"

namespace iceframe {

namespace {

constexpr uint32_t kNoGroup = std::numeric_limits<uint32_t>::max();

bool IsAnyNull(const arrow::ArrayVector& keys, int64_t row) {
  return std::ranges::any_of(keys, [row](const ArrayPtr& key) { return key->IsNull(row); });
}

bool HasNulls(const arrow::ArrayVector& keys) {
  return std::ranges::any_of(keys, [](const ArrayPtr& key) { return key->null_count() > 0; });
}

}  // namespace

Status JoinTable::Build(Operator* input, const std::vector<Expression>& keys) {
  arrow::TypedBufferBuilder<uint32_t> groups(context_.pool());
  std::vector<EvaluatedPart> parts;
  ICEFRAME_RETURN_NOT_OK(
      ForEachPart(input, keys, max_bytes_, context_.pool(), [&](EvaluatedPart part) -> Status {
        if (!keys.empty()) ICEFRAME_RETURN_NOT_OK(AddGroups(part, &groups));
        part.values.clear();
        parts.push_back(std::move(part));
        return Status::OK();
      }));
  const RowHolder holder(*input->schema(), {}, context_, max_bytes_);
  ICEFRAME_ASSIGN_OR_RETURN(rows_, holder.Join({}, std::move(parts)));
  if (num_rows() >= kNoGroup) {
    return Error(ErrorKind::kResourceExhausted,
                 "the side of a join that is held in memory has too many rows: ", num_rows(),
                 "; filter it, or put the larger table first");
  }
  const int64_t num_bytes = num_rows() * 2 * static_cast<int64_t>(sizeof(uint32_t));
  ICEFRAME_ASSIGN_OR_RETURN(reservation_, MemoryReservation::Make(context_.memory, num_bytes));
  if (keys.empty()) {
    offsets_ = {0, static_cast<uint32_t>(num_rows())};
    row_numbers_.resize(static_cast<size_t>(num_rows()));
    std::iota(row_numbers_.begin(), row_numbers_.end(), 0U);
    return Status::OK();
  }
  return IndexRows({groups.data(), static_cast<size_t>(groups.length())});
}

Status JoinTable::AddGroups(const EvaluatedPart& part,
                            arrow::TypedBufferBuilder<uint32_t>* groups) {
  const int64_t num_rows = part.rows->num_rows();
  ICEFRAME_RETURN_NOT_OK(groups->Reserve(num_rows));
  ICEFRAME_ASSIGN_OR_RETURN(auto ids, groups_.Consume(part.values, num_rows));
  const bool has_nulls = HasNulls(part.values);
  for (int64_t row = 0; row < num_rows; ++row) {
    const bool is_found = !has_nulls || !IsAnyNull(part.values, row);
    groups->UnsafeAppend(is_found ? ids->Value(row) : kNoGroup);
  }
  return Status::OK();
}

// Counting sort by group, which keeps the rows' order.
Status JoinTable::IndexRows(std::span<const uint32_t> groups) {
  offsets_.assign(static_cast<size_t>(groups_.num_groups()) + 1, 0);
  const auto for_each_found = [&](const auto& visit) -> Status {
    for (size_t row = 0; row < groups.size(); ++row) {
      if (row % kRowsPerCheck == 0) ICEFRAME_RETURN_NOT_OK(context_.Check());
      if (groups[row] != kNoGroup) visit(static_cast<uint32_t>(row), groups[row]);
    }
    return Status::OK();
  };
  ICEFRAME_RETURN_NOT_OK(
      for_each_found([&](uint32_t, uint32_t group) { ++offsets_[size_t{group} + 1]; }));
  std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
  row_numbers_.resize(offsets_.back());
  std::vector<uint32_t> next(offsets_.begin(), offsets_.end() - 1);
  return for_each_found([&](uint32_t row, uint32_t group) { row_numbers_[next[group]++] = row; });
}

Result<std::shared_ptr<arrow::UInt32Array>> JoinTable::Find(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::vector<Expression>& keys) {
  if (keys.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(
        ArrayPtr zeros,
        arrow::MakeArrayFromScalar(arrow::UInt32Scalar(0), batch->num_rows(), context_.pool()));
    return std::static_pointer_cast<arrow::UInt32Array>(zeros);
  }
  EvaluatedParts parts(keys, max_bytes_, context_.pool());
  parts.Start(batch);
  arrow::ArrayVector found;
  while (!parts.is_at_end()) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedPart part, parts.Next());
    // Groups of null keys have no rows, so a null finds nothing.
    ICEFRAME_ASSIGN_OR_RETURN(auto ids, groups_.Lookup(part.values, part.rows->num_rows()));
    found.push_back(std::move(ids));
  }
  ArrayPtr all = found[0];
  if (found.size() > 1) {
    ICEFRAME_ASSIGN_OR_RETURN(all, arrow::Concatenate(found, context_.pool()));
  }
  return std::static_pointer_cast<arrow::UInt32Array>(all);
}

}  // namespace iceframe
