// SPDX-License-Identifier: Apache-2.0
// LIKE, STARTS WITH and the functions of strings; characters are code points.
#include "iceframe/base/utf8.h"
#include "iceframe/expression/evaluate_internal.h"

namespace iceframe {

namespace {

/// The bytes of the character that begins at `position`.
size_t CharacterSize(std::string_view text, size_t position) {
  size_t size = 1;
  while (position + size < text.size() && IsContinuation(text[position + size])) ++size;
  return size;
}

/// A LIKE pattern, read once.
class LikePattern {
 public:
  explicit LikePattern(std::string_view pattern) {
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == '%') {
        items_.push_back({Kind::kRun, 0});
      } else if (pattern[i] == '_') {
        items_.push_back({Kind::kCharacter, 0});
      } else {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        items_.push_back({Kind::kByte, pattern[i]});
      }
    }
  }

  /// Goes on greedily; where it fails, the last run takes one more character.
  bool Matches(std::string_view text) const {
    size_t item = 0;
    size_t position = 0;
    size_t run_item = std::string_view::npos;
    size_t run_position = 0;
    while (position < text.size()) {
      if (item < items_.size() && items_[item].kind == Kind::kRun) {
        run_item = item++;
        run_position = position;
      } else if (item < items_.size() && items_[item].kind == Kind::kCharacter) {
        position += CharacterSize(text, position);
        ++item;
      } else if (item < items_.size() && items_[item].byte == text[position]) {
        ++position;
        ++item;
      } else if (run_item != std::string_view::npos) {
        run_position += CharacterSize(text, run_position);
        position = run_position;
        item = run_item + 1;
      } else {
        return false;
      }
    }
    while (item < items_.size() && items_[item].kind == Kind::kRun) ++item;
    return item == items_.size();
  }

 private:
  enum class Kind : uint8_t { kByte, kCharacter, kRun };
  struct Item {
    Kind kind;
    char byte;
  };
  std::vector<Item> items_;
};

template <typename Test>
Result<EvaluatedColumn> TestStrings(EvaluationContext* context, const EvaluatedColumn& operand,
                                    const Test& test) {
  const RowReader<arrow::StringArray> values(operand);
  return MapRows(context, {operand}, NewBooleanBuilder(context),
                 [&](int64_t i, arrow::BooleanBuilder* builder) {
                   builder->UnsafeAppend(test(values[i]));
                   return Status::OK();
                 });
}

template <typename Test>
Result<EvaluatedColumn> TestPairs(EvaluationContext* context,
                                  const std::vector<EvaluatedColumn>& arguments, const Test& test) {
  const RowReader<arrow::StringArray> left(arguments[0]);
  const RowReader<arrow::StringArray> right(arguments[1]);
  return MapRows(context, arguments, NewBooleanBuilder(context),
                 [&](int64_t i, arrow::BooleanBuilder* builder) {
                   builder->UnsafeAppend(test(left[i], right[i]));
                   return Status::OK();
                 });
}

/// SQL's substring: characters count from 1, from the end where `start` is negative; a negative
/// length goes to the left.
std::string_view Substring(std::string_view text, int64_t start, int64_t length) {
  const int64_t size = CountCodePoints(text);
  constexpr int64_t kFar = int64_t{1} << 40;
  start = std::min(std::max(start, -kFar), kFar);
  length = std::min(std::max(length, -kFar), kFar);
  int64_t first = start >= 0 ? start - 1 : size + start;
  if (start == 0) first = -1;
  int64_t last = first + length;
  if (length < 0) std::swap(first, last);
  first = std::min(std::max<int64_t>(first, 0), size);
  last = std::min(std::max(last, first), size);
  const size_t begin = CodePointPrefix(text, first);
  return text.substr(begin, CodePointPrefix(text.substr(begin), last - first));
}

Result<EvaluatedColumn> EvaluateSubstring(EvaluationContext* context,
                                          const std::vector<EvaluatedColumn>& arguments) {
  const RowReader<arrow::StringArray> texts(arguments[0]);
  const RowReader<arrow::Int64Array> starts(arguments[1]);
  const RowReader<arrow::Int64Array> lengths(arguments.back());
  const bool has_length = arguments.size() == 3;
  return MapRows(context, arguments, NewStringBuilder(context),
                 [&](int64_t i, arrow::StringBuilder* builder) {
                   const int64_t length = has_length ? lengths[i] : int64_t{1} << 40;
                   return builder->Append(Substring(texts[i], starts[i], length));
                 });
}

