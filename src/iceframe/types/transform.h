// SPDX-License-Identifier: Apache-2.0
// Partition and sort transforms. Spec: "Partition Transforms", Appendix B for the hash.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe {

enum class TransformKind : uint8_t {
  kIdentity,
  kBucket,
  kTruncate,
  kYear,
  kMonth,
  kDay,
  kHour,
  kVoid,
  /// One that this version does not know: kept in metadata, never projected, never written.
  kUnknown,
};

/// A transform with its parameter; a plain value.
class Transform {
 public:
  static Transform Identity() { return Transform(TransformKind::kIdentity); }
  /// num_buckets > 0: InvalidArgument otherwise.
  static Result<Transform> Bucket(int32_t num_buckets);
  /// width > 0: InvalidArgument otherwise.
  static Result<Transform> Truncate(int32_t width);
  static Transform Year() { return Transform(TransformKind::kYear); }
  static Transform Month() { return Transform(TransformKind::kMonth); }
  static Transform Day() { return Transform(TransformKind::kDay); }
  static Transform Hour() { return Transform(TransformKind::kHour); }
  static Transform Void() { return Transform(TransformKind::kVoid); }

  /// Parses the metadata's spelling ("bucket[16]", "day"); text that no version of the spec knows
  /// gives kUnknown with its text kept. Case-insensitive.
  static Transform FromMetadata(std::string_view text);
  /// As FromMetadata, for what a user writes: unknown text is InvalidArgument naming the choices.
  static Result<Transform> Parse(std::string_view text);

  TransformKind kind() const { return kind_; }
  /// bucket's number of buckets, truncate's width; 0 for others.
  int32_t parameter() const { return parameter_; }

  /// Returns whether the transform takes values of `source`.
  bool CanTransform(const Type& source) const;
  /// The type of the partition value. Errors: InvalidArgument naming transform and type.
  Result<Type> ResultType(const Type& source) const;
  /// Whether a ≤ b implies f(a) ≤ f(b).
  bool PreservesOrder() const;

  /// Applies to one value of `source`; null gives null.
  Result<Value> Apply(const Type& source, const Value& value) const;
  /// Applies to an array in the Arrow form of `source`; the result is in the Arrow form of
  /// ResultType, nulls where the input has them.
  Result<std::shared_ptr<arrow::Array>> Apply(const Type& source, const arrow::Array& values,
                                              arrow::MemoryPool* pool) const;

  /// The metadata's spelling.
  std::string ToString() const;
  /// The form in partition paths: "2024-03", "2024-03-01-07", "null", base64 for binaries.
  std::string ToHumanString(const Type& source, const Value& partition_value) const;

  bool operator==(const Transform&) const = default;

 private:
  explicit Transform(TransformKind kind) : kind_(kind) {}
  TransformKind kind_ = TransformKind::kIdentity;
  int32_t parameter_ = 0;
  std::string unknown_text_;
};

/// The spec's 32-bit hash of a non-null value. Errors: InvalidArgument for types without one.
Result<int32_t> BucketHash(const Type& source, const Value& value);

}  // namespace iceframe
