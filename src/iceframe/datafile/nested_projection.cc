// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/column_plan_internal.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe::internal {
namespace {

class NestedProjector {
 public:
  NestedProjector(const ColumnPlan& plan, const std::map<FieldId, Value>& constants,
                  arrow::MemoryPool* pool)
      : plan_(plan), constants_(constants), pool_(pool), exec_(pool) {
    exec_.set_use_threads(false);
  }

  Result<std::shared_ptr<arrow::ArrayData>> Project(const NestedField& field,
                                                    const FileColumn& column,
                                                    const std::shared_ptr<arrow::DataType>& type,
                                                    std::shared_ptr<arrow::ArrayData> data,
                                                    const ValuePlace& place) {
    switch (field.type.id()) {
      case TypeId::kStruct:
        return ProjectStruct(field, column, type, data, place);
      case TypeId::kList: {
        // A stored Arrow schema can make it a large_list or fixed_size_list.
        if (data->type->id() != arrow::Type::LIST) {
          auto plain =
              arrow::list(static_cast<const arrow::BaseListType&>(*data->type).value_field());
          ICEFRAME_ASSIGN_OR_RETURN(data, Cast(data, plain, place));
        }
        auto projected = std::make_shared<arrow::ArrayData>(*data);
        projected->type = type;
        ICEFRAME_ASSIGN_OR_RETURN(
            projected->child_data[0],
            Project(field.type.fields()[0], column.children[0], type->field(0)->type(),
                    data->child_data[0], Below(place, field.type.fields()[0], data.get())));
        return projected;
      }
      case TypeId::kMap: {
        auto projected = std::make_shared<arrow::ArrayData>(*data);
        projected->type = type;
        auto entries = std::make_shared<arrow::ArrayData>(*data->child_data[0]);
        const auto& entry_type = type->field(0)->type();
        for (size_t i = 0; i < 2; ++i) {
          ICEFRAME_ASSIGN_OR_RETURN(
              entries->child_data[i],
              Project(field.type.fields()[i], column.children[i],
                      entry_type->field(static_cast<int>(i))->type(), entries->child_data[i],
                      Below(place, field.type.fields()[i], data.get())));
        }
        entries->type = entry_type;
        projected->child_data[0] = std::move(entries);
        return projected;
      }
      default:
        return ProjectLeaf(type, data, place);
    }
  }

 private:
  /// The place of a field below; `lists` are those that hold its items, nullptr in structs.
  static ValuePlace Below(const ValuePlace& place, const NestedField& field,
                          const arrow::ArrayData* lists) {
    ValuePlace below{place.column + "." + field.name, field.type, place.row_of};
    if (lists != nullptr) {
      below.row_of = [lists, &outer = place.row_of](int64_t item) {
        const int32_t* offsets = lists->GetValues<int32_t>(1);
        const int32_t* end = std::upper_bound(offsets, offsets + lists->length + 1, item);
        return outer(std::max<int64_t>(0, end - offsets - 1));
      };
    }
    return below;
  }

  Result<std::shared_ptr<arrow::ArrayData>> ProjectStruct(
      const NestedField& field, const FileColumn& column,
      const std::shared_ptr<arrow::DataType>& type, const std::shared_ptr<arrow::ArrayData>& data,
      const ValuePlace& place) {
    auto projected = std::make_shared<arrow::ArrayData>(*data);
    projected->type = type;
    projected->child_data.clear();
    const auto& fields = field.type.fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      const auto& child_type = type->field(static_cast<int>(i))->type();
      // The decoded struct has the file's fields in the file's order, less those not read.
      std::shared_ptr<arrow::ArrayData> child;
      const FileColumn* found = nullptr;
      size_t position = 0;
      for (const FileColumn& candidate : column.children) {
        if (!candidate.HoldsAny(plan_.leaves)) continue;
        if (candidate.id == fields[i].id && fields[i].type.id() != TypeId::kUnknown) {
          found = &candidate;
          if (position < data->child_data.size()) child = data->child_data[position];
          break;
        }
        ++position;
      }
      if (child != nullptr) {
        ICEFRAME_ASSIGN_OR_RETURN(
            child, Project(fields[i], *found, child_type, child, Below(place, fields[i], nullptr)));
      } else {
        ICEFRAME_ASSIGN_OR_RETURN(Value value, AbsentValue(fields[i], constants_));
        ICEFRAME_ASSIGN_OR_RETURN(
            auto constant,
            ArrayFromValue(fields[i].type, value, data->offset + data->length, pool_));
        child = Relabel(constant->data(), child_type);
      }
      projected->child_data.push_back(std::move(child));
    }
    return projected;
  }

