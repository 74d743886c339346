// SPDX-License-Identifier: Apache-2.0
// Lossless casts to columns of one width: fixed[L] and uuid, from bytes of it and the text of
// uuids.
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/lossless_cast_internal.h"
#include "iceframe/types/value_text.h"

namespace iceframe::internal {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

constexpr int32_t kUuidWidth = 16;

std::optional<std::string> SameBytes(std::string_view bytes) { return std::string(bytes); }

// The values in a fixed_size_binary array, each read by `read`; nullopt from it or another width
// is a value that does not fit.
template <typename Values, typename Read>
Result<ArrayPtr> ToWidth(const CastPlace& place, const Type& to, int32_t width,
                         const arrow::Array& array, Read read) {
  const auto& values = static_cast<const Values&>(array);
  const int64_t length = values.length();
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> data,
                            arrow::AllocateBuffer(length * width, place.pool));
  auto* out = reinterpret_cast<char*>(data->mutable_data());
  for (int64_t i = 0; i < length; ++i) {
    char* slot = out + i * width;
    if (values.IsNull(i)) {
      std::memset(slot, 0, static_cast<size_t>(width));
      continue;
    }
    const std::optional<std::string> bytes = read(values.GetView(i));
    if (!bytes || bytes->size() != static_cast<size_t>(width)) {
      return LossyValue(place, array, to, i);
    }
    std::memcpy(slot, bytes->data(), bytes->size());
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (array.null_count() > 0) {
    ICEFRAME_ASSIGN_OR_RETURN(
        validity,
        arrow::internal::CopyBitmap(place.pool, array.null_bitmap_data(), array.offset(), length));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::fixed_size_binary(width), length,
                                                 {std::move(validity), std::move(data)},
                                                 array.null_count()));
}

Result<ArrayPtr> ToStorage(const CastPlace& place, const Type& to, int32_t width,
                           const ArrayPtr& values) {
  switch (values->type_id()) {
    case arrow::Type::BINARY:
      return ToWidth<arrow::BinaryArray>(place, to, width, *values, SameBytes);
    case arrow::Type::LARGE_BINARY:
      return ToWidth<arrow::LargeBinaryArray>(place, to, width, *values, SameBytes);
    case arrow::Type::BINARY_VIEW:
      return ToWidth<arrow::BinaryViewArray>(place, to, width, *values, SameBytes);
    case arrow::Type::FIXED_SIZE_BINARY:
      if (values->type()->Equals(arrow::fixed_size_binary(width))) return values;
      return NoCast(place, *values->type(), to);
    default:
      break;
  }
  if (width != kUuidWidth) return NoCast(place, *values->type(), to);
  switch (values->type_id()) {
    case arrow::Type::STRING:
      return ToWidth<arrow::StringArray>(place, to, width, *values, UuidFromText);
    case arrow::Type::LARGE_STRING:
      return ToWidth<arrow::LargeStringArray>(place, to, width, *values, UuidFromText);
    case arrow::Type::STRING_VIEW:
      return ToWidth<arrow::StringViewArray>(place, to, width, *values, UuidFromText);
    default:
      return NoCast(place, *values->type(), to);
  }
}

}  // namespace

Result<ArrayPtr> CastToFixed(const CastPlace& place, const Type& to, const ArrayPtr& values) {
  const bool is_uuid = to.id() == TypeId::kUuid;
  ICEFRAME_ASSIGN_OR_RETURN(const ArrayPtr storage,
                            ToStorage(place, to, is_uuid ? kUuidWidth : to.length(), values));
  if (!is_uuid) return storage;
  ICEFRAME_ASSIGN_OR_RETURN(const auto type, ToArrowType(to));
  return arrow::ExtensionType::WrapArray(type, storage);
}

}  // namespace iceframe::internal
