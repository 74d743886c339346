// SPDX-License-Identifier: Apache-2.0
// Python values -> a column in the Arrow form of its Iceberg type, without guessing a type.
//
//   StructBuilder ── one ColumnBuilder per field ──▶ StructBuilder, ListBuilder, MapBuilder,
//     a row, or a struct                             or ValueBuilder over Arrow's own builder
//
// Everything here needs the GIL.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array/data.h>
#include <arrow/buffer_builder.h>
#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/type.h"

#include "casters/result.h"
#include "python_value.h"

namespace iceframe::python {

/// What the builders of one table share: where they stand and what they have taken.
struct RowPlace {
  PythonClasses classes;
  arrow::MemoryPool* pool = nullptr;
  /// The row that is read now, for errors.
  int64_t row = 0;
  /// About how many bytes were appended.
  int64_t num_bytes = 0;
  /// NaN stands for null, as pandas has it.
  bool nan_is_null = false;
  /// How many values the one that is read now lies in.
  int depth = 0;
};

/// About what a value takes beside its bytes.
inline constexpr int64_t kBytesPerValue = 8;

/// An error for a column of which one row holds more than 32-bit offsets reach.
Status TooManyBytes(const std::string& path, int64_t row);

/// Collects the values of one column.
class ColumnBuilder {
 public:
  /// `path` is the column's dotted name; `place` outlives the builder.
  /// Errors: Unsupported for types that have no Arrow form.
  static Result<std::unique_ptr<ColumnBuilder>> Make(const NestedField& field, std::string path,
                                                     RowPlace* place);
  virtual ~ColumnBuilder() = default;
  ColumnBuilder(const ColumnBuilder&) = delete;
  ColumnBuilder& operator=(const ColumnBuilder&) = delete;

  /// Appends a value; None is null.
  /// Errors: SchemaMismatch naming column, row and value; PythonRaised.
  Status Append(PyObject* value);
  /// Appends what a row holds that lacks the column: its write-default, else null.
  Status AppendMissing();
  /// Appends what lies below a null: anything.
  virtual Status AppendEmpty() = 0;
  /// Returns what was appended since the last call.
  virtual Result<std::shared_ptr<arrow::ArrayData>> Finish() = 0;

 protected:
  ColumnBuilder(const NestedField& field, std::string path,
                std::shared_ptr<arrow::DataType> arrow_type, RowPlace* place)
      : field_(field), path_(std::move(path)), arrow_type_(std::move(arrow_type)), place_(place) {}

  /// Appends a value that is not None; sets `refusal` instead where it is none of the type's.
  virtual Status Take(PyObject* value, Refusal* refusal) = 0;
  /// Appends a value that was in ToArrowType's form.
  virtual Status AppendDefault(const arrow::Array& value) = 0;

  const NestedField field_;
  const std::string path_;
  const std::shared_ptr<arrow::DataType> arrow_type_;
  RowPlace* const place_;

 private:
  bool IsNull(PyObject* value) const;
  Status TakeAt(PyObject* value, Refusal* refusal);
  Status AppendUnwrapped(PyObject* value);
  Status AppendNull();
  Status Refuse(PyObject* value, Refusal refusal) const;
  Status RefuseNull() const;

  std::shared_ptr<arrow::Array> write_default_;
};

/// The nested builders' own bits: whether each value is there.
class ValidityBits {
 public:
  explicit ValidityBits(arrow::MemoryPool* pool) : bits_(pool) {}
  Status Append(bool is_valid) { return bits_.Append(is_valid); }
  int64_t length() const { return bits_.length(); }
  int64_t null_count() const { return bits_.false_count(); }
  /// Returns the bitmap, nullptr where nothing is null, and begins anew.
  Result<std::shared_ptr<arrow::Buffer>> Finish();

 private:
  arrow::TypedBufferBuilder<bool> bits_;
};

/// Makes a column's builder of this class.
template <typename Builder>
Result<std::unique_ptr<ColumnBuilder>> MakeColumnOf(const NestedField& field, std::string path,
                                                    RowPlace* place) {
  ICEFRAME_ASSIGN_OR_RETURN(auto type, ToArrowType(field.type));
  auto builder = std::make_unique<Builder>(field, std::move(path), std::move(type), place);
  ICEFRAME_RETURN_NOT_OK(builder->Init());
  return builder;
}

class StructBuilder final : public ColumnBuilder {
 public:
  static Result<std::unique_ptr<StructBuilder>> Make(const NestedField& field, std::string path,
                                                     RowPlace* place);

  /// Appends a mapping, model, data class or named tuple, which must not be None.
  /// Errors: SchemaMismatch, also naming fields that the table lacks; PythonRaised.
  Status AppendRow(PyObject* row);
  Status AppendEmpty() override;
  Result<std::shared_ptr<arrow::ArrayData>> Finish() override;

 private:
  StructBuilder(const NestedField& field, std::string path,
                std::shared_ptr<arrow::DataType> arrow_type, RowPlace* place)
      : ColumnBuilder(field, std::move(path), std::move(arrow_type), place),
        validity_(place->pool) {}

  Status Take(PyObject* value, Refusal* refusal) override;
  Status AppendDefault(const arrow::Array& value) override;
  Status TakeFields(PyObject* fields);
  Status RefuseUnknown(PyObject* fields) const;

  std::vector<std::unique_ptr<ColumnBuilder>> children_;
  // The fields' names, as keys of dicts.
  std::vector<nanobind::object> names_;
  ValidityBits validity_;
};

/// The builders of each kind of type, for ColumnBuilder::Make. Errors: as there.
Result<std::unique_ptr<ColumnBuilder>> MakeValueBuilder(const NestedField& field, std::string path,
                                                        RowPlace* place);
Result<std::unique_ptr<ColumnBuilder>> MakeListBuilder(const NestedField& field, std::string path,
                                                       RowPlace* place);
Result<std::unique_ptr<ColumnBuilder>> MakeMapBuilder(const NestedField& field, std::string path,
                                                      RowPlace* place);

}  // namespace iceframe::python
