// SPDX-License-Identifier: Apache-2.0
// Transforms on whole Arrow arrays: one loop per kind and physical type.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/extension_type.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/base/utf8.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/copy_validity_internal.h"
#include "iceframe/types/transform.h"
#include "iceframe/types/transform_functions_internal.h"

namespace iceframe {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// Calls `function(i, &out)` for every value that is not null; a null's place holds zeros.
template <typename Out, typename Function>
Result<ArrayPtr> MapValues(const arrow::Array& values, std::shared_ptr<arrow::DataType> type,
                           arrow::MemoryPool* pool, Function&& function) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> validity,
                            internal::CopyValidity(values, pool));
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> data,
      arrow::AllocateBuffer(values.length() * static_cast<int64_t>(sizeof(Out)), pool));
  auto* out = reinterpret_cast<Out*>(data->mutable_data());
  if (validity == nullptr) {
    for (int64_t i = 0; i < values.length(); ++i) {
      ICEFRAME_RETURN_NOT_OK(function(i, out + i));
    }
  } else {
    std::memset(data->mutable_data(), 0, static_cast<size_t>(data->size()));
    for (int64_t i = 0; i < values.length(); ++i) {
      if (values.IsValid(i)) ICEFRAME_RETURN_NOT_OK(function(i, out + i));
    }
  }
  const int64_t num_nulls = values.null_count();
  return arrow::MakeArray(arrow::ArrayData::Make(
      std::move(type), values.length(), {std::move(validity), std::move(data)}, num_nulls));
}

// As MapValues for functions that can't fail, without a branch per null: what lies under a null
// is transformed too, which is harmless.
template <typename Out, typename Function>
Result<ArrayPtr> MapAll(const arrow::Array& values, std::shared_ptr<arrow::DataType> type,
                        arrow::MemoryPool* pool, Function&& function) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> validity,
                            internal::CopyValidity(values, pool));
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> data,
      arrow::AllocateBuffer(values.length() * static_cast<int64_t>(sizeof(Out)), pool));
  auto* out = reinterpret_cast<Out*>(data->mutable_data());
  for (int64_t i = 0; i < values.length(); ++i) out[i] = function(i);
  const int64_t num_nulls = values.null_count();
  return arrow::MakeArray(arrow::ArrayData::Make(
      std::move(type), values.length(), {std::move(validity), std::move(data)}, num_nulls));
}

template <typename T>
const T* RawValues(const arrow::Array& values) {
  return values.data()->GetValues<T>(1);
}

bool IsWide(const Type& source) {
  return source.id() != TypeId::kInt && source.id() != TypeId::kDate;
}

std::string_view ViewOf(const arrow::Array& values, int64_t i) {
  if (values.type_id() == arrow::Type::FIXED_SIZE_BINARY) {
    return static_cast<const arrow::FixedSizeBinaryArray&>(values).GetView(i);
  }
  return static_cast<const arrow::BinaryArray&>(values).GetView(i);
}

Result<ArrayPtr> BucketArray(const Transform& transform, const Type& source,
                             const arrow::Array& values, arrow::MemoryPool* pool) {
  const int32_t num_buckets = transform.parameter();
  const auto& type = arrow::int32();
  if (source.id() == TypeId::kDecimal) {
    const auto& decimals = static_cast<const arrow::Decimal128Array&>(values);
    return MapAll<int32_t>(values, type, pool, [&](int64_t i) {
      const internal::DecimalBytes bytes(arrow::Decimal128(decimals.GetValue(i)));
      return internal::BucketOf(Murmur3(bytes.view()), num_buckets);
    });
  }
  if (values.type_id() == arrow::Type::STRING || values.type_id() == arrow::Type::BINARY ||
      values.type_id() == arrow::Type::FIXED_SIZE_BINARY) {
    return MapAll<int32_t>(values, type, pool, [&](int64_t i) {
      return internal::BucketOf(Murmur3(ViewOf(values, i)), num_buckets);
    });
  }
  if (!IsWide(source)) {
    const int32_t* raw = RawValues<int32_t>(values);
    return MapAll<int32_t>(values, type, pool, [=](int64_t i) {
      return internal::BucketOf(Murmur3OfLong(raw[i]), num_buckets);
    });
  }
  const bool nanos = source.id() == TypeId::kTimestampNs || source.id() == TypeId::kTimestamptzNs;
  const int64_t* raw = RawValues<int64_t>(values);
  if (!nanos) {
    return MapAll<int32_t>(values, type, pool, [=](int64_t i) {
      return internal::BucketOf(Murmur3OfLong(raw[i]), num_buckets);
    });
  }
  return MapAll<int32_t>(values, type, pool, [=](int64_t i) {
    return internal::BucketOf(Murmur3OfLong(FloorDivide(raw[i], kNanosPerMicro)), num_buckets);
  });
}

