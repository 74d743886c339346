// SPDX-License-Identifier: Apache-2.0
// Iceberg schema ↔ Arrow schema, both ways.
#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// The Arrow metadata key that carries a field id, as Parquet files have it.
inline constexpr char kArrowFieldIdKey[] = "PARQUET:field_id";

/// Returns the Arrow schema in which results of this schema arrive.
///
/// It depends on the schema alone: string → utf8, binary → binary, fixed → fixed_size_binary,
/// uuid → arrow.uuid extension over fixed_size_binary(16), timestamptz → timestamp(us, "UTC"),
/// decimal → decimal128, unknown → null, list/map/struct nested. `with_field_ids` adds
/// PARQUET:field_id metadata to every field. Never a dictionary type.
/// Errors: Unsupported naming the column for variant, geometry and geography.
Result<std::shared_ptr<arrow::Schema>> ToArrowSchema(const Schema& schema,
                                                     bool with_field_ids = false);
Result<std::shared_ptr<arrow::DataType>> ToArrowType(const Type& type, bool with_field_ids = false);

/// Returns the Iceberg fields of an Arrow schema.
///
/// Field ids come from PARQUET:field_id where every field has one, else they are given afresh.
/// Widths are widened (int8…uint16 → int, uint32 → long); dictionaries count as their values,
/// large_ and _view kinds as the plain one; timestamp s/ms/us → timestamp(tz), ns →
/// timestamp_ns(tz) for format_version ≥ 3 else timestamp. Errors: SchemaMismatch naming the
/// column and its Arrow type (uint64, intervals, duration, …).
Result<std::vector<NestedField>> FromArrowSchema(const arrow::Schema& schema,
                                                 int32_t format_version = 2);

/// Returns one value of an array in ToArrowType's form (or a dictionary of it) as a Value.
Result<Value> ValueFromArrow(const Type& type, const arrow::Array& array, int64_t index);
/// Returns an array of `length` copies of `value`, in ToArrowType's form.
Result<std::shared_ptr<arrow::Array>> ArrayFromValue(const Type& type, const Value& value,
                                                     int64_t length, arrow::MemoryPool* pool);

}  // namespace iceframe
