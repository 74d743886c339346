// SPDX-License-Identifier: Apache-2.0
// Skipping never loses a row, and what must match does: random rows, filters, specs and bounds.
// ICEFRAME_TEST_SEED repeats a run, ICEFRAME_TEST_CASES lengthens it.
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/skipping/residual.h"
#include "iceframe/types/civil_time.h"
#include "iceframe/types/single_value.h"

#include "unit/skipping/bound_expressions.h"

namespace iceframe {
namespace {

using Row = std::vector<Value>;

struct TestColumn {
  Type type;
  std::vector<Value> pool;
};

Value RandomLong(int64_t value) { return Value(value); }

std::vector<TestColumn> MakeColumns() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<TestColumn> columns;
  TestColumn ints{Type::Int(), {}};
  for (int32_t i = -12; i <= 12; ++i) ints.pool.emplace_back(i);
  ints.pool.emplace_back(std::numeric_limits<int32_t>::min());
  ints.pool.emplace_back(std::numeric_limits<int32_t>::min() + 3);
  ints.pool.emplace_back(std::numeric_limits<int32_t>::max());
  columns.push_back(ints);
  TestColumn longs{Type::Long(), {}};
  for (int64_t i = -25; i <= 25; i += 2) longs.pool.emplace_back(i);
  for (const int64_t past_int : {-3, 0, 1, 4}) {
    longs.pool.emplace_back(std::numeric_limits<int32_t>::min() + past_int);
  }
  longs.pool.emplace_back(std::numeric_limits<int64_t>::min());
  longs.pool.emplace_back(std::numeric_limits<int64_t>::max());
  columns.push_back(longs);
  TestColumn doubles{Type::Double(), {}};
  for (const double v :
       {-1e300, -2.5, -1.0, -0.0, 0.0, 1.0, 2.5, 1e300, nan, -HUGE_VAL, HUGE_VAL}) {
    doubles.pool.emplace_back(v);
  }
  columns.push_back(doubles);
  TestColumn floats{Type::Float(), {}};
  for (const double v : {-2.5, -1.0, -0.0, 0.0, 1.0, 2.5, nan}) {
    floats.pool.emplace_back(static_cast<float>(v));
  }
  columns.push_back(floats);
  TestColumn strings{Type::String(), {}};
  for (const char* v : {"", "a", "ab", "abc", "abcd", "abd", "b", "ba", "é", "éa", "éé", "ééé",
                        "\xEF\xBD\x9E", "\xF0\x9F\x98\x80", "z", "zz", "a%", "a_c"}) {
    strings.pool.emplace_back(v);
  }
  columns.push_back(strings);
  TestColumn dates{Type::Date(), {}};
  for (int32_t day = -800; day <= 800; day += 73) dates.pool.emplace_back(day);
  for (int32_t day = -2; day <= 2; ++day) dates.pool.emplace_back(day);
  columns.push_back(dates);
  TestColumn times{Type::Timestamptz(), {}};
  for (int64_t hour = -60; hour <= 60; hour += 5) times.pool.emplace_back(hour * 3600000000 + hour);
  for (const int64_t v :
       {int64_t{-86400000000}, int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{86400000000},
        std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()})
    times.pool.push_back(RandomLong(v));
  columns.push_back(times);
  TestColumn nanos{Type::TimestampNs(), {}};
  for (int64_t hour = -60; hour <= 60; hour += 7)
    nanos.pool.emplace_back(hour * 3600000000000 + hour);
  columns.push_back(nanos);
  TestColumn decimals{Type::Decimal(9, 2).ValueOrDie(), {}};
  for (int64_t i = -300; i <= 300; i += 37) decimals.pool.emplace_back(arrow::Decimal128(i));
  columns.push_back(decimals);
  TestColumn booleans{Type::Boolean(), {Value(false), Value(true)}};
  columns.push_back(booleans);
  TestColumn binaries{Type::Binary(), {}};
  for (const char* v : {"", "a", "\xff", "\xff\xff", "ab", "b"}) binaries.pool.emplace_back(v);
  columns.push_back(binaries);
  return columns;
}

enum class Truth { kTrue, kFalse, kNull };

/// The predicates' order: NaN above all and equal to itself, zeros equal.
int Order(const Type& type, const Value& a, const Value& b) {
  const auto as_double = [](const Value& v) {
    return v.holds<float>() ? static_cast<double>(v.get<float>()) : v.get<double>();
  };
  if (a.holds<float>() || a.holds<double>()) {
    const double x = as_double(a);
    const double y = as_double(b);
    if (std::isnan(x) || std::isnan(y)) return int(std::isnan(x)) - int(std::isnan(y));
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return CompareValues(type, a, b);
}

bool LikeMatches(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    return LikeMatches(text, pattern.substr(1)) ||
           (!text.empty() && LikeMatches(text.substr(1), pattern));
  }
  if (text.empty()) return false;
  if (pattern[0] == '_') {
    size_t length = 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
      ++length;
    }
    return LikeMatches(text.substr(length), pattern.substr(1));
  }
  return text[0] == pattern[0] && LikeMatches(text.substr(1), pattern.substr(1));
}

