// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/partition_splitter_internal.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/single_value.h"

namespace iceframe::internal {
namespace {

/// Rows by partition: `group_of[row]`, and for each group its first row.
struct Grouping {
  std::vector<uint32_t> group_of;
  std::vector<int64_t> first_row;
};

/// Refines `grouping` by a column's values as bytes; `bytes_at(row)` gives a value's bytes, and
/// nulls form a group of their own.
template <typename BytesAt>
void Refine(const arrow::Array& array, const BytesAt& bytes_at, Grouping* grouping) {
  struct Key {
    uint32_t group;
    bool is_null;
    std::string_view bytes;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const {
      return std::hash<std::string_view>{}(key.bytes) * 31 + key.group * 2654435761U +
             (key.is_null ? 1U : 0U);
    }
  };
  std::unordered_map<Key, uint32_t, Hash> groups;
  std::vector<int64_t> first_row;
  Key last{0, false, {}};
  uint32_t last_group = 0;
  for (int64_t row = 0; row < array.length(); ++row) {
    uint32_t& group = grouping->group_of[static_cast<size_t>(row)];
    const bool is_null = array.IsNull(row);
    const Key key{group, is_null, is_null ? std::string_view() : bytes_at(row)};
    if (row > 0 && key == last) {
      group = last_group;
      continue;
    }
    auto [found, added] = groups.try_emplace(key, static_cast<uint32_t>(first_row.size()));
    if (added) first_row.push_back(row);
    last = key;
    group = last_group = found->second;
  }
  grouping->first_row = std::move(first_row);
}

Status RefineBy(const arrow::Array& typed, Grouping* grouping) {
  const arrow::Array* array = &typed;
  if (array->type_id() == arrow::Type::EXTENSION) {
    array = static_cast<const arrow::ExtensionArray&>(typed).storage().get();
  }
  switch (array->type_id()) {
    case arrow::Type::NA:
      return Status::OK();
    case arrow::Type::BOOL: {
      const auto& values = static_cast<const arrow::BooleanArray&>(*array);
      Refine(
          values, [&](int64_t row) { return std::string_view(values.Value(row) ? "1" : "0"); },
          grouping);
      return Status::OK();
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      const auto& values = static_cast<const arrow::BinaryArray&>(*array);
      Refine(values, [&](int64_t row) { return values.GetView(row); }, grouping);
      return Status::OK();
    }
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE: {
      // All NaNs are one partition, the two zeros are two.
      const bool narrow = array->type_id() == arrow::Type::FLOAT;
      std::vector<uint64_t> bits(static_cast<size_t>(array->length()));
      for (int64_t row = 0; row < array->length(); ++row) {
        const double value =
            narrow ? static_cast<double>(static_cast<const arrow::FloatArray&>(*array).Value(row))
                   : static_cast<const arrow::DoubleArray&>(*array).Value(row);
        bits[static_cast<size_t>(row)] =
            std::isnan(value) ? ~uint64_t{0} : std::bit_cast<uint64_t>(value);
      }
      Refine(
          *array,
          [&](int64_t row) {
            return std::string_view(reinterpret_cast<const char*>(&bits[static_cast<size_t>(row)]),
                                    sizeof(uint64_t));
          },
          grouping);
      return Status::OK();
    }
    default: {
      const int width = array->type()->byte_width();
      if (width <= 0) {
        return Error(ErrorKind::kUnsupported,
                     "partition values of this type can't be grouped: ", array->type()->ToString());
      }
      const char* values = reinterpret_cast<const char*>(array->data()->buffers[1]->data()) +
                           array->offset() * width;
      Refine(
          *array,
          [&](int64_t row) {
            return std::string_view(values + row * width, static_cast<size_t>(width));
          },
          grouping);
      return Status::OK();
    }
  }
}

Result<std::string> PartitionKey(const Type& type, const Value& value) {
  if (value.is_null()) return std::string("n");
  Value folded = value;
  if (value.holds<float>() && std::isnan(value.get<float>())) folded = Value(std::nanf(""));
  if (value.holds<double>() && std::isnan(value.get<double>())) folded = Value(std::nan(""));
  ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, ToSingleValueBytes(type, folded));
  const auto length = static_cast<uint32_t>(bytes.size());
  std::string key(1 + sizeof(length), 'v');
  std::memcpy(key.data() + 1, &length, sizeof(length));
  return key + bytes;
}

/// The rows of each group as positions, groups one after the other.
struct Positions {
  std::shared_ptr<arrow::Buffer> values;  // int32
  std::vector<int64_t> begin;             // per group, and the end
  std::vector<bool> adjacent;
};

Result<Positions> GroupPositions(const Grouping& grouping, arrow::MemoryPool* pool) {
  const size_t num_groups = grouping.first_row.size();
  Positions positions;
  positions.begin.assign(num_groups + 1, 0);
  for (uint32_t group : grouping.group_of) ++positions.begin[group + 1];
  for (size_t group = 0; group < num_groups; ++group) {
    positions.begin[group + 1] += positions.begin[group];
  }
  const auto num_rows = static_cast<int64_t>(grouping.group_of.size());
  ICEFRAME_ASSIGN_OR_RETURN(
      positions.values,
      arrow::AllocateBuffer(num_rows * static_cast<int64_t>(sizeof(int32_t)), pool));
  auto* out = reinterpret_cast<int32_t*>(positions.values->mutable_data());
  std::vector<int64_t> next(positions.begin.begin(), positions.begin.end() - 1);
  for (int64_t row = 0; row < num_rows; ++row) {
    out[next[grouping.group_of[static_cast<size_t>(row)]]++] = static_cast<int32_t>(row);
  }
  for (size_t group = 0; group < num_groups; ++group) {
    const int64_t count = positions.begin[group + 1] - positions.begin[group];
    positions.adjacent.push_back(
        out[positions.begin[group + 1] - 1] - out[positions.begin[group]] + 1 == count);
  }
  return positions;
}

}  // namespace

