// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/rows_relation.h"

#include "iceframe/execution/query_execution.h"
#include "iceframe/query/optimizer.h"

#include "unit/execution/operator_testing.h"

namespace iceframe {
namespace {

class NoTables final : public RelationResolver {
 public:
  Result<std::shared_ptr<const Relation>> Resolve(const RelationName& name) override {
    return Error(ErrorKind::kNotFound, "no such table: ", name.name);
  }
};

BatchPtr BatchFrom(const std::shared_ptr<arrow::Schema>& schema,
                   const std::vector<std::string>& columns) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    arrays.push_back(
        arrow::json::ArrayFromJSONString(schema->field(static_cast<int>(i))->type(), columns[i])
            .ValueOrDie());
  }
  return arrow::RecordBatch::Make(schema, arrays[0]->length(), arrays);
}

/// Three rows in two batches: n uint8, s large text, at a struct of x and y.
Query QueryOfRows() {
  const auto at =
      arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("y", arrow::utf8())});
  const auto schema =
      arrow::schema({arrow::field("n", arrow::uint8()), arrow::field("s", arrow::large_utf8()),
                     arrow::field("at", at)});
  return FromBatches(
             schema,
             {BatchFrom(schema, {"[1, 2]", R"(["a", "b"])", R"([{"x": 7, "y": "p"}, null])"}),
              BatchFrom(schema, {"[3]", R"([null])", R"([{"x": 9, "y": "q"}])"})})
      .ValueOrDie();
}

PlanPtr PlanOf(const Query& query) {
  NoTables tables;
  return Optimize(BindQuery(query, &tables).ValueOrDie()).ValueOrDie();
}

BatchPtr Run(const Query& query) { return AllRows(MakeOperators(PlanOf(query)).get()); }

std::string ColumnOf(const Query& query, int column = 0) {
  return TextOf(*Run(query)->column(column));
}

TEST(RowsRelation, HasTheColumnsOfANewTable) {
  EXPECT_EQ(PlanOf(QueryOfRows())->schema->ToString(),
            "table {\n  1: n: optional int\n  2: s: optional string\n"
            "  3: at: optional struct<4: x: optional int, 5: y: optional string>\n}");
  EXPECT_EQ(ColumnOf(QueryOfRows(), 1), R"(["a","b",null])");
}

TEST(RowsRelation, ReadsWhatIsAskedFor) {
  EXPECT_EQ(ColumnOf(QueryOfRows().Filter("n >= 2").Select({"s"})), R"(["b",null])");
  EXPECT_EQ(ColumnOf(QueryOfRows().Filter("at.x = 9").Select({"n"})), "[3]");
  EXPECT_EQ(ColumnOf(QueryOfRows().Select({"at.y"})), R"(["p",null,"q"])");
  EXPECT_EQ(ColumnOf(QueryOfRows().Limit(2).Select({"n"})), "[1,2]");
  EXPECT_EQ(ColumnOf(QueryOfRows().Select({"count(*)"})), "[3]");
  EXPECT_EQ(ColumnOf(QueryOfRows().Select({"max(n)"})), "[3]");
}

TEST(RowsRelation, IsKnownByItsRowsAlone) {
  const Query rows = QueryOfRows();
  EXPECT_EQ(CanonicalForm(PlanOf(rows)), CanonicalForm(PlanOf(rows)));
  EXPECT_NE(CanonicalForm(PlanOf(rows)), CanonicalForm(PlanOf(QueryOfRows())));
}

TEST(RowsRelation, SaysHowManyRowsAndBytesItHolds) {
  const auto text = ExplainPlan(OperationContext(), PlanOf(QueryOfRows())).ValueOrDie().text;
  EXPECT_EQ(text.substr(0, text.find(" (")), "Scan: rows [n, s, at]\n    rows in memory: 3");
}

TEST(RowsRelation, RefusesTypesThatIcebergLacks) {
  const auto schema = arrow::schema({arrow::field("d", arrow::duration(arrow::TimeUnit::SECOND))});
  const Status refused = FromBatches(schema, {}).status();
  EXPECT_EQ(KindOf(refused), ErrorKind::kSchemaMismatch);
  EXPECT_NE(refused.message().find("d"), std::string::npos);
}

TEST(RowsRelation, NamesTheValueThatDoesNotFit) {
  RowsInMemory rows;
  rows.schema = arrow::schema({arrow::field("n", arrow::uint64())});
  rows.batches = {BatchFrom(rows.schema, {"[1, 18446744073709551615]"})};
  rows.columns =
      Schema::Make(SchemaId(0), {NestedField::Optional(1, "n", Type::Long())}).ValueOrDie();
  const Query query(MakeRowsRelation(std::move(rows)).ValueOrDie());
  const OperatorPtr root = MakeOperators(PlanOf(query));
  ASSERT_TRUE(root->Open(OperationContext()).ok());
  const Status failed = root->Next().status();
  EXPECT_EQ(KindOf(failed), ErrorKind::kSchemaMismatch);
  EXPECT_NE(failed.message().find("row 1"), std::string::npos) << failed.message();
}

