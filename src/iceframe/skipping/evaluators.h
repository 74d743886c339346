// SPDX-License-Identifier: Apache-2.0
// Predicates over metadata: may, or must, a manifest, file or row group hold matching rows?
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_file.h"

namespace iceframe {

/// What is known of one column in some set of rows; absent means unknown.
///
/// Bounds are of the values that are neither null nor NaN, and may be wider than they need be
/// (truncated strings). value_count counts nulls and NaNs too. What contradicts itself (lower
/// above upper, NaN or invalid UTF-8 as a bound, more nulls than values) is taken as unknown.
struct ColumnBounds {
  std::optional<Value> lower;
  std::optional<Value> upper;
  std::optional<int64_t> value_count;
  std::optional<int64_t> null_count;
  std::optional<int64_t> nan_count;
};
/// Finds what is known of a column, its bounds held as `type` asks; nullopt: nothing.
using BoundsLookup = std::function<std::optional<ColumnBounds>(FieldId field_id, const Type& type)>;

/// Returns false only if no row of the set can make the bound, simplified filter true.
///
/// Predicates compare as the engine does: NaN above every number and equal to itself, -0.0 equal
/// to +0.0. So `x > 5` may match beyond the upper bound unless nan_count is known to be 0.
bool MayMatch(const Expression& filter, const BoundsLookup& bounds);
/// Returns true only if every row of the set makes the filter true.
bool MustMatch(const Expression& filter, const BoundsLookup& bounds);

/// The same two questions for a partition filter and one partition tuple (a value per field of
/// `partition_type`, in order).
bool PartitionMayMatch(const Expression& partition_filter, const Type& partition_type,
                       const std::vector<Value>& partition);
bool PartitionMustMatch(const Expression& partition_filter, const Type& partition_type,
                        const std::vector<Value>& partition);

/// Returns false only if no file of the manifest can match; `partition_filter` is a result of
/// ProjectInclusive for the manifest's spec.
bool ManifestMayMatch(const Expression& partition_filter, const ManifestFile& manifest,
                      const Type& partition_type);

/// Why an entry was skipped.
enum class SkipReason : uint8_t { kNone = 0, kDeleted, kPartition, kBounds };

/// Evaluates a whole decoded manifest at once: item i is why entry i can't hold a matching row, or
/// kNone. `filter` is the bound, simplified row filter, `partition_filter` its inclusive projection
/// through the manifest's spec, `partition_type` that spec's PartitionType. Column by column: a
/// comparison or IN costs some nanoseconds per entry once the column's statistics are decoded.
std::vector<SkipReason> EvaluateManifest(const ColumnarManifest& manifest,
                                         const Type& partition_type,
                                         const Expression& partition_filter,
                                         const Expression& filter);

}  // namespace iceframe
