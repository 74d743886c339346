// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/result_key.h"

#include <bit>
#include <limits>
#include <map>
#include <random>
#include <set>

#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/rows_relation.h"
#include "iceframe/expression/window.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/query/query.h"

#include "support/sanitized.h"

namespace iceframe {
namespace {

class NoTables final : public RelationResolver {
 public:
  Result<std::shared_ptr<const Relation>> Resolve(const RelationName& name) override {
    return Error(ErrorKind::kNotFound, "no such table: ", name.name);
  }
};

Result<PlanPtr> Bound(const Query& query) {
  NoTables tables;
  return BindQuery(query, &tables);
}

std::optional<std::string> KeyOf(const Query& query, const ResultScope& scope = {}) {
  return ResultKey(Optimize(Bound(query).ValueOrDie()).ValueOrDie(), scope);
}

RowsInMemory SomeRows() {
  RowsInMemory rows;
  rows.schema =
      arrow::schema({arrow::field("i", arrow::int32()), arrow::field("l", arrow::int64()),
                     arrow::field("d", arrow::float64()), arrow::field("s", arrow::utf8()),
                     arrow::field("1:a", arrow::utf8())});
  const std::vector<std::string> columns = {
      "[1, 2, null, 12, -1, 0]", "[12, 1, 0, null, 2, 1]", "[0.0, -0.0, 1.5, null, 2.0, 12.0]",
      R"(["a", "", null, "1:a", "A", "ab%"])", R"(["x", "1:a", "a", null, "", "x"])"};
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    arrays.push_back(arrow::json::ArrayFromJSONString(
                         rows.schema->field(static_cast<int>(i))->type(), columns[i])
                         .ValueOrDie());
  }
  rows.batches.push_back(arrow::RecordBatch::Make(rows.schema, 6, arrays));
  return rows;
}

Query OverRows() { return Query(MakeRowsRelation(SomeRows()).ValueOrDie()); }

// -- what may be kept ------------------------------------------------------------------------

std::string Refusal(const Query& query) {
  const auto refusal = WhyNotKept(Bound(query).ValueOrDie());
  return refusal ? std::string(ToString(*refusal)) : "";
}

TEST(WhyNotKept, AsksForAnOrderWhereRowsArePickedByIt) {
  const Query rows = OverRows();
  EXPECT_EQ(Refusal(rows), "");
  EXPECT_EQ(Refusal(rows.Limit(2)), "no_order");
  EXPECT_EQ(Refusal(rows.Offset(2)), "no_order");
  EXPECT_EQ(Refusal(rows.OrderBy({"i"}).Limit(2)), "");
  EXPECT_EQ(Refusal(rows.OrderBy({"i"}).Select({"l"}).Limit(2).Offset(1)), "");
  EXPECT_EQ(Refusal(rows.Limit(2).OrderBy({"i"})), "no_order");
  EXPECT_EQ(Refusal(rows.Select({"count(*) AS n"}).Limit(1)), "");
  EXPECT_EQ(Refusal(rows.Select({"i"}).Distinct().Limit(1)), "no_order");
  EXPECT_EQ(Refusal(rows.OrderBy({"i"}).Join(rows, {{"i"}, {"i"}}).Limit(1)), "no_order");
  EXPECT_EQ(Refusal(rows.Join(rows.Limit(3), {{"i"}, {"i"}})), "no_order");
  EXPECT_EQ(Refusal(rows.OrderBy({"i"}).Union(rows).Limit(1)), "no_order");
}

TEST(WhyNotKept, AsksForAnOrderWhereRowsAreNumbered) {
  const Query rows = OverRows();
  EXPECT_EQ(Refusal(rows.Select({"row_number() OVER () AS n"})), "no_order");
  EXPECT_EQ(Refusal(rows.Select({"lag(i) OVER (PARTITION BY l) AS n"})), "no_order");
  EXPECT_EQ(Refusal(rows.Select({"row_number() OVER (ORDER BY i) AS n"})), "");
  EXPECT_EQ(Refusal(rows.Select({"sum(i) OVER (PARTITION BY l) AS n"})), "");
}

// -- keys --------------------------------------------------------------------------------------

TEST(ResultKey, IsThatOfTheRowsNotOfWhoHoldsThem) {
  EXPECT_EQ(KeyOf(OverRows()), KeyOf(OverRows()));
  RowsInMemory other = SomeRows();
  other.batches[0] = other.batches[0]->Slice(0, 5);
  EXPECT_NE(KeyOf(OverRows()), KeyOf(Query(MakeRowsRelation(other).ValueOrDie())));
}

TEST(ResultKey, FollowsRowsThatTheirOwnerChanges) {
  RowsInMemory rows;
  rows.schema = arrow::schema({arrow::field("i", arrow::int64())});
  std::vector<int64_t> values = {1, 2, 3};
  auto data = arrow::ArrayData::Make(
      arrow::int64(), 3,
      {nullptr, std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(values.data()),
                                                static_cast<int64_t>(3 * sizeof(int64_t)))});
  rows.batches.push_back(arrow::RecordBatch::Make(rows.schema, 3, {data}));
  const Query query(MakeRowsRelation(rows).ValueOrDie());
  const auto before = KeyOf(query);
  values[1] = 7;
  EXPECT_NE(KeyOf(query), before);
  values[1] = 2;
  EXPECT_EQ(KeyOf(query), before);
}

