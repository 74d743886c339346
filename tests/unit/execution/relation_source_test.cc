// SPDX-License-Identifier: Apache-2.0
// A relation that no operator knows of, in a query.
#include "iceframe/execution/relation_source.h"

#include "iceframe/execution/query_execution.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/query/query.h"

#include "unit/execution/operator_testing.h"

namespace iceframe {
namespace {

class NumberSource final : public RelationSource {
 public:
  // Remembers what was asked for.
  Result<std::unique_ptr<BatchStream>> Open(const OperationContext&,
                                            const RelationRead& read) const override {
    asked = read.rows.filter.ToString();
    class Stream final : public BatchStream {
     public:
      explicit Stream(BatchPtr batch) : batch_(std::move(batch)) {}
      Result<BatchPtr> Next() override { return std::exchange(batch_, nullptr); }

     private:
      BatchPtr batch_;
    };
    return std::make_unique<Stream>(BatchOf(*read.columns, {"[3, 4, 5]"}));
  }
  Status ExplainRead(const OperationContext&, const RelationRead&,
                     ExplanationNotes* notes) const override {
    notes->lines.emplace_back("made up");
    return Status::OK();
  }

  mutable std::string asked;
};

class OneRelation final : public RelationResolver {
 public:
  explicit OneRelation(std::shared_ptr<const RelationSource> source) : source_(std::move(source)) {}
  Result<std::shared_ptr<const Relation>> Resolve(const RelationName& name) override {
    Relation relation;
    relation.name = name.name;
    relation.canonical_name = name.name;
    ICEFRAME_ASSIGN_OR_RETURN(
        relation.schema,
        Schema::Make(SchemaId(0), {NestedField::Optional(1, "other", Type::String()),
                                   NestedField::Optional(2, "n", Type::Long())}));
    relation.source = source_;
    return std::make_shared<const Relation>(std::move(relation));
  }

 private:
  std::shared_ptr<const RelationSource> source_;
};

PlanPtr PlanOver(std::shared_ptr<const RelationSource> source) {
  OneRelation resolver(std::move(source));
  const Query query = Query("numbers").Filter("n > 2").Select({"sum(n) AS total"});
  return Optimize(BindQuery(query, &resolver).ValueOrDie()).ValueOrDie();
}

TEST(RelationSource, IsReadByPlansThatKnowNothingElseOfIt) {
  const auto numbers = std::make_shared<NumberSource>();
  const PlanPtr plan = PlanOver(numbers);
  const OperatorPtr root = MakeOperators(plan);
  EXPECT_EQ(TextOf(*AllRows(root.get())->column(0)), "[12]");
  EXPECT_EQ(numbers->asked, "n > LONG '2'");
}

TEST(RelationSource, SaysWhatStandsBesideItsScanInExplanations) {
  const auto explained =
      ExplainPlan(OperationContext(), PlanOver(std::make_shared<NumberSource>()));
  EXPECT_EQ(explained.ValueOrDie().text, R"plan(Project: "sum(n)" AS total
  Aggregate: sum(n)
    Scan: numbers [n], filter: n > LONG '2'
        made up
)plan");
}

TEST(RelationSource, IsMissingWhereRowsCanOnlyBePlanned) {
  const PlanPtr plan = PlanOver(nullptr);
  const Status opened = MakeOperators(plan)->Open(OperationContext());
  EXPECT_EQ(KindOf(opened), ErrorKind::kUnsupported);
  EXPECT_EQ(opened.message(), "rows can't be read, only planned: numbers");
}

}  // namespace
}  // namespace iceframe