class RowEvaluator {
 public:
  explicit RowEvaluator(const Row& row) : row_(row) {}

  Truth operator()(const Expression& e) const {
    if (const auto* node = e.as<LiteralNode>()) return Of(node->value.get<bool>());
    if (e.as<AndNode>() != nullptr) return Fold(e, Truth::kFalse, Truth::kTrue);
    if (e.as<OrNode>() != nullptr) return Fold(e, Truth::kTrue, Truth::kFalse);
    if (const auto* node = e.as<NotNode>()) return Negate((*this)(node->operands[0]), true);
    if (e.as<ColumnNode>() != nullptr) {
      const Value& value = At(e);
      return value.is_null() ? Truth::kNull : Of(value.get<bool>());
    }
    const Expression& operand = e.operands().front();
    const Value& value = At(operand);
    if (const auto* node = e.as<IsNullNode>()) return Of(value.is_null() != node->negated);
    if (value.is_null()) return Truth::kNull;
    if (const auto* node = e.as<ComparisonNode>()) return Compare(*node, operand.type(), value);
    if (const auto* node = e.as<InNode>()) {
      bool found = false;
      for (const Value& item : node->values) found |= Order(operand.type(), value, item) == 0;
      return Of(found != node->negated);
    }
    if (const auto* node = e.as<IsNaNNode>()) {
      const bool is_nan = value.holds<double>()  ? std::isnan(value.get<double>())
                          : value.holds<float>() ? std::isnan(value.get<float>())
                                                 : false;
      return Of(is_nan != node->negated);
    }
    const std::string_view text = value.get<std::string>();
    if (const auto* node = e.as<StartsWithNode>()) {
      return Of((text.substr(0, node->prefix.size()) == node->prefix) != node->negated);
    }
    const auto* like = e.as<LikeNode>();
    return Of(LikeMatches(text, like->pattern) != like->negated);
  }

 private:
  static Truth Of(bool value) { return value ? Truth::kTrue : Truth::kFalse; }
  static Truth Negate(Truth truth, bool negate) {
    if (!negate || truth == Truth::kNull) return truth;
    return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
  }
  const Value& At(const Expression& column) const {
    return row_[static_cast<size_t>(column.as<ColumnNode>()->field_id - 1)];
  }
  Truth Fold(const Expression& e, Truth decisive, Truth neutral) const {
    Truth result = neutral;
    for (const Expression& operand : e.operands()) {
      const Truth truth = (*this)(operand);
      if (truth == decisive) return decisive;
      if (truth == Truth::kNull) result = Truth::kNull;
    }
    return result;
  }
  static Truth Compare(const ComparisonNode& node, const Type& type, const Value& value) {
    const int order = Order(type, value, node.operands[1].as<LiteralNode>()->value);
    switch (node.op) {
      case ComparisonOp::kEqual:
        return Of(order == 0);
      case ComparisonOp::kNotEqual:
        return Of(order != 0);
      case ComparisonOp::kLess:
        return Of(order < 0);
      case ComparisonOp::kLessEqual:
        return Of(order <= 0);
      case ComparisonOp::kGreater:
        return Of(order > 0);
      case ComparisonOp::kGreaterEqual:
        return Of(order >= 0);
    }
    return Truth::kNull;
  }

  const Row& row_;
};

