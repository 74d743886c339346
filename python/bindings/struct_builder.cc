// SPDX-License-Identifier: Apache-2.0
// Rows and columns of structs.
#include <utility>

#include <arrow/type.h>

#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/unknown_columns.h"

#include "column_builder.h"
#include "python_rows.h"

namespace nb = nanobind;

namespace iceframe::python {

Result<std::shared_ptr<arrow::Buffer>> ValidityBits::Finish() {
  const bool has_nulls = bits_.false_count() > 0;
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits, bits_.Finish());
  return has_nulls ? bits : nullptr;
}

Result<std::unique_ptr<StructBuilder>> StructBuilder::Make(const NestedField& field,
                                                           std::string path, RowPlace* place) {
  ICEFRAME_ASSIGN_OR_RETURN(auto type, ToArrowType(field.type));
  const std::string prefix = path.empty() ? "" : path + ".";
  std::unique_ptr<StructBuilder> builder(
      new StructBuilder(field, std::move(path), std::move(type), place));
  for (const NestedField& child : field.type.fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(auto column, ColumnBuilder::Make(child, prefix + child.name, place));
    builder->children_.push_back(std::move(column));
    builder->names_.emplace_back(nb::str(child.name.data(), child.name.size()));
  }
  return builder;
}

Status StructBuilder::AppendRow(PyObject* row) {
  Refusal refusal = nullptr;
  const nb::object plain = IsScalarOfArrow(row) ? Unwrapped(place_->classes, row) : nb::borrow(row);
  if (!plain.is_valid()) return PythonRaised();
  ICEFRAME_RETURN_NOT_OK(Take(plain.ptr(), &refusal));
  if (refusal == nullptr) return Status::OK();
  if (refusal == kRaised) return PythonRaised();
  return Error(ErrorKind::kSchemaMismatch, "a row has no columns: row ", place_->row, " is ",
               DescribeValue(row),
               "; give a dict, a pydantic model, a data class or a named tuple");
}

Status StructBuilder::Take(PyObject* value, Refusal* refusal) {
  const nb::object fields = FieldsOf(value);
  if (!fields.is_valid()) {
    *refusal = PyErr_Occurred() != nullptr ? kRaised : kWrongType;
    return Status::OK();
  }
  ICEFRAME_RETURN_NOT_OK(TakeFields(fields.ptr()));
  return validity_.Append(true);
}

Status StructBuilder::TakeFields(PyObject* fields) {
  Py_ssize_t num_found = 0;
  for (size_t i = 0; i < children_.size(); ++i) {
    // Held, since what reads it may change the dict.
    const nb::object value = nb::borrow(PyDict_GetItemWithError(fields, names_[i].ptr()));
    if (!value.is_valid()) {
      if (PyErr_Occurred() != nullptr) return PythonRaised();
      ICEFRAME_RETURN_NOT_OK(children_[i]->AppendMissing());
      continue;
    }
    ++num_found;
    ICEFRAME_RETURN_NOT_OK(children_[i]->Append(value.ptr()));
  }
  return num_found == PyDict_Size(fields) ? Status::OK() : RefuseUnknown(fields);
}

Status StructBuilder::RefuseUnknown(PyObject* fields) const {
  std::vector<std::string> unknown;
  const nb::object keys = nb::steal(PyDict_Keys(fields));
  for (Py_ssize_t i = 0; keys.is_valid() && i < PyList_GET_SIZE(keys.ptr()); ++i) {
    PyObject* key = PyList_GET_ITEM(keys.ptr(), i);
    bool is_known = false;
    for (const nb::object& name : names_) {
      is_known |= PyUnicode_Check(key) && PyUnicode_Compare(key, name.ptr()) == 0;
    }
    if (is_known) continue;
    unknown.push_back(NameOf(key));
  }
  return UnknownColumns(
      unknown, field_.type.fields(),
      {path_.empty() ? "" : path_ + ".", " in row " + std::to_string(place_->row)});
}

Status StructBuilder::AppendEmpty() {
  for (const auto& child : children_) ICEFRAME_RETURN_NOT_OK(child->AppendEmpty());
  return validity_.Append(false);
}

// A default of a struct holds those of its fields.
Status StructBuilder::AppendDefault(const arrow::Array& /*value*/) {
  for (const auto& child : children_) ICEFRAME_RETURN_NOT_OK(child->AppendMissing());
  return validity_.Append(true);
}

Result<std::shared_ptr<arrow::ArrayData>> StructBuilder::Finish() {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (const auto& child : children_) {
    ICEFRAME_ASSIGN_OR_RETURN(auto column, child->Finish());
    columns.push_back(std::move(column));
  }
  const int64_t length = validity_.length();
  const int64_t null_count = validity_.null_count();
  ICEFRAME_ASSIGN_OR_RETURN(auto validity, validity_.Finish());
  return arrow::ArrayData::Make(arrow_type_, length, {std::move(validity)}, std::move(columns),
                                null_count);
}

}  // namespace iceframe::python
