// SPDX-License-Identifier: Apache-2.0
// Relations without tables behind them, and plans as text, for tests of plans.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/query/optimizer.h"
#include "iceframe/query/query.h"

namespace iceframe {

/// orders (a million rows), customers and places (a thousand), notes (nobody knows how many).
class PlainRelations final : public RelationResolver {
 public:
  PlainRelations() {
    Add("orders",
        {NestedField::Required(1, "id", Type::Long()),
         NestedField::Optional(2, "customer", Type::Long()),
         NestedField::Optional(3, "price", Type::Double()),
         NestedField::Optional(4, "status", Type::String())},
        1'000'000);
    Add("customers",
        {NestedField::Required(1, "key", Type::Long()),
         NestedField::Optional(2, "name", Type::String()),
         NestedField::Optional(3, "city", Type::String())},
        1000);
    Add("notes",
        {NestedField::Optional(1, "about", Type::Long()),
         NestedField::Optional(2, "note", Type::String())},
        std::nullopt);
    Add("places",
        {NestedField::Required(1, "id", Type::Long()),
         NestedField::Optional(2, "at",
                               Type::Struct({NestedField::Optional(3, "lat", Type::Double())}))},
        1000);
  }

  Result<std::shared_ptr<const Relation>> Resolve(const RelationName& name) override {
    const auto found = relations_.find(name.name);
    if (found != relations_.end()) return found->second;
    return Error(ErrorKind::kNotFound, "no such table: ", name.name);
  }

 private:
  void Add(const std::string& name, std::vector<NestedField> fields, std::optional<int64_t> rows) {
    relations_[name] = std::make_shared<const Relation>(
        Relation{.name = name,
                 .canonical_name = name,
                 .schema = Schema::Make(SchemaId(0), std::move(fields)).ValueOrDie(),
                 .estimated_rows = rows,
                 .has_statistics = true,
                 .source = nullptr});
  }

  std::map<std::string, std::shared_ptr<const Relation>> relations_;
};

/// The plan of a query before any rule, with a line break in front so that it stands well in code.
inline PlanPtr PlanOf(const Query& query) {
  PlainRelations relations;
  auto plan = BindQuery(query, &relations);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return plan.ok() ? *plan : nullptr;
}

inline std::string TextOf(const PlanPtr& plan) { return "\n" + ToString(plan); }

/// The plan after that one rule.
inline std::string After(Result<PlanPtr> (*rule)(const PlanPtr&), const PlanPtr& plan) {
  auto changed = rule(plan);
  EXPECT_TRUE(changed.ok()) << changed.status().message();
  return changed.ok() ? TextOf(*changed) : "";
}

inline JoinOn On(std::string left, std::string right) {
  return {.left = {std::move(left)}, .right = {std::move(right)}};
}

}  // namespace iceframe