/// What a writer might have recorded of a file.
struct TestFile {
  std::vector<Row> rows;
  std::vector<ColumnBounds> bounds;
};

/// Columns of bounds, filled entry by entry as a manifest decoder does.
class StatisticsBuilder {
 public:
  explicit StatisticsBuilder(const Type& type) : type_(type) {
    switch (type.id()) {
      case TypeId::kFloat:
      case TypeId::kDouble:
        statistics_->layout = ColumnStatistics::BoundsLayout::kDouble;
        break;
      case TypeId::kString:
      case TypeId::kBinary:
      case TypeId::kDecimal:
        statistics_->layout = ColumnStatistics::BoundsLayout::kBytes;
        break;
      default:
        break;
    }
  }

  void Add(const ColumnBounds& bounds) {
    Add(bounds.lower, &statistics_->has_lower, &statistics_->lower_int64,
        &statistics_->lower_double, &statistics_->lower_bytes);
    Add(bounds.upper, &statistics_->has_upper, &statistics_->upper_int64,
        &statistics_->upper_double, &statistics_->upper_bytes);
    statistics_->value_counts.push_back(bounds.value_count.value_or(-1));
    statistics_->null_value_counts.push_back(bounds.null_count.value_or(-1));
    statistics_->nan_value_counts.push_back(bounds.nan_count.value_or(-1));
  }

  std::shared_ptr<const ColumnStatistics> Finish() { return statistics_; }

 private:
  /// What the byte spans point into lives as long as the statistics.
  struct OwningStatistics : ColumnStatistics {
    std::vector<std::unique_ptr<std::string>> owned;
  };

  void Add(const std::optional<Value>& bound, std::vector<uint8_t>* has,
           std::vector<int64_t>* integers, std::vector<double>* doubles,
           std::vector<std::string_view>* spans) {
    has->push_back(bound ? 1 : 0);
    switch (statistics_->layout) {
      case ColumnStatistics::BoundsLayout::kInt64:
        integers->push_back(!bound                    ? 0
                            : bound->holds<bool>()    ? int64_t{bound->get<bool>()}
                            : bound->holds<int32_t>() ? int64_t{bound->get<int32_t>()}
                                                      : bound->get<int64_t>());
        break;
      case ColumnStatistics::BoundsLayout::kDouble:
        doubles->push_back(!bound                  ? 0
                           : bound->holds<float>() ? static_cast<double>(bound->get<float>())
                                                   : bound->get<double>());
        break;
      case ColumnStatistics::BoundsLayout::kBytes:
        statistics_->owned.push_back(std::make_unique<std::string>(
            bound ? ToSingleValueBytes(type_, *bound).ValueOrDie() : ""));
        spans->push_back(*statistics_->owned.back());
        break;
    }
  }

  Type type_;
  std::shared_ptr<OwningStatistics> statistics_ = std::make_shared<OwningStatistics>();
};

bool IsNaN(const Value& value) {
  return (value.holds<double>() && std::isnan(value.get<double>())) ||
         (value.holds<float>() && std::isnan(value.get<float>()));
}

