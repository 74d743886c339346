// SPDX-License-Identifier: Apache-2.0
// Predicates over metadata: may, or must, a manifest, file or row group hold matching rows?
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/skipping/column_bounds.h"
#include "iceframe/skipping/partition_evidence.h"

namespace iceframe {

/// Finds what is known of a column, its bounds held as `type` asks; nullopt: nothing.
using BoundsLookup = std::function<std::optional<ColumnBounds>(FieldId field_id, const Type& type)>;

/// Returns false only if no row of the set can make the bound, simplified filter true.
///
/// Predicates compare as the engine does: NaN above every number and equal to itself, -0.0 equal
/// to +0.0. So `x > 5` may match beyond the upper bound unless nan_count is known to be 0.
bool MayMatch(const Expression& filter, const BoundsLookup& bounds);
/// Returns false only if no row of the set has any of the values, neither null nor NaN, in a
/// column.
using ValueProbe =
    std::function<bool(FieldId field_id, const Type& type, std::span<const Value> values)>;
/// As MayMatch, with a probe that is asked for the values of = and IN which the bounds leave.
bool MayMatch(const Expression& filter, const BoundsLookup& bounds, const ValueProbe& may_hold);
/// Where all values that a column has in the set of rows, besides null, may be known.
struct ValuesLookup {
  /// Whether it is worth asking for a column's; costs nothing.
  std::function<bool(FieldId field_id)> may_be_known;
  /// Hands out each of them, NaN too, in any order until `visit` returns false; values that no row
  /// has may be among them. Returns false if they turn out to be unknown.
  std::function<bool(FieldId field_id, const Type& type,
                     const std::function<bool(const Value&)>& visit)>
      visit;
};
/// As MayMatch, by the values of columns besides; these are asked for only where they can decide.
bool MayMatch(const Expression& filter, const BoundsLookup& bounds, const ValuesLookup& values);
/// Returns true only if every row of the set makes the filter true.
bool MustMatch(const Expression& filter, const BoundsLookup& bounds);

/// The same two questions for a partition filter and one partition tuple (a value per field of
/// `partition_type`, in order).
bool PartitionMayMatch(const Expression& partition_filter, const Type& partition_type,
                       const std::vector<Value>& partition);
bool PartitionMustMatch(const Expression& partition_filter, const Type& partition_type,
                        const std::vector<Value>& partition);

/// Returns false only if no file of the manifest can match; `partition_filter` is a result of
/// ProjectInclusive for the manifest's spec, `evidence` that spec's: bounds that its transforms
/// can't give are unknown.
bool ManifestMayMatch(const Expression& partition_filter, const ManifestFile& manifest,
                      const Type& partition_type, const PartitionEvidence& evidence = {});

/// Why an entry was skipped.
enum class SkipReason : uint8_t { kNone = 0, kDeleted, kPartition, kBounds };

/// What a filter makes of a manifest's entries, by position.
struct EntryDecisions {
  /// Why an entry can't hold a matching row, or kNone.
  std::vector<SkipReason> reasons;
  /// 1 where the partition tuple proves nothing (PartitionEvidence); empty: nowhere.
  std::vector<uint8_t> is_partition_doubtful;

  bool is_doubtful(size_t entry) const {
    return !is_partition_doubtful.empty() && is_partition_doubtful[entry] != 0;
  }
};

/// Evaluates a whole decoded manifest at once. `filter` is the bound, simplified row filter,
/// `partition_filter` its inclusive projection through the manifest's spec, `partition_type` that
/// spec's PartitionType, `evidence` that spec's. Column by column: a comparison or IN costs some
/// nanoseconds per entry once the column's statistics are decoded.
EntryDecisions EvaluateManifest(const ColumnarManifest& manifest, const Type& partition_type,
                                const Expression& partition_filter, const Expression& filter,
                                const PartitionEvidence& evidence = {});

}  // namespace iceframe
