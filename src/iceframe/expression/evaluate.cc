// SPDX-License-Identifier: Apache-2.0
// The way in: finds the columns of a batch by field id, starts the evaluator, gives arrays back in
// their outer form.
#include "iceframe/expression/evaluate.h"

#include <charconv>
#include <map>
#include <mutex>

#include <arrow/array/concatenate.h>
#include <arrow/compute/initialize.h>
#include <arrow/extension_type.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/key_value_metadata.h>

#include "iceframe/expression/check_types.h"
#include "iceframe/expression/constant_folding.h"
#include "iceframe/expression/evaluator_internal.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Columns = EvaluatorColumns;

Status InitializeKernels() {
  static const Status kStatus = arrow::compute::Initialize();
  return kStatus;
}

FieldId FieldIdOf(const arrow::Field& field) {
  if (field.metadata() == nullptr) return 0;
  const int at = field.metadata()->FindKey(kArrowFieldIdKey);
  if (at < 0) return 0;
  const std::string& text = field.metadata()->value(at);
  FieldId id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

/// Collects the wanted columns at any depth of structs; a struct's nulls are its children's.
Status CollectColumns(const arrow::FieldVector& fields, const arrow::ArrayVector& arrays,
                      const std::set<FieldId>& wanted, arrow::MemoryPool* pool, Columns* columns) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const FieldId id = FieldIdOf(*fields[i]);
    if (wanted.contains(id)) columns->emplace(id, arrays[i]);
    if (columns->size() == wanted.size()) return Status::OK();
    if (fields[i]->type()->id() != arrow::Type::STRUCT) continue;
    const auto& nested = static_cast<const arrow::StructArray&>(*arrays[i]);
    arrow::ArrayVector children;
    for (int child = 0; child < nested.num_fields(); ++child) {
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr flattened, nested.GetFlattenedField(child, pool));
      children.push_back(std::move(flattened));
    }
    ICEFRAME_RETURN_NOT_OK(
        CollectColumns(fields[i]->type()->fields(), children, wanted, pool, columns));
  }
  return Status::OK();
}

template <typename Builder, typename T>
Status AppendAll(const std::vector<Value>& values, Builder* builder) {
  ICEFRAME_RETURN_NOT_OK(builder->Reserve(static_cast<int64_t>(values.size())));
  for (const Value& value : values) ICEFRAME_RETURN_NOT_OK(builder->Append(value.get<T>()));
  return Status::OK();
}

Result<EvaluatedColumn> EvaluateOnBatch(const Expression& bound, const arrow::RecordBatch& batch,
                                        arrow::MemoryPool* pool) {
  ICEFRAME_RETURN_NOT_OK(CheckTypes(bound));
  ICEFRAME_RETURN_NOT_OK(InitializeKernels());
  Columns columns;
  ICEFRAME_RETURN_NOT_OK(CollectColumns(batch.schema()->fields(), batch.columns(),
                                        ReferencedFieldIds(bound), pool, &columns));
  return Evaluator(columns, batch.num_rows(), pool).Evaluate(bound);
}

/// Values of an extension type get their name back.
Result<ArrayPtr> WithExtension(const Type& type, ArrayPtr array) {
  if (type.is_nested()) return array;
  ICEFRAME_ASSIGN_OR_RETURN(auto arrow_type, ToArrowType(type));
  if (arrow_type->id() != arrow::Type::EXTENSION) return array;
  return arrow::ExtensionType::WrapArray(arrow_type, array);
}

}  // namespace

arrow::Result<arrow::Datum> EvaluatedColumn::AsDatum() const {
  if (!is_scalar) return arrow::Datum(values);
  ARROW_ASSIGN_OR_RAISE(auto scalar, values->GetScalar(0));
  return arrow::Datum(std::move(scalar));
}

EvaluationContext::EvaluationContext(int64_t num_rows, arrow::MemoryPool* pool)
    : num_rows_(num_rows), exec_(pool) {
  exec_.set_use_threads(false);
}

Result<EvaluatedColumn> EvaluationContext::Call(const char* function,
                                                const std::vector<EvaluatedColumn>& arguments,
                                                const arrow::compute::FunctionOptions* options) {
  std::vector<arrow::Datum> data;
  EvaluatedColumn result;
  result.is_scalar = true;
  for (const EvaluatedColumn& argument : arguments) {
    result.is_scalar = result.is_scalar && argument.is_scalar;
    ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum datum, argument.AsDatum());
    data.push_back(std::move(datum));
  }
  ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum called,
                            arrow::compute::CallFunction(function, data, options, &exec_));
  if (called.is_scalar()) {
    ICEFRAME_ASSIGN_OR_RETURN(result.values,
                              arrow::MakeArrayFromScalar(*called.scalar(), 1, exec_.memory_pool()));
    return result;
  }
  result.values = called.make_array();
  return result;
}

Result<std::shared_ptr<arrow::DataType>> StorageType(const Type& type) {
  ICEFRAME_ASSIGN_OR_RETURN(auto arrow_type, ToArrowType(type));
  if (arrow_type->id() == arrow::Type::EXTENSION) {
    return static_cast<const arrow::ExtensionType&>(*arrow_type).storage_type();
  }
  return arrow_type;
}

