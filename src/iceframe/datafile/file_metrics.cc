// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <arrow/api.h>

#include "iceframe/datafile/file_metrics_internal.h"
#include "iceframe/datafile/parquet_column_internal.h"
#include "iceframe/datafile/parquet_statistics_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe::internal {
namespace {

template <typename ArrayType>
int64_t CountNansOf(const arrow::Array& array) {
  const auto& typed = static_cast<const ArrayType&>(array);
  int64_t count = 0;
  if (typed.null_count() == 0) {
    const auto* values = typed.raw_values();
    for (int64_t i = 0; i < typed.length(); ++i) count += values[i] != values[i] ? 1 : 0;
    return count;
  }
  for (int64_t i = 0; i < typed.length(); ++i) {
    if (typed.IsValid(i) && std::isnan(typed.Value(i))) ++count;
  }
  return count;
}

/// Bounds over all row groups so far.
struct Bounds {
  std::optional<Value> lower;
  std::optional<Value> upper;
};

void Widen(const Type& type, const Value& lower, const Value& upper, Bounds* bounds) {
  if (!bounds->lower || CompareValues(type, lower, *bounds->lower) < 0) bounds->lower = lower;
  if (!bounds->upper || CompareValues(type, upper, *bounds->upper) > 0) bounds->upper = upper;
}

std::optional<Value> CutLower(const Type& type, const MetricsMode& mode, const Value& value) {
  if (type.id() == TypeId::kString) {
    // Also whole bounds must be UTF-8: no reader could make sense of others.
    const int32_t length = mode.kind == MetricsMode::Kind::kTruncate
                               ? mode.length
                               : static_cast<int32_t>(value.get<std::string>().size());
    auto cut = TruncateTextLowerBound(value.get<std::string>(), length);
    return cut ? std::optional<Value>(Value(std::move(*cut))) : std::nullopt;
  }
  if (type.id() == TypeId::kBinary && mode.kind == MetricsMode::Kind::kTruncate) {
    return Value(TruncateBinaryLowerBound(value.get<std::string>(), mode.length));
  }
  return value;
}

std::optional<Value> CutUpper(const Type& type, const MetricsMode& mode, const Value& value) {
  std::optional<std::string> cut;
  if (type.id() == TypeId::kString) {
    const int32_t length = mode.kind == MetricsMode::Kind::kTruncate
                               ? mode.length
                               : static_cast<int32_t>(value.get<std::string>().size());
    cut = TruncateTextUpperBound(value.get<std::string>(), length);
  } else if (type.id() == TypeId::kBinary && mode.kind == MetricsMode::Kind::kTruncate) {
    cut = TruncateBinaryUpperBound(value.get<std::string>(), mode.length);
  } else {
    return value;
  }
  return cut ? std::optional<Value>(Value(std::move(*cut))) : std::nullopt;
}

Status StoreBounds(FieldId id, const ParquetWriteSetup::Leaf& leaf, const Value& lower,
                   const Value& upper, DataFile* file) {
  if (auto cut = CutLower(leaf.type, leaf.mode, lower)) {
    ICEFRAME_ASSIGN_OR_RETURN(file->lower_bounds[id], ToSingleValueBytes(leaf.type, *cut));
  }
  if (auto cut = CutUpper(leaf.type, leaf.mode, upper)) {
    ICEFRAME_ASSIGN_OR_RETURN(file->upper_bounds[id], ToSingleValueBytes(leaf.type, *cut));
  }
  return Status::OK();
}

/// Gathers one leaf column over the row groups.
class LeafMetrics {
 public:
  LeafMetrics(FieldId id, const ParquetWriteSetup::Leaf& leaf) : id_(id), leaf_(leaf) {}

  void Add(const parquet::ColumnChunkMetaData& chunk, const parquet::ColumnDescriptor& column) {
    size_ += chunk.total_compressed_size();
    value_count_ += chunk.num_values();
    const ColumnBounds bounds = ChunkBounds(chunk, column, leaf_.type);
    if (!bounds.null_count) {
      complete_counts_ = complete_bounds_ = false;
      return;
    }
    null_count_ += *bounds.null_count;
    if (bounds.lower && bounds.upper) {
      Widen(leaf_.type, *bounds.lower, *bounds.upper, &bounds_);
    } else if (*bounds.null_count < chunk.num_values()) {
      missing_bounds_values_ += chunk.num_values() - *bounds.null_count;
    }
  }

  Status Store(std::optional<int64_t> nan_count, DataFile* file) const {
    if (!leaf_.mode.keeps_counts()) return Status::OK();
    file->column_sizes[id_] = size_;
    file->value_counts[id_] = value_count_;
    if (complete_counts_) file->null_value_counts[id_] = null_count_;
    if (nan_count) file->nan_value_counts[id_] = *nan_count;
    if (!leaf_.mode.keeps_bounds() || !leaf_.in_struct) return Status::OK();
    // Row groups without bounds are fine only where they hold nothing but NaN.
    const bool explained =
        missing_bounds_values_ == 0 || (nan_count && missing_bounds_values_ <= *nan_count);
    if (!complete_bounds_ || !explained) return Status::OK();
    if (!bounds_.lower || !bounds_.upper) return Status::OK();
    return StoreBounds(id_, leaf_, *bounds_.lower, *bounds_.upper, file);
  }

 private:
  FieldId id_;
  const ParquetWriteSetup::Leaf& leaf_;
  int64_t size_ = 0;
  int64_t value_count_ = 0;
  int64_t null_count_ = 0;
  int64_t missing_bounds_values_ = 0;
  bool complete_counts_ = true;
  bool complete_bounds_ = true;
  Bounds bounds_;
};

}  // namespace

Result<int64_t> CountNans(const arrow::RecordBatch& batch, const std::vector<int>& path,
                          arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(auto array, ColumnAt(batch, path, pool));
  if (array->type_id() == arrow::Type::FLOAT) return CountNansOf<arrow::FloatArray>(*array);
  return CountNansOf<arrow::DoubleArray>(*array);
}

Result<DataFile> MakeFileMetrics(const parquet::FileMetaData& metadata,
                                 const ParquetWriteSetup& setup,
                                 const std::map<FieldId, int64_t>& nan_counts) {
  DataFile file;
  file.record_count = metadata.num_rows();
  const parquet::SchemaDescriptor& schema = *metadata.schema();
  std::map<FieldId, LeafMetrics> leaves;
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    auto row_group = metadata.RowGroup(group);
    for (int i = 0; i < row_group->num_columns(); ++i) {
      auto chunk = row_group->ColumnChunk(i);
      if (i == 0) file.split_offsets.push_back(FirstByte(*chunk));
      const parquet::ColumnDescriptor& column = *schema.Column(i);
      const FieldId id = column.schema_node()->field_id();
      auto leaf = setup.leaves.find(id);
      if (leaf == setup.leaves.end()) continue;
      leaves.try_emplace(id, id, leaf->second).first->second.Add(*chunk, column);
    }
  }
  for (const auto& [id, leaf] : leaves) {
    auto nans = nan_counts.find(id);
    ICEFRAME_RETURN_NOT_OK(leaf.Store(
        nans == nan_counts.end() ? std::nullopt : std::optional<int64_t>(nans->second), &file));
  }
  return file;
}

}  // namespace iceframe::internal