/// A manifest made of TestFiles.
class FakeManifest : public ColumnarManifest {
 public:
  explicit FakeManifest(const std::vector<TestFile>& files) : files_(files) {}
  int64_t num_entries() const override { return static_cast<int64_t>(files_.size()); }
  ManifestContent content() const override { return ManifestContent::kData; }
  PartitionSpecId spec_id() const override { return PartitionSpecId(0); }
  EntryStatus status(int64_t entry) const override {
    return entry == deleted_entry ? EntryStatus::kDeleted : EntryStatus::kAdded;
  }
  std::string_view file_path(int64_t) const override { return "f"; }
  int64_t record_count(int64_t entry) const override {
    return static_cast<int64_t>(files_[static_cast<size_t>(entry)].rows.size());
  }
  int64_t file_size_in_bytes(int64_t) const override { return 1; }
  std::optional<SequenceNumber> data_sequence_number(int64_t) const override { return {}; }
  std::optional<SnapshotId> snapshot_id(int64_t) const override { return {}; }
  Value partition_value(int64_t entry, int field) const override {
    return partitions[static_cast<size_t>(entry)][static_cast<size_t>(field)];
  }
  std::shared_ptr<const ColumnStatistics> PartitionStatistics(int field) const override {
    StatisticsBuilder builder(partition_type.fields()[static_cast<size_t>(field)].type);
    for (int64_t entry = 0; entry < num_entries(); ++entry) {
      const Value value = partition_value(entry, field);
      ColumnBounds bounds;
      bounds.value_count = 1;
      bounds.null_count = value.is_null() ? 1 : 0;
      bounds.nan_count = IsNaN(value) ? 1 : 0;
      if (!value.is_null() && !IsNaN(value)) bounds.lower = bounds.upper = value;
      builder.Add(bounds);
    }
    return builder.Finish();
  }
  Result<ManifestEntry> Entry(int64_t) const override { return ManifestEntry(); }
  Result<ManifestEntry> EntryWithoutStatistics(int64_t) const override { return ManifestEntry(); }
  std::shared_ptr<const ColumnStatistics> Statistics(FieldId id, const Type& type) const override {
    StatisticsBuilder builder(type);
    for (const TestFile& file : files_) builder.Add(file.bounds[static_cast<size_t>(id - 1)]);
    return builder.Finish();
  }
  int64_t num_bytes() const override { return 0; }

  Type partition_type;
  std::vector<Row> partitions;
  int64_t deleted_entry = -1;

 private:
  const std::vector<TestFile>& files_;
};

class SkipProperty : public ::testing::Test {
 protected:
  SkipProperty() : columns_(MakeColumns()) {
    const char* seed = std::getenv("ICEFRAME_TEST_SEED");
    const char* cases = std::getenv("ICEFRAME_TEST_CASES");
    seed_ = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 20240601;
    num_cases_ = cases != nullptr ? std::atoi(cases) : 12000;
    random_.seed(seed_);
    std::cout << "seed " << seed_ << ", " << num_cases_ << " cases\n";
    std::vector<NestedField> fields;
    for (size_t i = 0; i < columns_.size(); ++i) {
      fields.push_back(NestedField::Optional(static_cast<FieldId>(i + 1),
                                             "c" + std::to_string(i + 1), columns_[i].type));
    }
    schema_ = Schema::Make(SchemaId(0), fields).ValueOrDie();
  }

