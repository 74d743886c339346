// SPDX-License-Identifier: Apache-2.0
// Integers that can't be mistaken for one another: a snapshot id is no sequence number.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>

namespace iceframe {

/// An integer with a meaning: made explicitly, compared only with its own kind.
template <typename Tag, typename Rep>
class StrongId {
 public:
  using rep = Rep;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;

 private:
  Rep value_ = 0;
};

template <typename Tag, typename Rep>
std::ostream& operator<<(std::ostream& stream, StrongId<Tag, Rep> id) {
  return stream << id.value();
}

using SnapshotId = StrongId<struct SnapshotIdTag, int64_t>;
using SequenceNumber = StrongId<struct SequenceNumberTag, int64_t>;
using SchemaId = StrongId<struct SchemaIdTag, int32_t>;
using PartitionSpecId = StrongId<struct PartitionSpecIdTag, int32_t>;
using SortOrderId = StrongId<struct SortOrderIdTag, int32_t>;

/// The id of a column, list element, map key or map value: unique in a table, never reused.
using FieldId = int32_t;

}  // namespace iceframe

template <typename Tag, typename Rep>
struct std::hash<iceframe::StrongId<Tag, Rep>> {
  size_t operator()(iceframe::StrongId<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value());
  }
};