TEST(RowsRelation, StopsWithinABatch) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  arrow::MemoryPool* pool = MemoryBudget::Process()->pool();
  const ArrayPtr values =
      arrow::MakeArrayFromScalar(arrow::Int64Scalar(1), 200'000, pool).ValueOrDie();
  const Query query =
      FromBatches(schema, {arrow::RecordBatch::Make(schema, values->length(), {values})})
          .ValueOrDie();
  const OperatorPtr root = MakeOperators(PlanOf(query));
  OperationContext context;
  ASSERT_TRUE(root->Open(context).ok());
  EXPECT_EQ(root->Next().ValueOrDie()->num_rows(), kOutputRows);
  context.cancel.Cancel();
  EXPECT_EQ(KindOf(root->Next().status()), ErrorKind::kCancelled);
}

// -- unions -------------------------------------------------------------------------------------

Query Column(const std::string& name, std::shared_ptr<arrow::DataType> type,
             const std::string& values) {
  const auto schema = arrow::schema({arrow::field(name, std::move(type))});
  return FromBatches(schema, {BatchFrom(schema, {values})}).ValueOrDie();
}

TEST(UnionOperator, GivesTheRowsOfOneInputAfterTheOther) {
  const Query all = Column("a", arrow::int64(), "[1, 2]")
                        .Union(Column("b", arrow::int64(), "[3]"))
                        .Union(Column("c", arrow::int64(), "[1]"));
  EXPECT_EQ(ColumnOf(all), "[1,2,3,1]");
  EXPECT_EQ(ColumnOf(all.Distinct()), "[1,2,3]");
  EXPECT_EQ(ColumnOf(all.Filter("a < 3")), "[1,2,1]");
  EXPECT_EQ(ColumnOf(all.Limit(3)), "[1,2,3]");
  EXPECT_EQ(ColumnOf(all.Select({"count(*)"})), "[4]");
  EXPECT_EQ(ColumnOf(all.Select({"min(a)", "max(a)"}), 1), "[3]");
}

TEST(UnionOperator, Promotes) {
  const Query all = Column("a", arrow::int32(), "[1, null]")
                        .Union(Column("a", arrow::int64(), "[5000000000]"))
                        .Union(Column("a", arrow::null(), "[null]"));
  EXPECT_EQ(ColumnOf(all), "[1,null,5000000000,null]");
  EXPECT_EQ(ColumnOf(all.Filter("a < 10")), "[1]");
  EXPECT_EQ(ColumnOf(all.Select({"max(a)"})), "[5000000000]");
}

TEST(UnionOperator, MatchesNestedFieldsByNameAndByPosition) {
  const auto left =
      arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("y", arrow::utf8())});
  const auto other =
      arrow::struct_({arrow::field("y", arrow::utf8()), arrow::field("z", arrow::date32())});
  const Query one = Column("s", left, R"([{"x": 1, "y": "p"}])");
  const Query by_name = one.Union(Column("s", other, R"([{"y": "q", "z": 3}, null])"),
                                  {.by_name = true, .allow_missing_columns = true});
  EXPECT_EQ(ColumnOf(by_name.Select({"s.x", "s.y", "s.z"}), 1), R"(["p","q",null])");
  EXPECT_EQ(ColumnOf(by_name.Filter("s.x IS NULL").Select({"s.y"})), R"(["q",null])");
  EXPECT_EQ(ColumnOf(by_name.Filter("s IS NOT NULL").Select({"s.y"})), R"(["p","q"])");
  const auto renamed =
      arrow::struct_({arrow::field("u", arrow::int64()), arrow::field("v", arrow::utf8())});
  const Query by_position = one.Union(Column("t", arrow::list(renamed), "[]").Select({"NULL AS n"}))
                                .Union(Column("t", renamed, R"([{"u": 2, "v": "w"}])"));
  EXPECT_EQ(ColumnOf(by_position.Select({"s.x"})), "[1,2]");
}

TEST(UnionOperator, OffersJoinFiltersToItsInputs) {
  const Query many = Column("k", arrow::int32(), "[1, 2, 3, 4]")
                         .Union(Column("k", arrow::int64(), "[2, 9, 10, 11]"));
  const PlanPtr plan = PlanOf(many.Join(Column("k", arrow::int64(), "[2]"), {{"k"}, {"k"}}));
  const OperatorPtr root = MakeOperators(plan);
  EXPECT_EQ(TextOf(*AllRows(root.get())->column(0)), "[2,2]");
  const Operator* scan = root.get();
  int64_t num_scanned = 0;
  const auto visit = [&](const auto& self, const Operator& op) -> void {
    if (op.inputs().empty()) num_scanned += op.metrics().num_rows;
    for (const auto& input : op.inputs()) self(self, *input);
  };
  visit(visit, *scan);
  // One of each input, and the row that they meet.
  EXPECT_EQ(num_scanned, 3);
}

}  // namespace
}  // namespace iceframe