  size_t Pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }
  bool Chance(int percent) { return Pick(100) < static_cast<size_t>(percent); }
  Value FromPool(size_t column) {
    return columns_[column].pool[Pick(columns_[column].pool.size())];
  }

  Expression RandomLeaf() {
    const size_t index = Pick(columns_.size());
    const Type& type = columns_[index].type;
    const Expression column = bound::Column(static_cast<FieldId>(index + 1), type);
    const bool is_text = type.id() == TypeId::kString;
    switch (Pick(is_text ? 8 : 5)) {
      case 0:
        return bound::IsNull(column, Chance(50));
      case 1: {
        std::vector<Value> values;
        for (size_t i = 0; i < 1 + Pick(6); ++i) values.push_back(FromPool(index));
        std::sort(values.begin(), values.end(),
                  [&](const Value& a, const Value& b) { return CompareValues(type, a, b) < 0; });
        values.erase(std::unique(values.begin(), values.end()), values.end());
        return bound::In(column, values, Chance(40));
      }
      case 2:
        if (type.id() == TypeId::kFloat || type.id() == TypeId::kDouble) {
          return bound::IsNaN(column, Chance(50));
        }
        if (type.id() == TypeId::kBoolean) return column;
        break;
      case 5:
      case 6:
        return bound::StartsWith(column, FromPool(index).get<std::string>(), Chance(40));
      case 7: {
        static const char* const kPatterns[] = {"a%", "ab_%", "%c", "ab", "é%", "_b%", "a%c", "%"};
        return bound::Like(column, kPatterns[Pick(8)], Chance(40));
      }
      default:
        break;
    }
    return bound::Compare(static_cast<ComparisonOp>(Pick(6)), column, FromPool(index));
  }

  Expression RandomFilter(int depth) {
    if (depth == 0 || Chance(35)) return RandomLeaf();
    if (Chance(15)) return bound::Not(RandomFilter(depth - 1));
    std::vector<Expression> operands;
    for (size_t i = 0; i < 2 + Pick(2); ++i) operands.push_back(RandomFilter(depth - 1));
    return Chance(50) ? bound::And(std::move(operands)) : bound::Or(std::move(operands));
  }

  /// Rows near one another, so that bounds are narrow enough to skip.
  std::vector<Row> RandomRows() {
    std::vector<Row> rows(1 + Pick(4), Row(columns_.size()));
    for (size_t c = 0; c < columns_.size(); ++c) {
      const auto& pool = columns_[c].pool;
      const size_t start = Pick(pool.size());
      const int null_percent = Chance(30) ? 40 : Chance(10) ? 100 : 0;
      for (Row& row : rows) {
        if (!Chance(null_percent)) row[c] = pool[(start + Pick(2)) % pool.size()];
      }
    }
    return rows;
  }

  ColumnBounds BoundsOf(const std::vector<Row>& rows, size_t c) {
    ColumnBounds bounds;
    int64_t nulls = 0;
    int64_t nans = 0;
    const Type& type = columns_[c].type;
    for (const Row& row : rows) {
      const Value& value = row[c];
      const bool is_nan = IsNaN(value);
      nulls += value.is_null();
      nans += is_nan;
      if (value.is_null() || is_nan) continue;
      if (!bounds.lower || CompareValues(type, value, *bounds.lower) < 0) bounds.lower = value;
      if (!bounds.upper || CompareValues(type, value, *bounds.upper) > 0) bounds.upper = value;
    }
    Loosen(type, &bounds);
    if (Chance(80)) bounds.value_count = static_cast<int64_t>(rows.size());
    if (Chance(80)) bounds.null_count = nulls;
    if (Chance(70)) bounds.nan_count = nans;
    return bounds;
  }

  /// As writers do: bounds left out, truncated, or NaN from old ones.
  void Loosen(const Type& type, ColumnBounds* bounds) {
    if (Chance(10)) bounds->lower.reset();
    if (Chance(10)) bounds->upper.reset();
    if (type.id() == TypeId::kString && Chance(30)) {
      if (bounds->lower && bounds->lower->get<std::string>().size() > 1 &&
          static_cast<unsigned char>(bounds->lower->get<std::string>()[1]) < 0x80) {
        bounds->lower = Value(bounds->lower->get<std::string>().substr(0, 1));
      }
      if (bounds->upper && !bounds->upper->get<std::string>().empty() &&
          static_cast<unsigned char>(bounds->upper->get<std::string>()[0]) < 0x7F) {
        std::string upper = bounds->upper->get<std::string>().substr(0, 1);
        ++upper[0];
        bounds->upper = Value(upper);
      }
    }
    if (type.id() == TypeId::kDouble && bounds->upper && Chance(5)) {
      bounds->upper = Value(std::numeric_limits<double>::quiet_NaN());
    }
  }

  TestFile RandomFile() {
    TestFile file{RandomRows(), {}};
    for (size_t c = 0; c < columns_.size(); ++c) file.bounds.push_back(BoundsOf(file.rows, c));
    return file;
  }

  PartitionSpec RandomSpec() {
    PartitionSpec spec;
    static const char* const kTransforms[] = {
        "identity", "bucket[4]", "truncate[1]", "truncate[2]", "truncate[7]", "year",
        "month",    "day",       "hour",        "void",        "spiral[2]"};
    const size_t count = 1 + Pick(3);
    while (spec.fields.size() < count) {
      const size_t c = Pick(columns_.size());
      const Transform transform = Transform::FromMetadata(kTransforms[Pick(11)]);
      if (transform.kind() != TransformKind::kUnknown &&
          !transform.CanTransform(columns_[c].type)) {
        continue;
      }
      const auto id = static_cast<FieldId>(1000 + spec.fields.size());
      spec.fields.push_back(
          {{static_cast<FieldId>(c + 1)}, id, "p" + std::to_string(id), transform});
    }
    return spec;
  }

  /// Truncation past the type's minimum and hours beyond an int, errors here, wrap around in other
  /// writers.
  static Value Wrapped(const Value& value, const Transform& transform) {
    const int32_t width = transform.parameter();
    if (transform.kind() == TransformKind::kHour) {
      return Value(static_cast<int32_t>(FloorDivide(value.get<int64_t>(), kMicrosPerHour)));
    }
    if (value.holds<int32_t>()) {
      const int32_t v = value.get<int32_t>();
      const int32_t rest = (v % width + width) % width;
      return Value(static_cast<int32_t>(static_cast<uint32_t>(v) - static_cast<uint32_t>(rest)));
    }
    const int64_t v = value.get<int64_t>();
    const int64_t rest = (v % width + width) % width;
    return Value(static_cast<int64_t>(static_cast<uint64_t>(v) - static_cast<uint64_t>(rest)));
  }

  /// What the value was before a promotion, if it can have been narrower.
  static std::optional<Value> Demoted(const Value& value) {
    if (!value.holds<int64_t>() || value.get<int64_t>() < std::numeric_limits<int32_t>::min() ||
        value.get<int64_t>() > std::numeric_limits<int32_t>::max()) {
      return std::nullopt;
    }
    return Value(static_cast<int32_t>(value.get<int64_t>()));
  }

  /// One field's partition value as some writer gives it.
  Value PartitionValueOf(const Transform& transform, const Type& type, const Value& value) {
    if (transform.kind() == TransformKind::kTruncate && type.id() == TypeId::kLong) {
      if (const auto narrow = Demoted(value); narrow && Chance(50)) {
        auto truncated = transform.Apply(Type::Int(), *narrow);
        const Value written = truncated.ok() ? *truncated : Wrapped(*narrow, transform);
        return Value(int64_t{written.get<int32_t>()});
      }
    }
    auto applied = transform.Apply(type, value);
    return applied.ok() ? *applied : Wrapped(value, transform);
  }

  Row PartitionOf(const PartitionSpec& spec, const Row& row) {
    Row partition;
    for (const PartitionField& field : spec.fields) {
      const auto c = static_cast<size_t>(field.source_id() - 1);
      if (field.transform.kind() == TransformKind::kUnknown) {
        partition.push_back(Value::Null());
        continue;
      }
      partition.push_back(PartitionValueOf(field.transform, columns_[c].type, row[c]));
    }
    return partition;
  }

  static bool Matches(const Expression& filter, const Row& row) {
    return RowEvaluator(row)(filter) == Truth::kTrue;
  }
  static BoundsLookup LookupOf(const TestFile& file) {
    return [&file](FieldId id, const Type&) { return file.bounds[static_cast<size_t>(id - 1)]; };
  }

  std::vector<TestColumn> columns_;
  std::shared_ptr<const Schema> schema_;
  uint64_t seed_ = 0;
  int num_cases_ = 0;
  std::mt19937_64 random_;
};

