// SPDX-License-Identifier: Apache-2.0
// Where each wanted column comes from in one file. Spec: "Column Projection".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <arrow/type_fwd.h>
#include <parquet/metadata.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/file_column_internal.h"
#include "iceframe/datafile/leaf_conversion_internal.h"
#include "iceframe/types/schema.h"

namespace iceframe::internal {

/// One wanted top-level column.
struct ColumnPlan {
  enum class Source : uint8_t {
    kConstant,  // the file lacks it
    kPosition,  // the row's place in the file
    kFlat,      // a top-level primitive
    kNested,    // read as Arrow has it, then projected
  };
  NestedField field;
  std::shared_ptr<arrow::DataType> arrow_type;
  Source source = Source::kConstant;
  Value constant;
  const FileColumn* file_column = nullptr;
  LeafConversion conversion;
  /// The file's leaf columns that are read.
  std::set<int> leaves;
  /// Text that stands in each value of a struct because the file lacks the field.
  struct AbsentText {
    int leaf = 0;  ///< A leaf of the file below that struct.
    int64_t num_bytes = 0;
  };
  std::vector<AbsentText> absent_texts;
};

/// Plans the columns of `wanted`. `constants` are values of columns that the file lacks; metadata
/// columns are never looked for in it.
/// Errors: InvalidData naming the column (a required one that the file lacks and nothing else
/// tells, types that don't fit).
Result<std::vector<ColumnPlan>> PlanColumns(const Schema& wanted,
                                            const std::vector<FileColumn>& file_columns,
                                            const parquet::SchemaDescriptor& file_schema,
                                            const std::map<FieldId, Value>& constants);

/// The value of a field that the file lacks. Errors: InvalidData naming it if it is required.
Result<Value> AbsentValue(const NestedField& field, const std::map<FieldId, Value>& constants);

/// Finds a primitive by id through structs; nullptr if it is absent or inside a list or map.
const FileColumn* FindLeaf(const std::vector<FileColumn>& columns, FieldId id);

/// Brings a nested array, as parquet::arrow decoded the plan's leaves, into the field's form.
/// `array` is not sliced; its first row is the file's `first_row`.
/// Errors: InvalidData naming column, row and value for one that does not fit.
Result<std::shared_ptr<arrow::Array>> ProjectNested(const ColumnPlan& plan,
                                                    const std::map<FieldId, Value>& constants,
                                                    const std::shared_ptr<arrow::Array>& array,
                                                    int64_t first_row, arrow::MemoryPool* pool);

}  // namespace iceframe::internal
