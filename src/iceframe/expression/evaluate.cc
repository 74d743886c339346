// SPDX-License-Identifier: Apache-2.0
// Walks a bound tree over one batch. Columns are found by field id; a subtree over one
// dictionary-encoded column is evaluated once per dictionary value.
#include "iceframe/expression/evaluate.h"

#include <charconv>
#include <map>
#include <mutex>

#include <arrow/compute/initialize.h>
#include <arrow/extension_type.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/key_value_metadata.h>

#include "iceframe/expression/check_types.h"
#include "iceframe/expression/constant_folding.h"
#include "iceframe/expression/evaluate_internal.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Columns = std::map<FieldId, ArrayPtr>;

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

ArrayPtr WithoutExtension(ArrayPtr array) {
  while (array->type_id() == arrow::Type::EXTENSION) {
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  return array;
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

/// Whether evaluating can fail for some value, so that rows which do not count must be left out.
bool CanFail(const Expression& e) {
  if (e.as<CastNode>() != nullptr || e.as<ArithmeticNode>() != nullptr) return true;
  if (const auto* call = e.as<FunctionNode>()) {
    const FunctionEntry* entry = FindFunction(call->name);
    if (entry == nullptr) return true;
    switch (entry->id) {
      case FunctionId::kAbs:
      case FunctionId::kNegate:
      case FunctionId::kRound:
      case FunctionId::kCeil:
      case FunctionId::kFloor:
        return true;
      default:
        break;
    }
  }
  return std::any_of(e.operands().begin(), e.operands().end(), CanFail);
}

class Evaluator {
 public:
  Evaluator(const Columns& columns, int64_t num_rows, arrow::MemoryPool* pool)
      : columns_(columns), context_(num_rows, pool) {
    for (const auto& [id, array] : columns_) {
      has_dictionaries_ = has_dictionaries_ || array->type_id() == arrow::Type::DICTIONARY;
    }
  }

  Result<EvaluatedColumn> Evaluate(const Expression& e) {
    if (has_dictionaries_ && e.as<ColumnNode>() == nullptr && e.as<LiteralNode>() == nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(std::optional<EvaluatedColumn> once, EvaluateOnDictionary(e));
      if (once) return *std::move(once);
    }
    return std::visit([&](const auto& node) { return EvaluateNode(node, e); }, e.node());
  }

 private:
  Result<std::vector<EvaluatedColumn>> EvaluateAll(const std::vector<Expression>& operands) {
    std::vector<EvaluatedColumn> evaluated;
    evaluated.reserve(operands.size());
    for (const Expression& operand : operands) {
      ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn next, Evaluate(operand));
      evaluated.push_back(std::move(next));
    }
    return evaluated;
  }

  /// The tree over the values of its only column's dictionary, spread to the rows.
  Result<std::optional<EvaluatedColumn>> EvaluateOnDictionary(const Expression& e) {
    const std::set<FieldId> ids = ReferencedFieldIds(e);
    if (ids.size() != 1) return std::nullopt;
    const auto found = columns_.find(*ids.begin());
    if (found == columns_.end() || found->second->type_id() != arrow::Type::DICTIONARY) {
      return std::nullopt;
    }
    const auto& column = static_cast<const arrow::DictionaryArray&>(*found->second);
    // Values that no row has must not make it fail, nor more values than rows make it slower.
    if (column.dictionary()->length() > column.length() || CanFail(e)) return std::nullopt;
    Columns values = {{found->first, column.dictionary()}};
    Evaluator over_values(values, column.dictionary()->length(), context_.pool());
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, over_values.Evaluate(e));
    if (result.is_scalar) return std::optional(result);
    const EvaluatedColumn indices{column.indices(), false};
    const arrow::compute::TakeOptions no_check = arrow::compute::TakeOptions::NoBoundsCheck();
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn taken,
                              context_.Call("take", {result, indices}, &no_check));
    if (column.indices()->null_count() == 0) return std::optional(taken);
    // IS NULL and COALESCE give a value where there is none.
    ICEFRAME_ASSIGN_OR_RETURN(
        ArrayPtr null, arrow::MakeArrayOfNull(column.dictionary()->type(), 1, context_.pool()));
    Columns of_null = {{found->first, std::move(null)}};
    Evaluator over_null(of_null, 1, context_.pool());
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn for_null, over_null.Evaluate(e));
    if (for_null.values->IsNull(0)) return std::optional(taken);
    for_null.is_scalar = true;
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn valid, context_.Call("is_valid", {indices}));
    ICEFRAME_ASSIGN_OR_RETURN(taken, context_.Call("if_else", {valid, taken, for_null}));
    return std::optional(taken);
  }

  Result<EvaluatedColumn> EvaluateNode(const ColumnNode& node, const Expression& e) {
    const auto found = columns_.find(node.field_id);
    if (found == columns_.end()) {
      return Error(ErrorKind::kInvalidArgument, "batch lacks a column: ", node.name, " (field id ",
                   node.field_id, ")");
    }
    EvaluatedColumn column{WithoutExtension(found->second), false};
    if (e.type().is_nested()) return column;
    ICEFRAME_ASSIGN_OR_RETURN(auto expected, StorageType(e.type()));
    if (column.values->type_id() == arrow::Type::DICTIONARY) {
      const auto& encoded = static_cast<const arrow::DictionaryArray&>(*column.values);
      ICEFRAME_ASSIGN_OR_RETURN(
          column, context_.Call("take", {{WithoutExtension(encoded.dictionary()), false},
                                         {encoded.indices(), false}}));
      column.is_scalar = false;
    }
    if (column.values->type()->Equals(*expected)) return column;
    if (column.values->type_id() == arrow::Type::NA) {
      ICEFRAME_ASSIGN_OR_RETURN(
          column.values, arrow::MakeArrayOfNull(expected, context_.num_rows(), context_.pool()));
      return column;
    }
    const arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(expected);
    return context_.Call("cast", {column}, &options);
  }

  Result<EvaluatedColumn> EvaluateNode(const LiteralNode& node, const Expression& e) {
    EvaluatedColumn literal;
    literal.is_scalar = true;
    ICEFRAME_ASSIGN_OR_RETURN(literal.values,
                              ArrayFromValue(e.type(), node.value, 1, context_.pool()));
    literal.values = WithoutExtension(literal.values);
    return literal;
  }

  Result<EvaluatedColumn> EvaluateNode(const ComparisonNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<EvaluatedColumn> sides, EvaluateAll(node.operands));
    return EvaluateComparison(&context_, node.op, sides[0], sides[1]);
  }
  Result<EvaluatedColumn> EvaluateNode(const InNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
    return EvaluateIn(&context_, node, operand);
  }
  Result<EvaluatedColumn> EvaluateNode(const IsNullNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
    return context_.Call(node.negated ? "is_valid" : "is_null", {operand});
  }
  Result<EvaluatedColumn> EvaluateNode(const IsNaNNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, context_.Call("is_nan", {operand}));
    return node.negated ? context_.Call("invert", {result}) : result;
  }
  Result<EvaluatedColumn> EvaluateNode(const StartsWithNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
    return EvaluateStartsWith(&context_, node, operand);
  }
  Result<EvaluatedColumn> EvaluateNode(const LikeNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
    return EvaluateLike(&context_, node, operand);
  }
  Result<EvaluatedColumn> EvaluateNode(const AndNode& node, const Expression&) {
    return EvaluateJunction(node.operands, true);
  }
  Result<EvaluatedColumn> EvaluateNode(const OrNode& node, const Expression&) {
    return EvaluateJunction(node.operands, false);
  }
  Result<EvaluatedColumn> EvaluateNode(const NotNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
    return context_.Call("invert", {operand});
  }
  Result<EvaluatedColumn> EvaluateNode(const ArithmeticNode& node, const Expression& e) {
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<EvaluatedColumn> sides, EvaluateAll(node.operands));
    return EvaluateArithmetic(&context_, node.op, node.operands[0].type(), node.operands[1].type(),
                              e.type(), sides[0], sides[1]);
  }
  Result<EvaluatedColumn> EvaluateNode(const CastNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
    return EvaluateCast(&context_, node.operands[0].type(), node.target, operand);
  }
  Result<EvaluatedColumn> EvaluateNode(const FunctionNode& node, const Expression& e) {
    const FunctionEntry* entry = FindFunction(node.name);
    if (entry == nullptr) {
      return Error(ErrorKind::kInvalidArgument, "function does not exist: ", node.name);
    }
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<EvaluatedColumn> arguments, EvaluateAll(node.operands));
    return EvaluateFunction(&context_, entry->id, e, arguments);
  }
  Result<EvaluatedColumn> EvaluateNode(const AliasNode& node, const Expression&) {
    return Evaluate(node.operands[0]);
  }

  /// Joins with three-valued logic. What can fail comes last and sees only rows that the others
  /// leave open.
  Result<EvaluatedColumn> EvaluateJunction(const std::vector<Expression>& operands, bool is_and) {
    std::optional<EvaluatedColumn> joined;
    for (const bool failing : {false, true}) {
      for (const Expression& operand : operands) {
        if (CanFail(operand) != failing) continue;
        EvaluatedColumn next;
        if (failing && joined && !joined->is_scalar) {
          ICEFRAME_ASSIGN_OR_RETURN(next, EvaluateWhereOpen(operand, *joined, is_and));
        } else {
          ICEFRAME_ASSIGN_OR_RETURN(next, Evaluate(operand));
        }
        if (joined) {
          ICEFRAME_ASSIGN_OR_RETURN(
              joined, context_.Call(is_and ? "and_kleene" : "or_kleene", {*joined, next}));
        } else {
          joined = std::move(next);
        }
        if (IsDecided(*joined, is_and)) return *std::move(joined);
      }
    }
    if (!joined) return Error(ErrorKind::kInvalidArgument, "AND or OR without operands");
    return *std::move(joined);
  }

  /// Whether no further operand can change the result: false for AND, true for OR.
  static bool IsDecided(const EvaluatedColumn& joined, bool is_and) {
    const auto& values = static_cast<const arrow::BooleanArray&>(*joined.values);
    if (!joined.is_scalar && values.length() > 0 && values.null_count() == 0) {
      return is_and ? values.true_count() == 0 : values.true_count() == values.length();
    }
    return joined.is_scalar && !values.IsNull(0) && values.Value(0) != is_and;
  }

  Result<EvaluatedColumn> EvaluateWhereOpen(const Expression& e, const EvaluatedColumn& joined,
                                            bool is_and) {
    const auto& so_far = static_cast<const arrow::BooleanArray&>(*joined.values);
    arrow::Int64Builder open_rows(context_.pool());
    for (int64_t i = 0; i < so_far.length(); ++i) {
      if (so_far.IsNull(i) || so_far.Value(i) == is_and) {
        ICEFRAME_RETURN_NOT_OK(open_rows.Append(i));
      }
    }
    if (open_rows.length() == so_far.length()) return Evaluate(e);
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr rows, open_rows.Finish());
    Columns selected;
    for (const FieldId id : ReferencedFieldIds(e)) {
      const auto found = columns_.find(id);
      if (found == columns_.end()) continue;
      ICEFRAME_ASSIGN_OR_RETURN(
          EvaluatedColumn taken,
          context_.Call("take", {{WithoutExtension(found->second), false}, {rows, false}}));
      selected.emplace(id, std::move(taken.values));
    }
    Evaluator inner(selected, rows->length(), context_.pool());
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, inner.Evaluate(e));
    if (result.is_scalar) return result;
    return Scatter(static_cast<const arrow::BooleanArray&>(*result.values),
                   static_cast<const arrow::Int64Array&>(*rows), is_and);
  }

  /// Puts results back to their rows; the others get what does not change the junction.
  Result<EvaluatedColumn> Scatter(const arrow::BooleanArray& values, const arrow::Int64Array& rows,
                                  bool neutral) {
    arrow::BooleanBuilder builder(context_.pool());
    ICEFRAME_RETURN_NOT_OK(builder.Reserve(context_.num_rows()));
    int64_t next = 0;
    for (int64_t i = 0; i < context_.num_rows(); ++i) {
      if (next == rows.length() || rows.Value(next) != i) {
        builder.UnsafeAppend(neutral);
      } else if (values.IsNull(next++)) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(values.Value(next - 1));
      }
    }
    EvaluatedColumn scattered;
    ICEFRAME_ASSIGN_OR_RETURN(scattered.values, builder.Finish());
    return scattered;
  }

  const Columns& columns_;
  EvaluationContext context_;
  bool has_dictionaries_ = false;
};

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

Result<std::shared_ptr<arrow::BooleanArray>> EvaluateFilter(const Expression& bound,
                                                            const arrow::RecordBatch& batch,
                                                            arrow::MemoryPool* pool) {
  if (bound.type().id() != TypeId::kBoolean) {
    return Error(ErrorKind::kInvalidArgument, "a filter must be boolean: ", bound.ToString());
  }
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, EvaluateOnBatch(bound, batch, pool));
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