TEST_F(SkipProperty, SkippedFilesHoldNoMatchingRow) {
  int skipped = 0;
  int certain = 0;
  for (int i = 0; i < num_cases_; ++i) {
    const TestFile file = RandomFile();
    const Expression filter = RandomFilter(2);
    const bool may = MayMatch(filter, LookupOf(file));
    const bool must = MustMatch(filter, LookupOf(file));
    for (const Row& row : file.rows) {
      const bool matches = Matches(filter, row);
      ASSERT_TRUE(may || !matches) << "case " << i << ": " << filter.ToString();
      ASSERT_TRUE(!must || matches) << "case " << i << ": " << filter.ToString();
    }
    skipped += may ? 0 : 1;
    certain += must ? 1 : 0;
  }
  EXPECT_GT(skipped, num_cases_ / 10);
  EXPECT_GT(certain, num_cases_ / 20);
}

TEST_F(SkipProperty, ValuesOfColumnsSkipNoMatchingRow) {
  int skipped = 0;
  for (int i = 0; i < num_cases_; ++i) {
    const TestFile file = RandomFile();
    const Expression filter = RandomFilter(2);
    ValuesLookup values;
    values.may_be_known = [&](FieldId id) { return (id + i) % 4 != 0; };
    values.visit = [&](FieldId id, const Type&, const std::function<bool(const Value&)>& visit) {
      for (const Row& row : file.rows) {
        const Value& value = row[static_cast<size_t>(id - 1)];
        if (!value.is_null() && !visit(value)) return true;
      }
      // Values that turn out to be unknown after some of them.
      return (id + i) % 5 != 0;
    };
    const bool may = MayMatch(filter, LookupOf(file), values);
    const bool may_by_bounds = MayMatch(filter, LookupOf(file));
    ASSERT_TRUE(may_by_bounds || !may) << "case " << i << ": " << filter.ToString();
    for (const Row& row : file.rows) {
      ASSERT_TRUE(may || !Matches(filter, row)) << "case " << i << ": " << filter.ToString();
    }
    skipped += may_by_bounds && !may ? 1 : 0;
  }
  EXPECT_GT(skipped, num_cases_ / 40);
}