/// concat() takes nulls for empty strings.
Result<EvaluatedColumn> EvaluateConcat(EvaluationContext* context,
                                       const std::vector<EvaluatedColumn>& arguments,
                                       bool skip_nulls) {
  EvaluatedColumn result;
  result.is_scalar = true;
  for (const EvaluatedColumn& argument : arguments) {
    result.is_scalar = result.is_scalar && argument.is_scalar;
  }
  const int64_t length = result.is_scalar ? 1 : context->num_rows();
  const auto builder = NewStringBuilder(context);
  std::string row;
  for (int64_t i = 0; i < length; ++i) {
    row.clear();
    bool is_null = false;
    for (const EvaluatedColumn& argument : arguments) {
      const auto& strings = static_cast<const arrow::StringArray&>(*argument.values);
      const int64_t at = argument.is_scalar ? 0 : i;
      if (!strings.IsNull(at)) {
        row += strings.GetView(at);
      } else {
        is_null = is_null || !skip_nulls;
      }
    }
    ICEFRAME_RETURN_NOT_OK(is_null ? builder->AppendNull() : builder->Append(row));
  }
  ICEFRAME_ASSIGN_OR_RETURN(result.values, builder->Finish());
  return result;
}

Result<EvaluatedColumn> EvaluateOctetLength(EvaluationContext* context,
                                            const EvaluatedColumn& operand) {
  const RowReader<arrow::BinaryArray> values(operand);
  return MapRows(context, {operand}, NewBuilder<arrow::Int64Builder>(context, arrow::int64()),
                 [&](int64_t i, arrow::Int64Builder* builder) {
                   return builder->Append(static_cast<int64_t>(values[i].size()));
                 });
}

}  // namespace

Result<EvaluatedColumn> EvaluateLike(EvaluationContext* context, const LikeNode& node,
                                     const EvaluatedColumn& operand) {
  EvaluatedColumn values = operand;
  std::string pattern = node.pattern;
  if (node.case_insensitive) {
    ICEFRAME_ASSIGN_OR_RETURN(values, context->Call("utf8_lower", {operand}));
    const auto builder = NewStringBuilder(context);
    ICEFRAME_RETURN_NOT_OK(builder->Append(pattern));
    EvaluatedColumn single;
    single.is_scalar = true;
    ICEFRAME_ASSIGN_OR_RETURN(single.values, builder->Finish());
    ICEFRAME_ASSIGN_OR_RETURN(single, context->Call("utf8_lower", {single}));
    pattern = RowReader<arrow::StringArray>(single)[0];
  }
  const LikePattern compiled(pattern);
  return TestStrings(context, values,
                     [&](std::string_view text) { return compiled.Matches(text) != node.negated; });
}

Result<EvaluatedColumn> EvaluateStartsWith(EvaluationContext* context, const StartsWithNode& node,
                                           const EvaluatedColumn& operand) {
  return TestStrings(context, operand, [&node](std::string_view text) {
    return text.starts_with(node.prefix) != node.negated;
  });
}

Result<EvaluatedColumn> EvaluateTextFunction(EvaluationContext* context, FunctionId id,
                                             const std::vector<EvaluatedColumn>& arguments) {
  const arrow::compute::TrimOptions spaces(" ");
  switch (id) {
    case FunctionId::kLower:
      return context->Call("utf8_lower", arguments);
    case FunctionId::kUpper:
      return context->Call("utf8_upper", arguments);
    case FunctionId::kTrim:
      return context->Call("utf8_trim", arguments, &spaces);
    case FunctionId::kLeftTrim:
      return context->Call("utf8_ltrim", arguments, &spaces);
    case FunctionId::kRightTrim:
      return context->Call("utf8_rtrim", arguments, &spaces);
    case FunctionId::kLength: {
      ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn length, context->Call("utf8_length", arguments));
      return EvaluateCast(context, Type::Int(), Type::Long(), length);
    }
    case FunctionId::kOctetLength:
      return EvaluateOctetLength(context, arguments[0]);
    case FunctionId::kContains:
      return TestPairs(context, arguments, [](std::string_view text, std::string_view part) {
        return text.find(part) != std::string_view::npos;
      });
    case FunctionId::kStartsWith:
      return TestPairs(context, arguments, [](std::string_view text, std::string_view part) {
        return text.starts_with(part);
      });
    case FunctionId::kEndsWith:
      return TestPairs(context, arguments, [](std::string_view text, std::string_view part) {
        return text.ends_with(part);
      });
    case FunctionId::kSubstring:
      return EvaluateSubstring(context, arguments);
    case FunctionId::kConcat:
      return EvaluateConcat(context, arguments, true);
    case FunctionId::kConcatOperator:
      return EvaluateConcat(context, arguments, false);
    default:
      return Error(ErrorKind::kUnsupported, "function of strings is not known");
  }
}

}  // namespace iceframe
