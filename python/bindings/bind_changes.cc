// SPDX-License-Identifier: Apache-2.0
// Changes of schemas, partition specs and refs, as values that a transaction takes.
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "iceframe/table/manage_refs_action.h"
#include "iceframe/table/schema_change.h"
#include "iceframe/table/update_partition_spec_action.h"
#include "iceframe/types/schema_json.h"

#include "bindings.h"
#include "casters/result.h"
#include "changes.h"
#include "python_value.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

Result<Type> ToType(const std::string& json) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json parsed, Json::Parse(json));
  return TypeFromJson(parsed);
}

Status Refuse(const std::string& column, const Type& type, nb::handle value, Refusal refusal) {
  if (refusal == kRaised) return PythonRaised();
  return Error(ErrorKind::kInvalidArgument, "default does not fit its column: ", column, " is ",
               type.ToString(), ", and ", DescribeValue(value.ptr()), " ", refusal);
}

// Reads the default of a column of a primitive type.
class DefaultReader {
 public:
  DefaultReader(const Type& type, PyObject* value)
      : to_{type, &classes_}, plain_(Unwrapped(classes_, value)) {}

  Refusal Read(Value* out) {
    if (!plain_.is_valid()) return kRaised;
    switch (to_.type.id()) {
      case TypeId::kBoolean:
        return Scalar<bool>(&ToBoolean, out);
      case TypeId::kInt:
        return Scalar<int32_t>(&ToInt, out);
      case TypeId::kDate:
        return Scalar<int32_t>(&ToDate, out);
      case TypeId::kLong:
        return Scalar<int64_t>(&ToLong, out);
      case TypeId::kTime:
        return Scalar<int64_t>(&ToTime, out);
      case TypeId::kTimestamp:
      case TypeId::kTimestamptz:
      case TypeId::kTimestampNs:
      case TypeId::kTimestamptzNs:
        return Scalar<int64_t>(&ToTimestamp, out);
      case TypeId::kFloat:
        return Scalar<float>(&ToFloat, out);
      case TypeId::kDouble:
        return Scalar<double>(&ToDouble, out);
      case TypeId::kDecimal:
        return Scalar<arrow::Decimal128>(&ToDecimal, out);
      case TypeId::kString:
        return Bytes(&ToText, out);
      case TypeId::kBinary:
        return Bytes(&ToBinary, out);
      case TypeId::kFixed:
      case TypeId::kUuid:
        return Bytes(&ToFixed, out);
      case TypeId::kUnknown:
      case TypeId::kVariant:
      case TypeId::kGeometry:
      case TypeId::kGeography:
      case TypeId::kStruct:
      case TypeId::kList:
      case TypeId::kMap:
        return "can't be the default of a column of that type";
    }
    return kWrongType;
  }

 private:
  template <typename T>
  Refusal Scalar(Refusal (*read)(const ValueTarget&, PyObject*, T*), Value* out) {
    T value{};
    const Refusal refusal = read(to_, plain_.ptr(), &value);
    if (refusal == nullptr) *out = Value(value);
    return refusal;
  }

  Refusal Bytes(Refusal (*read)(const ValueTarget&, PyObject*, ValueBytes*), Value* out) {
    ValueBytes value;
    const Refusal refusal = read(to_, plain_.ptr(), &value);
    if (refusal == nullptr) *out = Value(std::string(value.view));
    return refusal;
  }

  const PythonClasses classes_ = PythonClasses::Load();
  const ValueTarget to_;
  const nb::object plain_;
};

Result<std::optional<Value>> ToDefault(const std::string& column, const Type& type,
                                       nb::handle value) {
  if (value.is_none()) return std::optional<Value>();
  Value result;
  const Refusal refusal = DefaultReader(type, value.ptr()).Read(&result);
  if (refusal != nullptr) return Refuse(column, type, value, refusal);
  return std::optional<Value>(std::move(result));
}

Result<PySchemaChange> AddColumnChange(const std::string& parent, const std::string& name,
                                       const std::string& type_json, const std::string& doc,
                                       bool required, nb::object default_value) {
  ICEFRAME_ASSIGN_OR_RETURN(const Type type, ToType(type_json));
  ICEFRAME_ASSIGN_OR_RETURN(auto value, ToDefault(name, type, default_value));
  return PySchemaChange{AddColumn{parent, name, type, doc, required, std::move(value)}};
}

Result<PySchemaChange> SetDefaultChange(const std::string& name, const std::string& type_text,
                                        nb::object value) {
  if (value.is_none()) return PySchemaChange{SetColumnDefault{name, std::nullopt}};
  Type type = Type::Struct({});
  const auto primitive = Type::ParsePrimitive(type_text);
  if (primitive.ok()) type = *primitive;
  ICEFRAME_ASSIGN_OR_RETURN(auto read, ToDefault(name, type, value));
  return PySchemaChange{SetColumnDefault{name, std::move(read)}};
}