TEST(ResultKey, IsMissingForTooManyRowsInMemory) {
  RowsInMemory rows = SomeRows();
  rows.batches.resize(20'000, rows.batches[0]);
  EXPECT_EQ(KeyOf(Query(MakeRowsRelation(rows).ValueOrDie())), std::nullopt);
}

TEST(ResultKey, DiffersByScopeAndBySettingsThatAreNotNeutral) {
  const Query query = OverRows();
  const Properties neutral = {{"memory.limit", "1000000"}, {"commit.retry.num-retries", "7"}};
  const Properties unknown = {{"some.new_setting", "1"}};
  EXPECT_EQ(KeyOf(query), KeyOf(query, {&neutral, ""}));
  EXPECT_NE(KeyOf(query), KeyOf(query, {&unknown, ""}));
  EXPECT_NE(KeyOf(query), KeyOf(query, {nullptr, "tenant"}));
  EXPECT_NE(KeyOf(query, {nullptr, "a"}), KeyOf(query, {nullptr, "b"}));
}

TEST(ResultKey, TellsValuesThatLookAlike) {
  const auto lit = [](Expression literal) {
    return KeyOf(OverRows().Select({As(std::move(literal), "x")}));
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Expression> literals = {
      Lit(0.0),
      Lit(-0.0),
      Lit(nan),
      Lit(-nan),
      Lit(0),
      Lit(int64_t{0}),
      Lit(0.0F),
      Lit("0"),
      Lit("0.0"),
      Lit("NaN"),
      Lit("null"),
      NullLit(),
      Lit(false),
      Lit("false"),
      Lit(""),
      Lit("1:a"),
      Lit("a)(l string 1:b"),
      *Lit(*Type::Decimal(3, 1), Value(arrow::Decimal128(0))),
      *Lit(*Type::Decimal(4, 1), Value(arrow::Decimal128(0))),
      *Lit(*Type::Decimal(3, 2), Value(arrow::Decimal128(0))),
      *Lit(Type::Date(), Value(0)),
      *Lit(Type::Timestamp(), Value(int64_t{0})),
      *Lit(Type::Timestamptz(), Value(int64_t{0})),
      *Lit(Type::TimestampNs(), Value(int64_t{0})),
      *Lit(Type::Time(), Value(int64_t{0})),
      *Lit(Type::Binary(), Value("0")),
      *Lit(*Type::Fixed(1), Value("0")),
  };
  std::set<std::optional<std::string>> keys;
  for (const Expression& literal : literals) {
    EXPECT_TRUE(keys.insert(lit(literal)).second) << literal.ToString();
  }
}

TEST(ResultKey, TellsColumnsWhoseNamesHoldIdsAndLengths) {
  std::set<std::optional<std::string>> keys;
  const Query rows = OverRows();
  for (const char* name : {"a", "1:a", "2:a", "11:a", "a1:b", "12", "1", "|", "(", "1 1:a"}) {
    for (const char* column : {"i", "l", "s", "1:a"}) {
      const auto key = KeyOf(rows.Select({As(Col(column), name), As(Col("d"), "e")}));
      EXPECT_TRUE(keys.insert(key).second) << name << " of " << column;
    }
  }
}

// -- keys of random queries ----------------------------------------------------------------------

/// Queries over few columns and few values, many of which mean the same.
class RandomQuery {
 public:
  explicit RandomQuery(uint32_t seed) : random_(seed) {}

  Query Make() {
    Query query = rows_;
    if (OneIn(2)) query = query.Filter(Truth(2));
    if (OneIn(4)) query = query.WithColumn(Name(), Number(1));
    if (OneIn(6)) query = query.Distinct();
    if (OneIn(4)) query = query.Filter(Truth(1));
    switch (Pick(5)) {
      case 0:
        query = query.GroupBy({Text(0)}).Select({As(Function("sum", {Number(0)}), Name())});
        break;
      case 1:
        query = query.Select({As(Function(OneIn(2) ? "min" : "max", {Number(1)}), Name())});
        break;
      case 2:
        query = query.Select({As(Over(Function("rank", {}), {}, {Key()}), "x"), Col("i")});
        break;
      default:
        query = query.Select({As(Number(2), Name()), As(OneIn(2) ? Text(1) : Truth(1), "y")});
    }
    if (OneIn(2)) query = query.OrderBy({Key()});
    if (OneIn(3)) query = query.Limit(Pick(3));
    if (OneIn(4)) query = query.Offset(Pick(2));
    return query;
  }

 private:
  int Pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  bool OneIn(int n) { return Pick(n) == 0; }
  std::string Name() { return std::vector<std::string>{"x", "1:a", "12", "i"}[Pick(4)]; }

  Expression Column(const char* name) { return Col(name); }
  SortKey Key() { return {OneIn(2) ? Col("x") : Col("i"), OneIn(2), OneIn(2)}; }

  Expression Number(int depth) {
    switch (Pick(depth > 0 ? 12 : 7)) {
      case 0:
        return Col("i");
      case 1:
        return Col("l");
      case 2:
        return Col("d");
      case 3:
        return Lit(Pick(2));
      case 4:
        return Lit(int64_t{Pick(2)});
      case 5:
        return Lit(OneIn(2) ? 0.0 : -0.0);
      case 6:
        return Lit(OneIn(2) ? 1.0 : std::numeric_limits<double>::quiet_NaN());
      case 7:
        return Cast(Number(depth - 1), OneIn(2) ? Type::Double() : Type::Float());
      case 8:
        return Case({{Truth(depth - 1), Number(depth - 1)}}, Number(depth - 1));
      case 9:
        return Function("coalesce", {Number(depth - 1), Number(depth - 1)});
      default:
        return Arithmetic(std::vector{ArithmeticOp::kAdd, ArithmeticOp::kSubtract,
                                      ArithmeticOp::kMultiply}[static_cast<size_t>(Pick(3))],
                          Number(depth - 1), Number(depth - 1));
    }
  }

  Expression Text(int depth) {
    switch (Pick(depth > 0 ? 7 : 4)) {
      case 0:
        return Col("s");
      case 1:
        return Col("1:a");
      case 2:
      case 3:
        return Lit(std::vector<std::string>{"a", "1:a", "", ")(l string 1:a", "A"}[Pick(5)]);
      case 4:
        return Function(OneIn(2) ? "upper" : "lower", {Text(depth - 1)});
      case 5:
        return Function("concat", {Text(depth - 1), Text(depth - 1)});
      default:
        return Cast(Number(depth - 1), Type::String());
    }
  }

  Expression Truth(int depth) {
    static const std::vector kOps = {ComparisonOp::kEqual,   ComparisonOp::kNotEqual,
                                     ComparisonOp::kLess,    ComparisonOp::kLessEqual,
                                     ComparisonOp::kGreater, ComparisonOp::kGreaterEqual};
    const ComparisonOp op = kOps[static_cast<size_t>(Pick(6))];
    switch (Pick(depth > 0 ? 10 : 5)) {
      case 0:
      case 1:
        return Compare(op, Number(0), Number(0));
      case 2:
        return Compare(op, Text(0), Text(0));
      case 3:
        return OneIn(2) ? IsNull(Number(0)) : IsNotNull(Text(0));
      case 4:
        return InList(Number(0), {Lit(Pick(3)), Lit(Pick(3)), Lit(1.0)}, OneIn(2));
      case 5:
        return OneIn(2) ? StartsWith(Text(0), "a") : Like(Text(0), OneIn(2) ? "a%" : "a_");
      case 6:
        return Not(Truth(depth - 1));
      case 7:
        return IsNaN(Cast(Number(0), Type::Double()));
      case 8:
        return And(Truth(depth - 1), Truth(depth - 1));
      default:
        return Or(Truth(depth - 1), Truth(depth - 1));
    }
  }

  std::mt19937 random_;
  const Query rows_ = OverRows();
};

/// The schema and all rows, floats by their bits; or why there are none.
std::string AnswerOf(const Query& query) {
  const auto reader =
      ExecutePlan(OperationContext(), Optimize(Bound(query).ValueOrDie()).ValueOrDie());
  if (!reader.ok()) return "error";
  const auto table = (*reader)->ToTable();
  if (!table.ok()) return "error";
  std::string text = (*reader)->schema()->ToString();
  for (const auto& column : (*table)->columns()) {
    for (const auto& chunk : column->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i) {
        if (chunk->IsNull(i)) {
          text += " null";
        } else if (chunk->type_id() == arrow::Type::DOUBLE) {
          const double value = static_cast<const arrow::DoubleArray&>(*chunk).Value(i);
          text += " " + std::to_string(std::bit_cast<uint64_t>(value));
        } else if (chunk->type_id() == arrow::Type::FLOAT) {
          const float value = static_cast<const arrow::FloatArray&>(*chunk).Value(i);
          text += " " + std::to_string(std::bit_cast<uint32_t>(value));
        } else {
          text += " '" + chunk->GetScalar(i).ValueOrDie()->ToString() + "'";
        }
      }
    }
    text += "\n";
  }
  return text;
}

TEST(ResultKey, IsEqualForOneAnswerAloneAndForOneQueryBuiltTwice) {
  constexpr uint32_t kQueries = kIsSanitized ? 1'000 : 12'000;
  std::map<std::string, uint32_t> seeds;
  int num_equal = 0;
  for (uint32_t seed = 0; seed < kQueries; ++seed) {
    const Query query = RandomQuery(seed).Make();
    const auto plan = Bound(query);
    if (!plan.ok()) continue;
    const auto key = KeyOf(query);
    ASSERT_TRUE(key.has_value());
    ASSERT_EQ(key, KeyOf(RandomQuery(seed).Make())) << seed;
    const auto [found, is_new] = seeds.emplace(*key, seed);
    if (is_new) continue;
    ++num_equal;
    ASSERT_EQ(AnswerOf(query), AnswerOf(RandomQuery(found->second).Make()))
        << "seeds " << seed << " and " << found->second << "\n"
        << ToString(*plan) << ToString(*Bound(RandomQuery(found->second).Make()));
  }
  // Else the queries were too different for anything to be seen.
  EXPECT_GT(num_equal, kIsSanitized ? 2 : 300);
}

}  // namespace
}  // namespace iceframe