template <typename T>
Result<ArrayPtr> TruncateIntegers(const Transform& transform, const Type& source,
                                  const arrow::Array& values, arrow::MemoryPool* pool) {
  const T* raw = RawValues<T>(values);
  return MapValues<T>(values, values.type(), pool, [&](int64_t i, T* out) {
    if (internal::TruncateInteger(raw[i], transform.parameter(), out)) return Status::OK();
    return internal::OutOfRange(transform, source, Value(raw[i]));
  });
}

Result<ArrayPtr> TruncateDecimals(const Transform& transform, const Type& source,
                                  const arrow::Array& values, arrow::MemoryPool* pool) {
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(values);
  using Bytes = std::array<uint8_t, 16>;
  return MapValues<Bytes>(values, values.type(), pool, [&](int64_t i, Bytes* out) {
    arrow::Decimal128 truncated;
    if (!internal::TruncateDecimal(arrow::Decimal128(decimals.GetValue(i)), transform.parameter(),
                                   source.precision(), &truncated)) {
      return internal::OutOfRange(transform, source,
                                  Value(arrow::Decimal128(decimals.GetValue(i))));
    }
    truncated.ToBytes(out->data());
    return Status::OK();
  });
}

template <typename Builder>
Result<ArrayPtr> TruncateBytes(const Transform& transform, const arrow::Array& values,
                               arrow::MemoryPool* pool) {
  const auto& texts = static_cast<const arrow::BinaryArray&>(values);
  const int64_t width = transform.parameter();
  constexpr bool by_code_point = std::is_same_v<Builder, arrow::StringBuilder>;
  Builder builder(pool);
  ICEFRAME_RETURN_NOT_OK(builder.Reserve(values.length()));
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) {
      builder.UnsafeAppendNull();
      continue;
    }
    const std::string_view text = texts.GetView(i);
    const size_t length = by_code_point ? CodePointPrefix(text, width)
                                        : std::min(text.size(), static_cast<size_t>(width));
    ICEFRAME_RETURN_NOT_OK(builder.Append(text.substr(0, length)));
  }
  ArrayPtr array;
  ICEFRAME_RETURN_NOT_OK(builder.Finish(&array));
  return array;
}

Result<ArrayPtr> TruncateArray(const Transform& transform, const Type& source,
                               const arrow::Array& values, arrow::MemoryPool* pool) {
  switch (source.id()) {
    case TypeId::kInt:
      return TruncateIntegers<int32_t>(transform, source, values, pool);
    case TypeId::kLong:
      return TruncateIntegers<int64_t>(transform, source, values, pool);
    case TypeId::kDecimal:
      return TruncateDecimals(transform, source, values, pool);
    case TypeId::kString:
      return TruncateBytes<arrow::StringBuilder>(transform, values, pool);
    default:
      return TruncateBytes<arrow::BinaryBuilder>(transform, values, pool);
  }
}