Result<ArrayPtr> ArrayOfValues(const Type& type, const std::vector<Value>& values,
                               arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(auto arrow_type, StorageType(type));
  ICEFRAME_ASSIGN_OR_RETURN(auto builder, arrow::MakeBuilder(arrow_type, pool));
  switch (arrow_type->id()) {
    case arrow::Type::BOOL:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::BooleanBuilder, bool>(
          values, static_cast<arrow::BooleanBuilder*>(builder.get()))));
      break;
    case arrow::Type::INT32:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::Int32Builder, int32_t>(
          values, static_cast<arrow::Int32Builder*>(builder.get()))));
      break;
    case arrow::Type::DATE32:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::Date32Builder, int32_t>(
          values, static_cast<arrow::Date32Builder*>(builder.get()))));
      break;
    case arrow::Type::INT64:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::Int64Builder, int64_t>(
          values, static_cast<arrow::Int64Builder*>(builder.get()))));
      break;
    case arrow::Type::TIME64:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::Time64Builder, int64_t>(
          values, static_cast<arrow::Time64Builder*>(builder.get()))));
      break;
    case arrow::Type::TIMESTAMP:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::TimestampBuilder, int64_t>(
          values, static_cast<arrow::TimestampBuilder*>(builder.get()))));
      break;
    case arrow::Type::DECIMAL128:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::Decimal128Builder, arrow::Decimal128>(
          values, static_cast<arrow::Decimal128Builder*>(builder.get()))));
      break;
    case arrow::Type::FIXED_SIZE_BINARY:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::FixedSizeBinaryBuilder, std::string>(
          values, static_cast<arrow::FixedSizeBinaryBuilder*>(builder.get()))));
      break;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      ICEFRAME_RETURN_NOT_OK((AppendAll<arrow::BinaryBuilder, std::string>(
          values, static_cast<arrow::BinaryBuilder*>(builder.get()))));
      break;
    default:
      return Error(ErrorKind::kUnsupported, "IN does not take values of type: ", type.ToString());
  }
  return builder->Finish();
}

Result<arrow::Datum> Evaluate(const Expression& bound, const arrow::RecordBatch& batch,
                              arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, EvaluateOnBatch(bound, batch, pool));
  ICEFRAME_ASSIGN_OR_RETURN(result.values, WithExtension(bound.type(), result.values));
  return result.AsDatum();
}

bool IsTooLongForBatch(const Status& failed) {
  // Arrow's own errors carry no detail; what overflows has two codes there.
  if (failed.ok() || failed.detail() != nullptr) return false;
  return failed.IsCapacityError() ||
         (failed.IsInvalid() && (failed.message().find("overflow") != std::string::npos ||
                                 failed.message().find("too large") != std::string::npos));
}

namespace {

// Each half of the rows by itself.
Result<std::shared_ptr<arrow::BooleanArray>> EvaluateHalves(const Expression& bound,
                                                            const arrow::RecordBatch& batch,
                                                            arrow::MemoryPool* pool) {
  const int64_t half = batch.num_rows() / 2;
  ICEFRAME_ASSIGN_OR_RETURN(auto first, EvaluateFilter(bound, *batch.Slice(0, half), pool));
  ICEFRAME_ASSIGN_OR_RETURN(auto second, EvaluateFilter(bound, *batch.Slice(half), pool));
  ICEFRAME_ASSIGN_OR_RETURN(auto both, arrow::Concatenate({first, second}, pool));
  return std::static_pointer_cast<arrow::BooleanArray>(both);
}

}  // namespace

Result<std::shared_ptr<arrow::BooleanArray>> EvaluateFilter(const Expression& bound,
                                                            const arrow::RecordBatch& batch,
                                                            arrow::MemoryPool* pool) {
  if (bound.type().id() != TypeId::kBoolean) {
    return Error(ErrorKind::kInvalidArgument, "a filter must be boolean: ", bound.ToString());
  }
  Result<EvaluatedColumn> evaluated = EvaluateOnBatch(bound, batch, pool);
  if (batch.num_rows() > 1 && IsTooLongForBatch(evaluated.status())) {
    return EvaluateHalves(bound, batch, pool);
  }
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, std::move(evaluated));
  const auto& values = static_cast<const arrow::BooleanArray&>(*result.values);
  if (result.is_scalar) {
    const bool keep = !values.IsNull(0) && values.Value(0);
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr all, arrow::MakeArrayFromScalar(arrow::BooleanScalar(keep),
                                                                       batch.num_rows(), pool));
    return std::static_pointer_cast<arrow::BooleanArray>(all);
  }
  if (values.null_count() == 0) return std::static_pointer_cast<arrow::BooleanArray>(result.values);
  ICEFRAME_ASSIGN_OR_RETURN(
      auto kept,
      arrow::internal::BitmapAnd(pool, values.values()->data(), values.offset(),
                                 values.null_bitmap_data(), values.offset(), values.length(), 0));
  return std::make_shared<arrow::BooleanArray>(values.length(), std::move(kept));
}

Expression FoldConstant(const Expression& e) {
  if (e.as<LiteralNode>() != nullptr || e.as<AliasNode>() != nullptr || e.operands().empty() ||
      e.type().is_nested() || e.type().id() == TypeId::kUnknown) {
    return e;
  }
  for (const Expression& operand : e.operands()) {
    if (operand.as<LiteralNode>() == nullptr) return e;
  }
  if (!InitializeKernels().ok()) return e;
  const Columns none;
  const auto result = Evaluator(none, 1, arrow::system_memory_pool()).Evaluate(e);
  if (!result.ok() || result->values->length() != 1) return e;
  const auto array = WithExtension(e.type(), result->values);
  if (!array.ok()) return e;
  auto value = ValueFromArrow(e.type(), **array, 0);
  if (!value.ok()) return e;
  return Expression(LiteralNode{std::move(*value)}, e.type(), true);
}

}  // namespace iceframe
