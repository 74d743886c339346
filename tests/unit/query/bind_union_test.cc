// SPDX-License-Identifier: Apache-2.0
#include "unit/query/plan_testing.h"

namespace iceframe {
namespace {

constexpr UnionOptions kByName{.by_name = true};
constexpr UnionOptions kLenient{.by_name = true, .allow_missing_columns = true};

// A query over a relation of these columns.
Query Over(std::vector<NestedField> fields, const std::string& name = "made") {
  Relation relation;
  relation.name = relation.canonical_name = name;
  relation.schema = Schema::Make(SchemaId(0), std::move(fields)).ValueOrDie();
  return Query(std::make_shared<const Relation>(std::move(relation)));
}

std::string ColumnsOf(const Query& query) {
  PlainRelations relations;
  const auto plan = BindQuery(query, &relations);
  if (!plan.ok()) return plan.status().message();
  std::string text;
  for (const NestedField& field : (*plan)->schema->fields()) {
    text += (text.empty() ? "" : ", ") + field.name + " " + field.type.ToString() +
            (field.required ? " required" : "");
  }
  return text;
}

NestedField Field(FieldId id, const std::string& name, Type type) {
  return NestedField::Optional(id, name, std::move(type));
}

TEST(BindUnion, TakesColumnsByPositionUnderTheLeftNames) {
  const Query query = Query("orders")
                          .Select({"id", "price"})
                          .Union(Query("customers").Select({"key", "null::double AS x"}));
  EXPECT_EQ(TextOf(PlanOf(query)), R"plan(
Union: id, price
  Project: id, price
    Scan: orders [id, customer, price, status]
  Project: key, DOUBLE NULL AS x
    Scan: customers [key, name, city]
)plan");
  EXPECT_EQ(ColumnsOf(query), "id long required, price double");
}

TEST(BindUnion, TakesColumnsByName) {
  const Query left =
      Over({NestedField::Required(1, "a", Type::Long()), Field(2, "b", Type::Date())});
  const Query right = Over({Field(1, "b", Type::Date()), Field(2, "a", Type::Long())});
  EXPECT_EQ(ColumnsOf(left.Union(right, kByName)), "a long, b date");
}

TEST(BindUnion, RefusesOrFillsWhatOneSideLacks) {
  const Query left =
      Over({NestedField::Required(1, "a", Type::Long()), Field(2, "b", Type::Date())});
  const Query right =
      Over({NestedField::Required(1, "a", Type::Long()), Field(2, "c", Type::String())});
  EXPECT_EQ(ColumnsOf(left.Union(right, kByName)),
            "column is missing on the right side of a union: b; add it, leave it out on the other "
            "side, or allow missing columns");
  EXPECT_EQ(ColumnsOf(left.Union(right, kLenient)), "a long required, b date, c string");
}

TEST(BindUnion, CountsColumnsByPosition) {
  EXPECT_EQ(ColumnsOf(Query("notes").Union(Query("customers"))),
            "a union needs as many columns on both sides: 2 (about, note) and 3 (key, name, city); "
            "select the same, or match them by name");
  EXPECT_EQ(ColumnsOf(Query("notes").Union(Query("notes"), {.allow_missing_columns = true})),
            "a union by position can't lack columns; match them by name");
}

TEST(BindUnion, PromotesAsIcebergDoes) {
  const auto of = [](const Type& left, const Type& right) {
    return ColumnsOf(Over({Field(1, "v", left)}).Union(Over({Field(1, "v", right)})));
  };
  const Type narrow = Type::Decimal(9, 2).ValueOrDie();
  const Type wide = Type::Decimal(20, 2).ValueOrDie();
  EXPECT_EQ(of(Type::Int(), Type::Long()), "v long");
  EXPECT_EQ(of(Type::Long(), Type::Int()), "v long");
  EXPECT_EQ(of(Type::Float(), Type::Double()), "v double");
  EXPECT_EQ(of(narrow, wide), "v decimal(20, 2)");
  EXPECT_EQ(of(Type::Timestamp(), Type::TimestampNs()), "v timestamp_ns");
  EXPECT_EQ(of(Type::Unknown(), Type::Uuid()), "v uuid");
  EXPECT_EQ(of(Type::Date(), Type::Unknown()), "v date");
  for (const auto& [left, right] :
       std::vector<std::pair<Type, Type>>{{Type::Date(), Type::Timestamp()},
                                          {Type::Timestamp(), Type::Timestamptz()},
                                          {Type::Int(), Type::Float()},
                                          {Type::Long(), Type::Double()},
                                          {Type::String(), Type::Binary()},
                                          {narrow, Type::Decimal(9, 3).ValueOrDie()},
                                          {Type::Long(), Type::Boolean()}}) {
    EXPECT_EQ(of(left, right), "columns of a union have types that don't meet: v is " +
                                   left.ToString() + " on the left and " + right.ToString() +
                                   " on the right; cast one of them");
  }
}

TEST(BindUnion, AnErrorNamesTheRelationsThatGaveTheTypes) {
  const auto over = [](const std::string& name, const Type& type) {
    return Over({Field(1, "k", Type::Long()), Field(2, "s", Type::Struct({Field(3, "v", type)}))},
                name);
  };
  const Query numbers = over("a.t", Type::Int()).Union(over("b.t", Type::Long()), kByName);
  EXPECT_EQ(ColumnsOf(numbers.Union(over("c.t", Type::String()).Filter("k > 1"), kByName)),
            "columns of a union have types that don't meet: s.v is long in b.t and string in c.t; "
            "cast one of them");
  const Query computed = Query("orders").Select({"id::string AS key"});
  EXPECT_EQ(ColumnsOf(computed.Union(Query("customers").Select({"key"}))),
            "columns of a union have types that don't meet: key is string on the left and long on "
            "the right; cast one of them");
}

TEST(BindUnion, TakesColumnsByFieldId) {
  constexpr UnionOptions kById{.by_name = true, .allow_missing_columns = true, .by_field_id = true};
  const Query left = Over({Field(1, "id", Type::Long()), Field(2, "city", Type::String()),
                           Field(4, "s", Type::Struct({Field(5, "a", Type::Int())}))},
                          "a.t");
  const Query right =
      Over({Field(4, "s", Type::Struct({Field(6, "c", Type::Int()), Field(5, "b", Type::Long())})),
            Field(2, "town", Type::String()), Field(1, "key", Type::Long()),
            Field(3, "zip", Type::Int())},
           "b.t");
  EXPECT_EQ(ColumnsOf(left.Union(right, kById)),
            "id long, city string, s struct<15: a: optional long, 16: c: optional int>, zip int");
  // What is computed has no id.
  EXPECT_EQ(
      ColumnsOf(left.Select({"id", "1 AS city"}).Union(right.Select({"key", "2 AS city"}), kById)),
      "id long, city int");
  const Query other = Over({Field(7, "id", Type::Long())}, "c.t");
  EXPECT_EQ(ColumnsOf(left.Union(other, kById)),
            "columns of a union have one name, but are others: id in a.t and in c.t, field 1 and "
            "field 7; rename one of them, or match them by name");
}

TEST(BindUnion, PutsColumnsLast) {
  const UnionOptions options{
      .by_name = true, .allow_missing_columns = true, .last_columns = {"from"}};
  const auto over = [](const std::string& column) {
    return Over({Field(1, column, Type::Long())}).Select({"*", "'x' AS \"from\""});
  };
  EXPECT_EQ(ColumnsOf(over("a").Union(over("b"), options).Union(over("c"), options)),
            "a long, b long, c long, from string");
}

TEST(BindUnion, MergesNestedFields) {
  const Query left = Over(
      {Field(1, "s", Type::Struct({Field(2, "a", Type::Int()), Field(3, "b", Type::String())}))});
  const Query swapped = Over(
      {Field(1, "s", Type::Struct({Field(2, "b", Type::String()), Field(3, "a", Type::Long())}))});
  EXPECT_EQ(ColumnsOf(left.Union(swapped, kByName)),
            "s struct<8: a: optional long, 9: b: optional string>");
  EXPECT_EQ(ColumnsOf(left.Union(swapped)),
            "columns of a union have types that don't meet: s.a is int on the left and string of b "
            "on the right; cast one of them");
  const Query wider = Over(
      {Field(1, "s", Type::Struct({Field(2, "a", Type::Int()), Field(3, "c", Type::Date())}))});
  EXPECT_EQ(
      ColumnsOf(left.Union(wider, kByName)),
      "column is missing on the right side of a union: s.b; add it, leave it out on the other "
      "side, or allow missing columns");
  EXPECT_EQ(ColumnsOf(left.Union(wider, kLenient)),
            "s struct<8: a: optional int, 9: b: optional string, 10: c: optional date>");
}

TEST(BindUnion, IsOneNodeForManyInputs) {
  const Query one = Query("notes");
  EXPECT_EQ(TextOf(PlanOf(one.Union(one).Union(one.Union(one)))), R"plan(
Union: about, note
  Scan: notes [about, note]
  Scan: notes [about, note]
  Scan: notes [about, note]
  Scan: notes [about, note]
)plan");
}

TEST(BindUnion, HasACanonicalFormOfItsOwn) {
  const Query left = Query("orders").Select({"id", "customer"});
  const Query right = Query("orders").Select({"customer", "id"});
  const std::string by_position = CanonicalForm(PlanOf(left.Union(right)));
  EXPECT_EQ(by_position, CanonicalForm(PlanOf(left.Union(right))));
  EXPECT_NE(by_position, CanonicalForm(PlanOf(left.Union(right, kByName))));
  EXPECT_NE(by_position, CanonicalForm(PlanOf(right.Union(left))));
}

// -- rules --------------------------------------------------------------------------------------

const char* const kKeys = "key";

Query Keys() {
  return Query("orders")
      .Select({"id", "status"})
      .Union(Query("customers").Select({kKeys, "name AS status"}));
}

TEST(Union, HasFiltersPushedToAllInputs) {
  EXPECT_EQ(After(PushFilters, PlanOf(Keys().Filter("status = 'new' AND id > 3"))), R"plan(
Union: id, status
  Project: id, status
    Scan: orders [id, customer, price, status], filter: status = 'new' AND id > LONG '3'
  Project: key, name AS status
    Scan: customers [key, name, city], filter: name = 'new' AND key > LONG '3'
)plan");
}

TEST(Union, FiltersWhatIsPromotedAndWhatIsMissing) {
  const Query small = Over({Field(1, "v", Type::Int())});
  const Query large = Over({Field(1, "v", Type::Long()), Field(2, "w", Type::Long())});
  const Query all = small.Union(large, kLenient);
  EXPECT_EQ(After(PushFilters, PlanOf(all.Filter("v < 10"))), R"plan(
Union: v, w
  Scan: made [v], filter: v < 10
  Scan: made [v, w], filter: v < LONG '10'
)plan");
  EXPECT_EQ(After(PushFilters, PlanOf(all.Filter("w = 1"))), R"plan(
Union: v, w
  Scan: made [v], filter: FALSE
  Scan: made [v, w], filter: w = LONG '1'
)plan");
}

TEST(Union, HasLimitsPushedToAllInputs) {
  EXPECT_EQ(After(PushLimits, PlanOf(Keys().Limit(5).Offset(2))), R"plan(
Limit: 5
  Limit: 5 offset 2
    Union: id, status
      Project: id, status
        Scan: orders [id, customer, price, status], limit: 7
      Project: key, name AS status
        Scan: customers [key, name, city], limit: 7
)plan");
}

TEST(Union, ReadsTheColumnsThatAreAskedFor) {
  EXPECT_EQ(After(PruneColumns, PlanOf(Keys().Select({"status"}))), R"plan(
Project: status
  Union: status
    Project: status
      Scan: orders [status]
    Project: name AS status
      Scan: customers [name]
)plan");
}

TEST(Union, CountsForTheBuildSideOfAJoin) {
  const Query few = Query("customers").Union(Query("customers"));
  EXPECT_NE(After(ChooseBuildSide, PlanOf(few.Join(Query("orders"), On("key", "customer"))))
                .find("Join (inner): customer = key"),
            std::string::npos);
}

TEST(SplitAggregates, TakesCountsAndExtremesFromEachInput) {
  const PlanPtr plan =
      Optimize(PlanOf(Keys().Select({"count(*) AS n", "max(id) AS last"}))).ValueOrDie();
  EXPECT_EQ(TextOf(plan), R"plan(
Project: "count(*)" AS n, "max(id)" AS last
  Aggregate: sum("count(*)") AS count(*), max("max(id)") AS max(id)
    Union: count(*), max(id)
      Aggregate: count(*), max(id) (from metadata where exact)
        Scan: orders [id]
      Aggregate: count(*), max(key) AS max(id) (from metadata where exact)
        Scan: customers [key]
)plan");
}

TEST(SplitAggregates, LeavesWhatIsNoSumOfParts) {
  for (const Query& query : {Keys().Select({"avg(id)"}), Keys().Select({"count(*)", "sum(id)"}),
                             Keys().GroupBy({"status"}).Select({"status", "max(id)"}),
                             Keys().Select({"min(id + 1)"}), Keys().Limit(3).Select({"max(id)"})}) {
    const PlanPtr plan = PlanOf(query);
    EXPECT_EQ(After(SplitAggregates, plan), TextOf(plan));
  }
}

}  // namespace
}  // namespace iceframe
