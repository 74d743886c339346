// SPDX-License-Identifier: Apache-2.0
// How far a stream may change the columns of its table.
#pragma once

#include <cstdint>

namespace iceframe {

/// Columns are never dropped, renamed or narrowed.
enum class SchemaEvolution : uint8_t {
  /// Fields that the table lacks are passed over.
  kOff,
  /// They become optional columns, also inside of structs.
  kAddColumns,
  /// Columns become wider, too, where a value asks for it: int → long, float → double, decimals of
  /// more digits, unknown → any type.
  kWiden,
};

}  // namespace iceframe
