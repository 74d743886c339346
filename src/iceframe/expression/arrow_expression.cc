// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/arrow_expression.h"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/initialize.h>

#include "iceframe/expression/literal_conversion.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/lossless_cast.h"

namespace iceframe {

namespace {

using ArrowExpression = arrow::compute::Expression;
using Call = ArrowExpression::Call;
using Arguments = std::vector<Expression>;

constexpr int kMaxDepth = 200;

Status NoCounterpart(const ArrowExpression& e) {
  constexpr size_t kMaxBytes = 300;
  return Error(ErrorKind::kUnsupported,
               "Arrow's expression has no counterpart: ", e.ToString().substr(0, kMaxBytes));
}

/// The values of an array in the Iceberg type that holds them.
struct Constants {
  Type type;
  std::vector<Value> values;
};
Result<Constants> ConstantsOf(std::shared_ptr<arrow::Array> array) {
  Constants constants;
  if (array->type_id() == arrow::Type::NA) {
    constants.values.resize(static_cast<size_t>(array->length()));
    return constants;
  }
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("constant", array->type())}), array->length(), {array});
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, FromArrowSchema(*batch->schema(), 3));
  constants.type = fields[0].type;
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, Schema::Make(SchemaId(0), std::move(fields)));
  ICEFRAME_ASSIGN_OR_RETURN(auto cast, CastLossless(*batch, *schema, arrow::system_memory_pool()));
  for (int64_t i = 0; i < cast->num_rows(); ++i) {
    Value value;
    if (cast->column(0)->IsValid(i)) {
      ICEFRAME_ASSIGN_OR_RETURN(value, ValueFromArrow(constants.type, *cast->column(0), i));
    }
    constants.values.push_back(std::move(value));
  }
  return constants;
}

/// Whether a number; a double that a literal of ours would make a float is one in a cast.
bool IsNumber(const Expression& e) {
  const Expression& inner = e.as<CastNode>() != nullptr ? e.operands()[0] : e;
  return inner.as<LiteralNode>() != nullptr && IsNumeric(inner.type());
}

bool IsConstant(const Expression& e) { return IsNumber(e) || e.as<LiteralNode>() != nullptr; }

bool IsNaNConstant(const Expression& e) {
  const Expression& inner = e.as<CastNode>() != nullptr ? e.operands()[0] : e;
  const auto* literal = inner.as<LiteralNode>();
  if (literal == nullptr) return false;
  if (literal->value.holds<double>()) return std::isnan(literal->value.get<double>());
  return literal->value.holds<float>() && std::isnan(literal->value.get<float>());
}

std::optional<ComparisonOp> ComparisonOf(std::string_view function) {
  if (function == "equal") return ComparisonOp::kEqual;
  if (function == "not_equal") return ComparisonOp::kNotEqual;
  if (function == "less") return ComparisonOp::kLess;
  if (function == "less_equal") return ComparisonOp::kLessEqual;
  if (function == "greater") return ComparisonOp::kGreater;
  if (function == "greater_equal") return ComparisonOp::kGreaterEqual;
  return std::nullopt;
}

std::optional<ArithmeticOp> ArithmeticOf(std::string_view function) {
  if (function == "add_checked") return ArithmeticOp::kAdd;
  if (function == "subtract_checked") return ArithmeticOp::kSubtract;
  if (function == "multiply_checked") return ArithmeticOp::kMultiply;
  return std::nullopt;
}

/// The comparison as Arrow means it: with NaN all of them are false but <>.
std::optional<Expression> ComparisonLikeArrows(ComparisonOp op, Expression left, Expression right) {
  if (!IsConstant(right)) {
    if (!IsConstant(left)) return std::nullopt;
    std::swap(left, right);
    op = Mirrored(op);
  }
  if (IsNaNConstant(right)) {
    // The same for every number, and null for null.
    const bool holds = op == ComparisonOp::kNotEqual;
    Expression is_nan = IsNaN(left);
    Expression is_not_nan = IsNotNaN(std::move(left));
    return holds ? Or(std::move(is_nan), std::move(is_not_nan))
                 : And(std::move(is_nan), std::move(is_not_nan));
  }
  Expression compared = Compare(op, left, right);
  const bool takes_nan = op == ComparisonOp::kGreater || op == ComparisonOp::kGreaterEqual;
  if (!takes_nan || !IsNumber(right) || IsConstant(left)) return compared;
  return And(std::move(compared), IsNotNaN(std::move(left)));
}

