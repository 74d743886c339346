// SPDX-License-Identifier: Apache-2.0
#include "iceframe/skipping/match_statistics.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/skipping/column_bounds.h"
#include "iceframe/skipping/value_range_internal.h"
#include "iceframe/types/decimal_limits.h"
#include "iceframe/types/schema.h"

namespace iceframe {

namespace {

using internal::TruthSet;

// Room for the digits of literals that are finer than the bounds.
constexpr int kRoomForScale = 18;

// A type that the column may have, and its bounds among the type's values.
struct Candidate {
  Type type;
  ColumnBounds bounds;
};

bool IsWhole(const Type& type) { return type.id() == TypeId::kInt || type.id() == TypeId::kLong; }

std::vector<Type> DecimalOf(int scale) {
  auto type = Type::Decimal(kMaxPrecision, scale);
  return type.ok() ? std::vector<Type>{*std::move(type)} : std::vector<Type>{};
}

// Of columns of which no bound tells a type.
std::vector<Type> AllTypes() {
  std::vector<Type> types = DecimalOf(kRoomForScale);
  types.insert(types.end(), {Type::Boolean(), Type::Long(), Type::Double(), Type::Date(),
                             Type::Time(), Type::Timestamp(), Type::Timestamptz(), Type::String(),
                             Type::Binary(), Type::Uuid()});
  return types;
}

std::vector<Type> TypesOf(const StatedColumn& column) {
  if (column.type) return {*column.type};
  std::vector<Type> stated;
  for (const auto* bound : {&column.lower, &column.upper}) {
    if (*bound) stated.push_back((*bound)->type);
  }
  if (stated.empty()) return AllTypes();
  if (std::ranges::all_of(stated, IsWhole)) return {Type::Long(), Type::Double()};
  const auto is_number = [](const Type& type) {
    return IsWhole(type) || internal::IsFloating(type);
  };
  if (std::ranges::all_of(stated, is_number)) return {Type::Double(), Type::Float()};
  const auto is_decimal = [](const Type& type) {
    return IsWhole(type) || type.id() == TypeId::kDecimal;
  };
  if (std::ranges::all_of(stated, is_decimal)) {
    int scale = 0;
    int whole_digits = 0;
    for (const Type& type : stated) {
      const bool is_exact = type.id() == TypeId::kDecimal;
      scale = std::max(scale, is_exact ? type.scale() : 0);
      whole_digits = std::max(whole_digits, is_exact ? type.precision() - type.scale() : 19);
    }
    const int widened = std::min(std::max(scale, kRoomForScale), kMaxPrecision - whole_digits);
    return DecimalOf(std::max(scale, widened));
  }
  const bool is_one = std::ranges::all_of(stated, [&](const Type& t) { return t == stated[0]; });
  return is_one ? std::vector<Type>{stated[0]} : std::vector<Type>{};
}

// `is_exact` becomes false where the bound is no value of the type.
std::optional<Value> PlaceBound(const Type& type, const std::optional<TypedValue>& bound,
                                bool is_lower, bool* is_exact) {
  if (!bound || bound->value.is_null()) return std::nullopt;
  auto placed = PlaceTypedConstant(type, *bound);
  const bool is_value = placed.ok() && placed->place == LiteralPlace::kExact;
  *is_exact = *is_exact && is_value;
  // The value below is a lower bound as well.
  const bool is_below = placed.ok() && is_lower && placed->place == LiteralPlace::kBetween;
  if (!is_value && !is_below) return std::nullopt;
  return std::move(placed->value);
}

std::vector<Candidate> CandidatesOf(const StatedColumn& column) {
  std::vector<Candidate> candidates;
  for (const Type& type : TypesOf(column)) {
    const bool is_first = candidates.empty();
    Candidate candidate{type, {}};
    bool is_exact = true;
    candidate.bounds.lower = PlaceBound(type, column.lower, /*is_lower=*/true, &is_exact);
    candidate.bounds.upper = PlaceBound(type, column.upper, /*is_lower=*/false, &is_exact);
    // Whose bounds are no values of the type has another one.
    if (!is_exact && !is_first) continue;
    candidate.bounds.value_count = column.value_count;
    candidate.bounds.null_count = column.null_count;
    candidate.bounds.nan_count = column.nan_count;
    const bool is_number = !is_first && IsWhole(candidates.front().type);
    if (is_number && internal::IsFloating(type) && !column.nan_count) {
      candidate.bounds.nan_count = 0;
    }
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// What a part about one column may come out as, were the column of that type; nullopt: it can't be.
std::optional<TruthSet> EvaluateAs(const Expression& part, const Candidate& candidate) {
  const std::string name = "c";
  auto schema = Schema::Make(SchemaId(0), {NestedField::Optional(1, name, candidate.type)});
  if (!schema.ok()) return std::nullopt;
  const Expression renamed = RewriteColumns(part, [&](const ColumnNode&) { return Col(name); });
  const auto bound = BindPredicate(renamed, **schema);
  if (!bound.ok()) return std::nullopt;
  return internal::EvaluateTree(Simplify(*bound), [&](const internal::ColumnPredicate&) {
    return internal::ValueRange::FromBounds(candidate.type, candidate.bounds);
  });
}

class StatedFilter {
 public:
  explicit StatedFilter(const StatedColumns& columns) {
    for (const auto& [name, column] : columns) candidates_.emplace(name, CandidatesOf(column));
  }

  TruthSet Evaluate(const Expression& filter, int depth = 0) const {
    if (depth > internal::kMaxDepth) return internal::kAnything;
    if (filter.as<AndNode>() != nullptr) {
      TruthSet result = internal::kTrue;
      for (const Expression* operand : internal::FlatOperands<AndNode>(filter)) {
        result = internal::Conjunction(result, Evaluate(*operand, depth + 1));
      }
      return result;
    }
    if (filter.as<OrNode>() != nullptr) {
      TruthSet result = internal::kFalse;
      for (const Expression* operand : internal::FlatOperands<OrNode>(filter)) {
        result = internal::Disjunction(result, Evaluate(*operand, depth + 1));
      }
      return result;
    }
    if (const auto* node = filter.as<NotNode>(); node != nullptr && node->operands.size() == 1) {
      return internal::Negation(Evaluate(node->operands[0], depth + 1));
    }
    return EvaluatePart(filter);
  }

 private:
  TruthSet EvaluatePart(const Expression& part) const {
    const std::vector<std::string> names = ReferencedColumns(part);
    if (names.empty()) {
      return EvaluateAs(part, {Type::Long(), {}}).value_or(internal::kAnything);
    }
    if (names.size() > 1) return internal::kAnything;
    const auto known = candidates_.find(names[0]);
    if (known == candidates_.end()) return internal::kAnything;
    TruthSet result = 0;
    for (const Candidate& candidate : known->second) {
      result |= EvaluateAs(part, candidate).value_or(0);
    }
    return result == 0 ? internal::kAnything : result;
  }

  std::map<std::string, std::vector<Candidate>, std::less<>> candidates_;
};

}  // namespace

MatchingRows MatchStatistics(const Expression& filter, const StatedColumns& columns) {
  const TruthSet outcomes = StatedFilter(columns).Evaluate(filter);
  if ((outcomes & internal::kTrue) == 0) return MatchingRows::kNone;
  return outcomes == internal::kTrue ? MatchingRows::kAll : MatchingRows::kUnknown;
}

}  // namespace iceframe