  Result<std::shared_ptr<arrow::ArrayData>> ProjectLeaf(
      const std::shared_ptr<arrow::DataType>& type, const std::shared_ptr<arrow::ArrayData>& data,
      const ValuePlace& place) {
    std::shared_ptr<arrow::DataType> storage = type;
    if (type->id() == arrow::Type::EXTENSION) {
      storage = static_cast<const arrow::ExtensionType&>(*type).storage_type();
    }
    std::shared_ptr<arrow::ArrayData> plain = data;
    if (data->type->id() == arrow::Type::EXTENSION) {
      plain = Relabel(data, static_cast<const arrow::ExtensionType&>(*data->type).storage_type());
    }
    if (plain->type->id() == arrow::Type::BINARY && storage->id() == arrow::Type::STRING) {
      plain = Relabel(plain, storage);
    }
    if (!plain->type->Equals(*storage)) {
      ICEFRAME_ASSIGN_OR_RETURN(plain, CastLeaf(plain, storage, place));
    }
    ICEFRAME_RETURN_NOT_OK(CheckValues(place, *arrow::MakeArray(plain)));
    return Relabel(plain, type);
  }

  Result<std::shared_ptr<arrow::ArrayData>> CastLeaf(const std::shared_ptr<arrow::ArrayData>& data,
                                                     const std::shared_ptr<arrow::DataType>& type,
                                                     const ValuePlace& place) {
    // Only days become timestamps by Arrow's own cast.
    if (data->type->id() == arrow::Type::DATE32) return Cast(data, type, place);
    std::shared_ptr<arrow::Array> values = arrow::MakeArray(data);
    if (data->type->id() == arrow::Type::TIMESTAMP) {
      // Whether files mark instants as UTC is not always what the table says.
      const auto unit = static_cast<const arrow::TimestampType&>(*data->type).unit();
      const auto& zone = static_cast<const arrow::TimestampType&>(*type).timezone();
      values = arrow::MakeArray(Relabel(data, arrow::timestamp(unit, zone)));
    }
    ICEFRAME_ASSIGN_OR_RETURN(const auto cast, CastValues(place, values, pool_));
    return Relabel(cast->data(), type);
  }

  Result<std::shared_ptr<arrow::ArrayData>> Cast(const std::shared_ptr<arrow::ArrayData>& data,
                                                 const std::shared_ptr<arrow::DataType>& type,
                                                 const ValuePlace& place) {
    auto cast = arrow::compute::Cast(arrow::Datum(data), type,
                                     arrow::compute::CastOptions::Safe(type), &exec_);
    if (!cast.ok() && !cast.status().IsOutOfMemory()) {
      return Error(ErrorKind::kInvalidData,
                   "a value in the file does not fit the table's type: ", place.column, " is ",
                   place.type.ToString());
    }
    return cast.Map([](const arrow::Datum& datum) { return datum.array(); });
  }

  const ColumnPlan& plan_;
  const std::map<FieldId, Value>& constants_;
  arrow::MemoryPool* pool_;
  arrow::compute::ExecContext exec_;
};

}  // namespace

Result<std::shared_ptr<arrow::Array>> ProjectNested(const ColumnPlan& plan,
                                                    const std::map<FieldId, Value>& constants,
                                                    const std::shared_ptr<arrow::Array>& array,
                                                    int64_t first_row, arrow::MemoryPool* pool) {
  NestedProjector projector(plan, constants, pool);
  const ValuePlace place{plan.field.name, plan.field.type,
                         [first_row](int64_t i) { return first_row + i; }};
  ICEFRAME_ASSIGN_OR_RETURN(auto data, projector.Project(plan.field, *plan.file_column,
                                                         plan.arrow_type, array->data(), place));
  return arrow::MakeArray(data);
}

}  // namespace iceframe::internal