TEST_F(SkipProperty, WholeManifestsAreDecidedAsSingleFilesAre) {
  int skipped = 0;
  const Expression always = bound::Constant(true);
  for (int i = 0; i < num_cases_ / 8; ++i) {
    std::vector<TestFile> files;
    for (size_t f = 0; f < 8; ++f) files.push_back(RandomFile());
    const FakeManifest manifest(files);
    const Expression filter = RandomFilter(2);
    const auto reasons = EvaluateManifest(manifest, Type::Struct({}), always, filter).reasons;
    ASSERT_EQ(reasons.size(), files.size());
    for (size_t f = 0; f < files.size(); ++f) {
      const auto expected =
          MayMatch(filter, LookupOf(files[f])) ? SkipReason::kNone : SkipReason::kBounds;
      ASSERT_EQ(reasons[f], expected) << "case " << i << " file " << f << ": " << filter.ToString();
      skipped += reasons[f] == SkipReason::kNone ? 0 : 1;
    }
  }
  EXPECT_GT(skipped, num_cases_ / 10);
}

TEST_F(SkipProperty, SkippedPartitionsHoldNoMatchingRow) {
  int skipped = 0;
  int certain = 0;
  int skipped_manifests = 0;
  for (int i = 0; i < num_cases_; ++i) {
    const PartitionSpec spec = RandomSpec();
    const Type type = PartitionType(spec, *schema_).ValueOrDie();
    const Expression filter = RandomFilter(2);
    const Expression inclusive = ProjectInclusive(filter, spec, *schema_).ValueOrDie();
    const Expression strict = ProjectStrict(filter, spec, *schema_).ValueOrDie();
    const auto residuals = ResidualEvaluator::Make(filter, spec, *schema_).ValueOrDie();
    ManifestFile manifest;
    manifest.partitions.resize(spec.fields.size());
    const auto summarize = [&](const Row& partition) {
      for (size_t p = 0; p < partition.size(); ++p) {
        PartitionFieldSummary& summary = manifest.partitions[p];
        const Type& field_type = type.fields()[p].type;
        const Value& value = partition[p];
        const bool is_nan = IsNaN(value);
        summary.contains_nan = summary.contains_nan.value_or(false) || is_nan;
        if (value.is_null()) summary.contains_null = true;
        if (value.is_null() || is_nan) continue;
        const auto widen = [&](std::optional<std::string>* bound, int sign) {
          if (!*bound ||
              sign * CompareValues(field_type, value, *FromSingleValueBytes(field_type, **bound)) >
                  0) {
            *bound = ToSingleValueBytes(field_type, value).ValueOrDie();
          }
        };
        widen(&summary.lower_bound, -1);
        widen(&summary.upper_bound, 1);
      }
    };
    bool any_matches = false;
    for (const Row& row : RandomRows()) {
      const Row partition = PartitionOf(spec, row);
      summarize(partition);
      const bool matches = Matches(filter, row);
      any_matches |= matches;
      const bool may = PartitionMayMatch(inclusive, type, partition);
      const bool must = PartitionMustMatch(strict, type, partition);
      ASSERT_TRUE(may || !matches)
          << "case " << i << ": " << filter.ToString() << " as " << inclusive.ToString() << " spec "
          << PartitionPath(spec, *schema_, partition);
      ASSERT_TRUE(!must || matches)
          << "case " << i << ": " << filter.ToString() << " as " << strict.ToString() << " spec "
          << PartitionPath(spec, *schema_, partition);
      ASSERT_EQ(Matches(residuals.Residual(partition), row), matches)
          << "case " << i << ": " << filter.ToString();
      skipped += may ? 0 : 1;
      certain += must ? 1 : 0;
    }
    const bool may = ManifestMayMatch(inclusive, manifest, type);
    ASSERT_TRUE(may || !any_matches) << "case " << i << ": " << filter.ToString();
    skipped_manifests += may ? 0 : 1;
  }
  EXPECT_GT(skipped, num_cases_ / 20);
  EXPECT_GT(certain, num_cases_ / 50);
  EXPECT_GT(skipped_manifests, num_cases_ / 50);
}