// `kind` and `unit` are fixed per loop, so that the compiler takes the branches out of it.
template <TransformKind kind, internal::TimeUnit unit, typename T>
Result<ArrayPtr> TemporalLoop(const Transform& transform, const Type& source,
                              const arrow::Array& values, arrow::MemoryPool* pool) {
  const std::shared_ptr<arrow::DataType> type =
      kind == TransformKind::kDay ? arrow::date32() : arrow::int32();
  const T* raw = RawValues<T>(values);
  if constexpr (kind == TransformKind::kHour && unit == internal::TimeUnit::kMicros) {
    return MapValues<int32_t>(values, type, pool, [&](int64_t i, int32_t* out) {
      const int64_t ordinal = internal::TemporalOrdinal(kind, unit, raw[i]);
      *out = static_cast<int32_t>(ordinal);
      return ordinal == *out ? Status::OK()
                             : internal::OutOfRange(transform, source, Value(raw[i]));
    });
  } else {
    return MapAll<int32_t>(values, type, pool, [=](int64_t i) {
      return static_cast<int32_t>(internal::TemporalOrdinal(kind, unit, raw[i]));
    });
  }
}

template <TransformKind kind>
Result<ArrayPtr> TemporalArray(const Transform& transform, const Type& source,
                               const arrow::Array& values, arrow::MemoryPool* pool) {
  using internal::TimeUnit;
  switch (source.id()) {
    case TypeId::kDate:
      return TemporalLoop<kind, TimeUnit::kDays, int32_t>(transform, source, values, pool);
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return TemporalLoop<kind, TimeUnit::kNanos, int64_t>(transform, source, values, pool);
    default:
      return TemporalLoop<kind, TimeUnit::kMicros, int64_t>(transform, source, values, pool);
  }
}

Result<ArrayPtr> ApplyPlain(const Transform& transform, const Type& source, const ArrayPtr& values,
                            arrow::MemoryPool* pool) {
  switch (transform.kind()) {
    case TransformKind::kIdentity:
      return values;
    case TransformKind::kBucket:
      return BucketArray(transform, source, *values, pool);
    case TransformKind::kTruncate:
      return TruncateArray(transform, source, *values, pool);
    case TransformKind::kYear:
      return TemporalArray<TransformKind::kYear>(transform, source, *values, pool);
    case TransformKind::kMonth:
      return TemporalArray<TransformKind::kMonth>(transform, source, *values, pool);
    case TransformKind::kDay:
      return TemporalArray<TransformKind::kDay>(transform, source, *values, pool);
    case TransformKind::kHour:
      return TemporalArray<TransformKind::kHour>(transform, source, *values, pool);
    case TransformKind::kVoid:
    case TransformKind::kUnknown:
      break;
  }
  return Error(ErrorKind::kUnsupported, "transform can't be applied: ", transform.ToString());
}

// Once per dictionary value; a null index or value gives null.
Result<ArrayPtr> ApplyDictionary(const Transform& transform, const Type& source,
                                 const arrow::DictionaryArray& values, arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr transformed,
                            transform.Apply(source, *values.dictionary(), pool));
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  return arrow::compute::Take(*transformed, *values.indices(),
                              arrow::compute::TakeOptions::BoundsCheck(), &context);
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> Transform::Apply(const Type& source,
                                                       const arrow::Array& values,
                                                       arrow::MemoryPool* pool) const {
  if (kind_ == TransformKind::kUnknown) {
    return Error(ErrorKind::kUnsupported,
                 "transform is not known to this version: ", unknown_text_);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Type result_type, ResultType(source));
  if (kind_ == TransformKind::kVoid) {
    ICEFRAME_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::DataType> type,
                              ToArrowType(result_type));
    return arrow::MakeArrayOfNull(type, values.length(), pool);
  }
  if (values.type_id() == arrow::Type::DICTIONARY) {
    return ApplyDictionary(*this, source, static_cast<const arrow::DictionaryArray&>(values), pool);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::DataType> type, ToArrowType(source));
  ArrayPtr array = arrow::MakeArray(values.data());
  if (source.id() == TypeId::kUuid && array->type_id() == arrow::Type::FIXED_SIZE_BINARY &&
      array->type()->Equals(arrow::fixed_size_binary(16))) {
    array = arrow::ExtensionType::WrapArray(type, array);
  }
  if (!array->type()->Equals(type)) {
    return Error(ErrorKind::kInvalidArgument,
                 "array is not in the Arrow form of its type: ", source.ToString(), " as ",
                 array->type()->ToString());
  }
  if (source.id() == TypeId::kUuid && kind_ != TransformKind::kIdentity) {
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  return ApplyPlain(*this, source, array, pool);
}

}  // namespace iceframe
