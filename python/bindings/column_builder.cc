// SPDX-License-Identifier: Apache-2.0
#include "column_builder.h"

#include <utility>

#include <arrow/array.h>

#include "iceframe/types/arrow_schema.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

Result<std::unique_ptr<ColumnBuilder>> MakeBuilder(const NestedField& field, std::string path,
                                                   RowPlace* place) {
  switch (field.type.id()) {
    case TypeId::kStruct:
      return StructBuilder::Make(field, std::move(path), place);
    case TypeId::kList:
      return MakeListBuilder(field, std::move(path), place);
    case TypeId::kMap:
      return MakeMapBuilder(field, std::move(path), place);
    default:
      return MakeValueBuilder(field, std::move(path), place);
  }
}

}  // namespace

Status TooManyBytes(const std::string& path, int64_t row) {
  return Error(ErrorKind::kSchemaMismatch, "a row is too large: ", path, " in row ", row,
               " holds more than 2 GiB; split it into several rows");
}

Result<std::unique_ptr<ColumnBuilder>> ColumnBuilder::Make(const NestedField& field,
                                                           std::string path, RowPlace* place) {
  ICEFRAME_ASSIGN_OR_RETURN(std::unique_ptr<ColumnBuilder> builder,
                            MakeBuilder(field, std::move(path), place));
  if (field.write_default && !field.write_default->is_null()) {
    ICEFRAME_ASSIGN_OR_RETURN(builder->write_default_,
                              ArrayFromValue(field.type, *field.write_default, 1, place->pool));
  }
  return builder;
}

bool ColumnBuilder::IsNull(PyObject* value) const {
  if (value == Py_None) return true;
  if (!place_->nan_is_null || !IsNan(value)) return false;
  // Within a list or struct, a NaN of a float field is a value; elsewhere pandas made it of a null.
  const bool is_float = field_.type.id() == TypeId::kFloat || field_.type.id() == TypeId::kDouble;
  return !is_float || place_->depth == 0;
}

Status ColumnBuilder::TakeAt(PyObject* value, Refusal* refusal) {
  ++place_->depth;
  Status status = Take(value, refusal);
  --place_->depth;
  return status;
}

Status ColumnBuilder::Append(PyObject* value) {
  // Nested scalars look like mappings and sequences, and so do their nulls.
  if (field_.type.is_nested() && IsScalarOfArrow(value)) return AppendUnwrapped(value);
  if (IsNull(value)) return AppendNull();
  Refusal refusal = nullptr;
  ICEFRAME_RETURN_NOT_OK(TakeAt(value, &refusal));
  if (refusal == nullptr) return Status::OK();
  return refusal == kWrongType ? AppendUnwrapped(value) : Refuse(value, refusal);
}

Status ColumnBuilder::AppendUnwrapped(PyObject* value) {
  const nb::object plain = Unwrapped(place_->classes, value);
  if (!plain.is_valid()) return PythonRaised();
  if (plain.ptr() == value) return Refuse(value, kWrongType);
  if (IsNull(plain.ptr())) return AppendNull();
  Refusal refusal = nullptr;
  ICEFRAME_RETURN_NOT_OK(TakeAt(plain.ptr(), &refusal));
  return refusal == nullptr ? Status::OK() : Refuse(value, refusal);
}

Status ColumnBuilder::AppendMissing() {
  return write_default_ == nullptr ? AppendNull() : AppendDefault(*write_default_);
}

Status ColumnBuilder::AppendNull() { return field_.required ? RefuseNull() : AppendEmpty(); }

Status ColumnBuilder::RefuseNull() const {
  return Error(ErrorKind::kSchemaMismatch, "required column holds a null: ", path_, " in row ",
               place_->row, "; fill it in, or make the column optional");
}

Status ColumnBuilder::Refuse(PyObject* value, Refusal refusal) const {
  if (refusal == kRaised) return PythonRaised();
  return Error(ErrorKind::kSchemaMismatch, "value can't be kept by its column: ", path_, " is ",
               field_.type.ToString().substr(0, 200), ", but ", DescribeValue(value), " in row ",
               place_->row, " ", refusal);
}

}  // namespace iceframe::python