TEST_F(SkipProperty, EntriesArePartitionSkippedAsSingleTuplesAre) {
  int skipped = 0;
  const Expression always = bound::Constant(true);
  for (int i = 0; i < num_cases_ / 4; ++i) {
    const PartitionSpec spec = RandomSpec();
    const Type type = PartitionType(spec, *schema_).ValueOrDie();
    const Expression inclusive = ProjectInclusive(RandomFilter(2), spec, *schema_).ValueOrDie();
    std::vector<TestFile> files;
    for (size_t f = 0; f < 4; ++f) files.push_back(RandomFile());
    FakeManifest manifest(files);
    manifest.partition_type = type;
    manifest.deleted_entry = 2;
    for (const TestFile& file : files) {
      manifest.partitions.push_back(PartitionOf(spec, file.rows.front()));
    }
    const auto reasons = EvaluateManifest(manifest, type, inclusive, always).reasons;
    for (size_t f = 0; f < files.size(); ++f) {
      SkipReason expected = PartitionMayMatch(inclusive, type, manifest.partitions[f])
                                ? SkipReason::kNone
                                : SkipReason::kPartition;
      if (f == 2) expected = SkipReason::kDeleted;
      ASSERT_EQ(reasons[f], expected) << "case " << i << ": " << inclusive.ToString();
      skipped += reasons[f] == SkipReason::kPartition ? 1 : 0;
    }
  }
  EXPECT_GT(skipped, num_cases_ / 40);
}

/// Whatever partition values a writer gave: bounds that contradict them win.
TEST_F(SkipProperty, WrongPartitionValuesHideNoRow) {
  int skipped = 0;
  int doubtful = 0;
  for (int i = 0; i < num_cases_ / 2; ++i) {
    const PartitionSpec spec = RandomSpec();
    const Type type = PartitionType(spec, *schema_).ValueOrDie();
    const Expression filter = RandomFilter(2);
    const Expression inclusive = ProjectInclusive(filter, spec, *schema_).ValueOrDie();
    const auto residuals = ResidualEvaluator::Make(filter, spec, *schema_).ValueOrDie();
    const Row row = RandomRows().front();
    TestFile file{{row}, {}};
    for (const Value& value : row) {
      const bool is_number = !value.is_null() && !IsNaN(value);
      ColumnBounds bounds{std::nullopt, std::nullopt, 1, value.is_null(), IsNaN(value)};
      if (is_number) bounds.lower = bounds.upper = value;
      file.bounds.push_back(bounds);
    }
    const std::vector<TestFile> files = {file};
    FakeManifest manifest(files);
    manifest.partition_type = type;
    manifest.partitions.push_back(PartitionOf(spec, Chance(50) ? row : RandomRows().front()));
    const auto decisions =
        EvaluateManifest(manifest, type, inclusive, filter, PartitionEvidence(spec, *schema_));
    const bool matches = Matches(filter, row);
    ASSERT_TRUE(decisions.reasons[0] == SkipReason::kNone || !matches)
        << "case " << i << ": " << filter.ToString() << " as " << inclusive.ToString() << " spec "
        << PartitionPath(spec, *schema_, manifest.partitions[0]);
    if (!decisions.is_doubtful(0)) {
      ASSERT_EQ(Matches(residuals.Residual(manifest.partitions[0]), row), matches)
          << "case " << i << ": " << filter.ToString();
    }
    skipped += decisions.reasons[0] == SkipReason::kPartition ? 1 : 0;
    doubtful += decisions.is_doubtful(0) ? 1 : 0;
  }
  EXPECT_GT(skipped, num_cases_ / 80);
  EXPECT_GT(doubtful, num_cases_ / 20);
}

}  // namespace
}  // namespace iceframe
