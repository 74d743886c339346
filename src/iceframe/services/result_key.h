// SPDX-License-Identifier: Apache-2.0
// Which answers are equal: the key of a query's result, and whether it may be kept at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "iceframe/base/properties.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// Why an answer is not kept.
enum class ResultRefusal : uint8_t {
  /// Over an eighth of the cache.
  kTooLarge,
  /// The memory budget had no room.
  kNoMemory,
  /// Asked again, it may come out otherwise: rows in memory that nothing tells from others.
  kNotDeterministic,
  /// Rows are picked, or numbered, by an order that the query does not say: LIMIT or OFFSET without
  /// ORDER BY; row_number, lead and lag without one.
  kNoOrder,
};
inline constexpr int kNumResultRefusals = 4;
/// "too_large", "no_memory", "not_deterministic", "no_order".
std::string_view ToString(ResultRefusal refusal);

/// What about a plan, as it was bound, forbids keeping its answer.
std::optional<ResultRefusal> WhyNotKept(const PlanPtr& plan);

/// What answers depend on beside the plan.
struct ResultScope {
  /// The session's settings; nullptr: none. Those that never change rows do not count.
  const Properties* settings = nullptr;
  /// ResultCaching::scope.
  std::string_view scope;
};

/// Equal only for plans that give the same rows, whatever process asks: it tells the engine's
/// version, the user, settings, every relation's state, and all of the plan by value. nullopt where
/// a relation's rows can't be told from others.
std::optional<std::string> ResultKey(const PlanPtr& plan, const ResultScope& scope);

}  // namespace iceframe