class Translator {
 public:
  Result<Expression> Translate(const ArrowExpression& e, int depth) {
    if (depth > kMaxDepth) {
      return Error(ErrorKind::kInvalidArgument, "expression is nested too deeply: more than ",
                   kMaxDepth, " levels");
    }
    if (const arrow::Datum* literal = e.literal()) return TranslateLiteral(*literal, e);
    if (const arrow::FieldRef* ref = e.field_ref()) return TranslateField(*ref, e);
    if (e.call() == nullptr) return NoCounterpart(e);
    Arguments arguments;
    for (const ArrowExpression& argument : e.call()->arguments) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression translated, Translate(argument, depth + 1));
      arguments.push_back(std::move(translated));
    }
    std::optional<Expression> translated;
    if (arguments.size() == 1) {
      ICEFRAME_ASSIGN_OR_RETURN(translated, TranslateUnary(*e.call(), arguments[0]));
    } else if (arguments.size() == 2) {
      translated = TranslateBinary(e.call()->function_name, arguments);
    }
    if (!translated) return NoCounterpart(e);
    return *std::move(translated);
  }

 private:
  static Result<Expression> TranslateLiteral(const arrow::Datum& datum, const ArrowExpression& e) {
    if (!datum.is_scalar()) return NoCounterpart(e);
    ICEFRAME_ASSIGN_OR_RETURN(auto array, arrow::MakeArrayFromScalar(*datum.scalar(), 1));
    ICEFRAME_ASSIGN_OR_RETURN(Constants constants, ConstantsOf(std::move(array)));
    if (constants.values[0].is_null()) return NullLit();
    ICEFRAME_ASSIGN_OR_RETURN(Expression literal,
                              Lit(constants.type, std::move(constants.values[0])));
    if (constants.type.id() != TypeId::kDouble) return literal;
    return Cast(std::move(literal), Type::Double());
  }

  static Result<Expression> TranslateField(const arrow::FieldRef& ref, const ArrowExpression& e) {
    if (const std::string* name = ref.name()) return Col(*name);
    const std::vector<arrow::FieldRef>* nested = ref.nested_refs();
    if (nested == nullptr || nested->empty()) return NoCounterpart(e);
    std::string path;
    for (const arrow::FieldRef& part : *nested) {
      if (part.name() == nullptr) return NoCounterpart(e);
      path += (path.empty() ? "" : ".") + *part.name();
    }
    return Col(std::move(path));
  }

  static Result<std::optional<Expression>> TranslateUnary(const Call& call, Expression operand) {
    const std::string& name = call.function_name;
    if (name == "invert") return std::optional(Not(std::move(operand)));
    if (name == "is_valid") return std::optional(IsNotNull(std::move(operand)));
    if (name == "is_nan") return std::optional(IsNaN(std::move(operand)));
    if (name == "negate_checked") return std::optional(Function("negate", {std::move(operand)}));
    if (name == "is_null") {
      const auto* options = dynamic_cast<const arrow::compute::NullOptions*>(call.options.get());
      const bool with_nan = options != nullptr && options->nan_is_null;
      Expression is_null = IsNull(operand);
      return std::optional(with_nan ? Or(std::move(is_null), IsNaN(std::move(operand)))
                                    : std::move(is_null));
    }
    if (name == "is_in") return TranslateIn(call, std::move(operand));
    return TranslateMatch(call, std::move(operand));
  }

  static std::optional<Expression> TranslateMatch(const Call& call, Expression operand) {
    const std::string& name = call.function_name;
    const auto* options =
        dynamic_cast<const arrow::compute::MatchSubstringOptions*>(call.options.get());
    if (options == nullptr) return std::nullopt;
    if (name == "match_like") {
      return Expression(
          LikeNode{{std::move(operand)}, options->pattern, false, options->ignore_case});
    }
    if (options->ignore_case) return std::nullopt;
    if (name == "starts_with") return StartsWith(std::move(operand), options->pattern);
    if (name == "ends_with") return Function(name, {std::move(operand), Lit(options->pattern)});
    if (name == "match_substring") {
      return Function("contains", {std::move(operand), Lit(options->pattern)});
    }
    return std::nullopt;
  }

  static Result<std::optional<Expression>> TranslateIn(const Call& call, Expression operand) {
    using Matching = arrow::compute::SetLookupOptions::NullMatchingBehavior;
    const auto* options = dynamic_cast<const arrow::compute::SetLookupOptions*>(call.options.get());
    if (options == nullptr ||
        !(options->value_set.is_array() || options->value_set.is_chunked_array())) {
      return std::optional<Expression>();
    }
    std::shared_ptr<arrow::Array> set;
    if (options->value_set.is_array()) {
      set = options->value_set.make_array();
    } else {
      ICEFRAME_ASSIGN_OR_RETURN(set,
                                arrow::Concatenate(options->value_set.chunked_array()->chunks()));
    }
    ICEFRAME_ASSIGN_OR_RETURN(Constants constants, ConstantsOf(std::move(set)));
    const Matching matching = options->GetNullMatchingBehavior();
    const size_t count = constants.values.size();
    if (matching != Matching::INCONCLUSIVE) {
      std::erase_if(constants.values, [](const Value& value) { return value.is_null(); });
    }
    const bool has_null = constants.values.size() < count;
    Expression in = In(operand, constants.type, std::move(constants.values));
    switch (matching) {
      case Matching::MATCH:
        if (has_null) return std::optional(Or(std::move(in), IsNull(std::move(operand))));
        [[fallthrough]];
      case Matching::SKIP:
        return std::optional(And(std::move(in), IsNotNull(std::move(operand))));
      case Matching::EMIT_NULL:
      case Matching::INCONCLUSIVE:
        return std::optional(std::move(in));
    }
    return std::optional<Expression>();
  }

  static std::optional<Expression> TranslateBinary(std::string_view name, Arguments& arguments) {
    if (name == "and_kleene") return And(std::move(arguments));
    if (name == "or_kleene") return Or(std::move(arguments));
    if (const auto op = ArithmeticOf(name)) {
      return Arithmetic(*op, std::move(arguments[0]), std::move(arguments[1]));
    }
    if (const auto op = ComparisonOf(name)) {
      return ComparisonLikeArrows(*op, std::move(arguments[0]), std::move(arguments[1]));
    }
    return std::nullopt;
  }
};

}  // namespace

Result<Expression> FromArrowExpression(const arrow::compute::Expression& expression) {
  return Translator().Translate(expression, 0);
}

Result<Expression> FromSerializedArrowExpression(std::shared_ptr<arrow::Buffer> bytes) {
  ICEFRAME_RETURN_NOT_OK(arrow::compute::Initialize());
  auto expression = arrow::compute::Deserialize(std::move(bytes));
  if (!expression.ok()) {
    return Error(ErrorKind::kInvalidArgument, "these bytes are no expression of Arrow");
  }
  return FromArrowExpression(*expression);
}

}  // namespace iceframe