void BindSchemaChange(nb::module_& module) {
  nb::class_<PySchemaChange>(module, "SchemaChange", "One change of a table's columns.")
      .def_static("add_column", &AddColumnChange, nb::arg("parent"), nb::arg("name"),
                  nb::arg("type_json"), nb::arg("doc"), nb::arg("required"),
                  nb::arg("default").none())
      .def_static("drop_column",
                  [](std::string name) { return PySchemaChange{DropColumn{std::move(name)}}; })
      .def_static("rename_column",
                  [](std::string name, std::string new_name) {
                    return PySchemaChange{RenameColumn{std::move(name), std::move(new_name)}};
                  })
      .def_static("promote_column",
                  [](std::string name, const std::string& type_json) -> Result<PySchemaChange> {
                    ICEFRAME_ASSIGN_OR_RETURN(const Type type, ToType(type_json));
                    return PySchemaChange{PromoteColumn{std::move(name), type}};
                  })
      .def_static(
          "require_column",
          [](std::string name, bool required) {
            if (required) return PySchemaChange{MakeColumnRequired{std::move(name)}};
            return PySchemaChange{MakeColumnOptional{std::move(name)}};
          },
          nb::arg("name"), nb::arg("required"))
      .def_static("set_doc",
                  [](std::string name, std::string doc) {
                    return PySchemaChange{SetColumnDoc{std::move(name), std::move(doc)}};
                  })
      .def_static("set_default", &SetDefaultChange, nb::arg("name"), nb::arg("type_text"),
                  nb::arg("value").none())
      .def_static(
          "move_column",
          [](std::string name, std::optional<std::string> after,
             std::optional<std::string> before) {
            return PySchemaChange{MoveColumn{std::move(name), std::move(after), std::move(before)}};
          },
          nb::arg("name"), nb::kw_only(), nb::arg("after").none(), nb::arg("before").none())
      .def_static("set_identifier_columns", [](std::vector<std::string> names) {
        return PySchemaChange{SetIdentifierColumns{std::move(names)}};
      });
}

void BindPartitionSpecChange(nb::module_& module) {
  nb::class_<PyPartitionSpecChange>(module, "PartitionSpecChange",
                                    "One change of how new files are partitioned.")
      .def_static("add_field",
                  [](std::string column, const std::string& transform,
                     std::string name) -> Result<PyPartitionSpecChange> {
                    ICEFRAME_ASSIGN_OR_RETURN(const Transform parsed, Transform::Parse(transform));
                    return PyPartitionSpecChange{
                        AddPartitionField{std::move(column), parsed, std::move(name)}};
                  })
      .def_static("remove_field",
                  [](std::string name) {
                    return PyPartitionSpecChange{RemovePartitionField{std::move(name)}};
                  })
      .def_static("rename_field", [](std::string name, std::string new_name) {
        return PyPartitionSpecChange{RenamePartitionField{std::move(name), std::move(new_name)}};
      });
}

// (min_snapshots_to_keep, max_snapshot_age_ms, max_ref_age_ms)
using Retention =
    std::tuple<std::optional<int32_t>, std::optional<int64_t>, std::optional<int64_t>>;

SnapshotRef ToRef(bool is_tag, int64_t snapshot_id, const Retention& retention) {
  SnapshotRef ref;
  ref.snapshot_id = SnapshotId(snapshot_id);
  ref.kind = is_tag ? SnapshotRefKind::kTag : SnapshotRefKind::kBranch;
  std::tie(ref.min_snapshots_to_keep, ref.max_snapshot_age_ms, ref.max_ref_age_ms) = retention;
  return ref;
}

void BindRefChange(nb::module_& module) {
  nb::class_<PyRefChange>(module, "RefChange", "One change of a branch or tag.")
      .def_static(
          "create",
          [](std::string name, bool is_tag, int64_t snapshot_id, const Retention& retention) {
            return PyRefChange{CreateRef{std::move(name), ToRef(is_tag, snapshot_id, retention)}};
          },
          nb::arg("name"), nb::arg("is_tag"), nb::arg("snapshot_id"), nb::arg("retention"))
      .def_static(
          "remove",
          [](std::string name, bool is_tag) {
            return PyRefChange{RemoveRef{
                std::move(name), is_tag ? SnapshotRefKind::kTag : SnapshotRefKind::kBranch}};
          },
          nb::arg("name"), nb::arg("is_tag"))
      .def_static("rename",
                  [](std::string name, std::string new_name) {
                    return PyRefChange{RenameRef{std::move(name), std::move(new_name)}};
                  })
      .def_static("set_snapshot",
                  [](std::string name, int64_t snapshot_id) {
                    return PyRefChange{SetRefSnapshot{std::move(name), SnapshotId(snapshot_id)}};
                  })
      .def_static("fast_forward",
                  [](std::string branch, std::string to) {
                    return PyRefChange{FastForwardBranch{std::move(branch), std::move(to)}};
                  })
      .def_static("roll_back",
                  [](std::string branch, int64_t snapshot_id) {
                    return PyRefChange{RollBackBranch{std::move(branch), SnapshotId(snapshot_id)}};
                  })
      .def_static("roll_back_to_time",
                  [](std::string branch, int64_t timestamp_ms) {
                    return PyRefChange{RollBackBranchToTime{std::move(branch), timestamp_ms}};
                  })
      .def_static(
          "set_retention",
          [](std::string name, const Retention& retention) {
            const auto& [min_snapshots, max_snapshot_age, max_ref_age] = retention;
            return PyRefChange{
                SetRefRetention{std::move(name), min_snapshots, max_snapshot_age, max_ref_age}};
          },
          nb::arg("name"), nb::arg("retention"));
}

}  // namespace

void BindChanges(nb::module_& module) {
  BindSchemaChange(module);
  BindPartitionSpecChange(module);
  BindRefChange(module);
}

}  // namespace iceframe::python
