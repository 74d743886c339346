// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>

#include "iceframe/execution/nested_key_internal.h"
#include "iceframe/types/wide_array.h"

namespace iceframe {

namespace {

constexpr char kNull = 0;
constexpr char kValue = 1;

template <typename T>
void AppendBytes(T value, std::string* key) {
  key->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename Float>
void AppendFloat(const arrow::Array& values, int64_t row, std::string* key) {
  Float value = values.data()->GetValues<Float>(1)[row];
  if (std::isnan(value)) value = std::numeric_limits<Float>::quiet_NaN();
  AppendBytes(value == 0 ? Float{0} : value, key);
}

/// An array with those below it, as they are needed for each of its rows.
class KeyWriter {
 public:
  explicit KeyWriter(const ArrayPtr& array) : array_(StorageForm(array)) {
    switch (array_->type_id()) {
      case arrow::Type::STRUCT:
        for (const ArrayPtr& child : static_cast<const arrow::StructArray&>(*array_).fields()) {
          below_.emplace_back(child);
        }
        break;
      case arrow::Type::MAP:
        below_.emplace_back(static_cast<const arrow::MapArray&>(*array_).keys());
        below_.emplace_back(static_cast<const arrow::MapArray&>(*array_).items());
        break;
      case arrow::Type::LIST:
        below_.emplace_back(static_cast<const arrow::ListArray&>(*array_).values());
        break;
      default:
        break;
    }
  }

  bool IsNull(int64_t row) const {
    return array_->type_id() == arrow::Type::NA || array_->IsNull(row);
  }

  void Append(int64_t row, std::string* key) const {
    key->push_back(IsNull(row) ? kNull : kValue);
    if (!IsNull(row)) AppendValue(row, key);
  }

 private:
  void AppendValue(int64_t row, std::string* key) const {
    switch (array_->type_id()) {
      case arrow::Type::STRUCT:
        for (const KeyWriter& child : below_) child.Append(row, key);
        return;
      case arrow::Type::MAP:
      case arrow::Type::LIST: {
        const auto& list = static_cast<const arrow::ListArray&>(*array_);
        AppendBytes(list.value_length(row), key);
        const int64_t end = list.value_offset(row) + list.value_length(row);
        for (int64_t i = list.value_offset(row); i < end; ++i) {
          for (const KeyWriter& child : below_) child.Append(i, key);
        }
        return;
      }
      case arrow::Type::STRING:
      case arrow::Type::BINARY: {
        const auto bytes = static_cast<const arrow::BinaryArray&>(*array_).GetView(row);
        AppendBytes(bytes.size(), key);
        key->append(bytes);
        return;
      }
      case arrow::Type::BOOL:
        key->push_back(static_cast<const arrow::BooleanArray&>(*array_).Value(row) ? 1 : 0);
        return;
      case arrow::Type::FLOAT:
        return AppendFloat<float>(*array_, row, key);
      case arrow::Type::DOUBLE:
        return AppendFloat<double>(*array_, row, key);
      default: {
        // All others have a fixed width.
        const auto width = static_cast<size_t>(array_->type()->byte_width());
        const auto place = static_cast<size_t>(array_->offset() + row);
        key->append(array_->data()->GetValues<char>(1, 0) + place * width, width);
      }
    }
  }

  ArrayPtr array_;
  std::vector<KeyWriter> below_;
};

}  // namespace

Result<ArrayPtr> NestedKey(const ArrayPtr& column, arrow::MemoryPool* pool) {
  const KeyWriter writer(column);
  arrow::LargeBinaryBuilder keys(pool);
  std::string key;
  for (int64_t row = 0; row < column->length(); ++row) {
    if (writer.IsNull(row)) {
      ICEFRAME_RETURN_NOT_OK(keys.AppendNull());
      continue;
    }
    key.clear();
    writer.Append(row, &key);
    ICEFRAME_RETURN_NOT_OK(keys.Append(key));
  }
  return keys.Finish();
}

Status NestedKeyValues::Add(const arrow::ArrayVector& keys, const arrow::UInt32Array& groups,
                            int64_t num_known, int64_t num_groups) {
  const auto is_nested = [](const ArrayPtr& key) { return arrow::is_nested(key->type_id()); };
  if (std::ranges::none_of(keys, is_nested)) return Status::OK();
  std::vector<std::optional<uint64_t>> first_rows(static_cast<size_t>(num_groups - num_known));
  for (int64_t row = 0; row < groups.length(); ++row) {
    if (groups.Value(row) < num_known) continue;
    auto& first = first_rows[groups.Value(row) - static_cast<size_t>(num_known)];
    if (!first) first = static_cast<uint64_t>(row);
  }
  arrow::UInt64Builder builder(pool_);
  for (const auto& row : first_rows) ICEFRAME_RETURN_NOT_OK(builder.Append(row.value_or(0)));
  ICEFRAME_ASSIGN_OR_RETURN(const ArrayPtr rows, builder.Finish());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!is_nested(keys[i])) continue;
    ICEFRAME_ASSIGN_OR_RETURN(auto taken, TakeColumns({keys[i]}, *rows, pool_));
    values_[i].push_back(std::move(taken[0]));
  }
  return Status::OK();
}

Status NestedKeyValues::PutBack(arrow::ArrayVector* columns) const {
  for (const auto& [i, pieces] : values_) {
    ICEFRAME_ASSIGN_OR_RETURN((*columns)[i], ConcatenateWithin(pieces, max_bytes_, pool_));
  }
  return Status::OK();
}

}  // namespace iceframe
