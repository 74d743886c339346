// SPDX-License-Identifier: Apache-2.0
// Which partition values can be what the transforms made of a file's rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "iceframe/format/partition_spec.h"
#include "iceframe/skipping/column_bounds.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Tells partition values that say something of a file's rows from those that can't be right.
///
/// Writers let truncation wrap around at a type's minimum, cast ordinals, round towards zero or
/// hash otherwise. A value that no row within the file's bounds can have given proves nothing: it
/// must neither skip the file nor show that all its rows match. Immutable; thread-safe.
class PartitionEvidence {
 public:
  /// Where a partition field's values come from.
  struct Field {
    FieldId id = 0;
    Transform transform = Transform::Void();
    FieldId source_id = 0;
    Type source_type;
  };

  /// Knows of no field, so that every value is believed.
  PartitionEvidence() = default;
  /// `schema` gives the source columns' types. Fields whose values mean nothing to a filter (void,
  /// unknown transforms, dropped sources, many sources) are left out.
  PartitionEvidence(const PartitionSpec& spec, const Schema& schema);

  const std::vector<Field>& fields() const { return fields_; }
  /// nullptr: not known.
  const Field* FindField(FieldId partition_field_id) const;

  /// Returns whether a value of the source column's type can have the partition value; null and
  /// NaN may always come.
  static bool IsPossible(const Field& field, const Value& partition_value);
  /// Returns whether all rows of a file with these source bounds can have it.
  static bool IsPossible(const Field& field, const Value& partition_value,
                         const ColumnBounds& source);
  /// As the latter, for a value other than null and a source of whole numbers (dates and times by
  /// their units); an absent end is the type's.
  static bool IsPossibleNumber(const Field& field, int64_t partition_value,
                               std::optional<int64_t> lower, std::optional<int64_t> upper);
  /// The same for text and bytes (fixed, uuid) through identity or truncate.
  static bool IsPossibleBytes(const Field& field, std::string_view partition_value,
                              std::optional<std::string_view> lower,
                              std::optional<std::string_view> upper);

 private:
  std::vector<Field> fields_;
};

}  // namespace iceframe