Result<PartitionSplitter> PartitionSplitter::Make(const Schema& schema, const PartitionSpec& spec) {
  ICEFRAME_RETURN_NOT_OK(arrow::compute::Initialize());
  PartitionSplitter splitter;
  for (const PartitionField& partition_field : spec.fields) {
    Field field;
    field.transform = partition_field.transform;
    if (partition_field.source_ids.size() != 1 ||
        partition_field.transform.kind() == TransformKind::kUnknown) {
      return Error(ErrorKind::kUnsupported,
                   "tables with this partition field can't be written: ", partition_field.name, " ",
                   partition_field.transform.ToString());
    }
    const NestedField* source = schema.FindField(partition_field.source_id());
    const bool is_void = partition_field.transform.kind() == TransformKind::kVoid;
    if (source != nullptr) field.path = schema.StructPath(source->id);
    if (!is_void && field.path.empty()) {
      return Error(ErrorKind::kUnsupported,
                   "the partition field's source column is missing or inside a list or map: ",
                   partition_field.name);
    }
    if (source != nullptr) {
      field.column = schema.FullName(source->id);
      field.source_type = source->type;
      ICEFRAME_ASSIGN_OR_RETURN(field.result_type, field.transform.ResultType(source->type));
    }
    splitter.fields_.push_back(std::move(field));
  }
  return splitter;
}

Result<std::vector<PartitionRows>> PartitionSplitter::Split(const arrow::RecordBatch& batch,
                                                            arrow::MemoryPool* pool) const {
  Grouping grouping;
  grouping.group_of.assign(static_cast<size_t>(batch.num_rows()), 0);
  grouping.first_row.assign(1, 0);
  std::vector<std::shared_ptr<arrow::Array>> transformed;
  for (const Field& field : fields_) {
    if (field.transform.kind() == TransformKind::kVoid) {
      transformed.push_back(nullptr);
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto source, ColumnAt(batch, field.path, pool));
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(auto values,
                                      field.transform.Apply(field.source_type, *source, pool),
                                      "column", field.column);
    ICEFRAME_RETURN_NOT_OK(RefineBy(*values, &grouping));
    transformed.push_back(std::move(values));
  }
  std::vector<PartitionRows> partitions(grouping.first_row.size());
  for (size_t group = 0; group < partitions.size(); ++group) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      Value value;
      if (transformed[i] != nullptr) {
        ICEFRAME_ASSIGN_OR_RETURN(value, ValueFromArrow(fields_[i].result_type, *transformed[i],
                                                        grouping.first_row[group]));
      }
      ICEFRAME_ASSIGN_OR_RETURN(std::string key, PartitionKey(fields_[i].result_type, value));
      partitions[group].key += key;
      partitions[group].partition.push_back(std::move(value));
    }
  }
  if (partitions.size() == 1) {
    partitions[0].rows =
        arrow::RecordBatch::Make(batch.schema(), batch.num_rows(), batch.columns());
    return partitions;
  }
  ICEFRAME_ASSIGN_OR_RETURN(Positions positions, GroupPositions(grouping, pool));
  arrow::compute::ExecContext exec(pool);
  exec.set_use_threads(false);
  const auto whole = arrow::RecordBatch::Make(batch.schema(), batch.num_rows(), batch.columns());
  for (size_t group = 0; group < partitions.size(); ++group) {
    const int64_t begin = positions.begin[group];
    const int64_t count = positions.begin[group + 1] - begin;
    if (positions.adjacent[group]) {
      partitions[group].rows = whole->Slice(grouping.first_row[group], count);
      continue;
    }
    auto indices = std::make_shared<arrow::Int32Array>(
        count, arrow::SliceBuffer(positions.values, begin * 4, count * 4));
    ICEFRAME_ASSIGN_OR_RETURN(
        arrow::Datum taken,
        arrow::compute::Take(whole, indices, arrow::compute::TakeOptions::NoBoundsCheck(), &exec));
    partitions[group].rows = taken.record_batch();
  }
  return partitions;
}

}  // namespace iceframe::internal
