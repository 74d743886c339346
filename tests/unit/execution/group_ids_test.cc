// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <limits>
#include <map>
#include <random>

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "iceframe/execution/group_ids_internal.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;

class GroupIdsTest : public ::testing::Test {
 protected:
  std::vector<uint32_t> Consume(const arrow::ArrayVector& keys) {
    return Values(groups_.Consume(keys, keys[0]->length()));
  }
  std::vector<uint32_t> Lookup(const arrow::ArrayVector& keys) {
    return Values(groups_.Lookup(keys, keys[0]->length()));
  }
  arrow::ArrayVector Keys(int64_t max_bytes = 1 << 20) {
    auto keys = groups_.Keys(context_, max_bytes);
    EXPECT_TRUE(keys.ok()) << keys.status().ToString();
    for (const ArrayPtr& key : *keys) EXPECT_TRUE(key->ValidateFull().ok());
    return *keys;
  }

  static constexpr uint32_t kMissing = std::numeric_limits<uint32_t>::max();

  OperationContext context_;
  GroupIds groups_{MemoryBudget::Process()->pool()};

 private:
  static std::vector<uint32_t> Values(const Result<std::shared_ptr<arrow::UInt32Array>>& found) {
    EXPECT_TRUE(found.ok()) << found.status().ToString();
    std::vector<uint32_t> values;
    for (int64_t i = 0; i < (*found)->length(); ++i) {
      values.push_back((*found)->IsNull(i) ? kMissing : (*found)->Value(i));
    }
    return values;
  }
};

template <typename Builder, typename Value>
ArrayPtr ArrayOf(const std::vector<std::optional<Value>>& values) {
  Builder builder(arrow::system_memory_pool());
  for (const auto& value : values) {
    EXPECT_TRUE(value ? builder.Append(*value).ok() : builder.AppendNull().ok());
  }
  return builder.Finish().ValueOrDie();
}
using Texts = std::vector<std::optional<std::string>>;
ArrayPtr TextArray(const Texts& texts) { return ArrayOf<arrow::StringBuilder>(texts); }
ArrayPtr LongArray(const std::vector<std::optional<int64_t>>& values) {
  return ArrayOf<arrow::Int64Builder>(values);
}

TEST_F(GroupIdsTest, NumbersGroupsAsTheyAppear) {
  EXPECT_THAT(Consume({LongArray({7, {}, 5, 7, {}, 0})}), ElementsAre(0, 1, 2, 0, 1, 3));
  EXPECT_THAT(Consume({LongArray({0, 9})}), ElementsAre(3, 4));
  EXPECT_THAT(Lookup({LongArray({5, 8, {}})}), ElementsAre(2, kMissing, 1));
  EXPECT_EQ(groups_.num_groups(), 5);
  EXPECT_TRUE(Keys()[0]->Equals(LongArray({7, {}, 5, 0, 9})));
}

TEST_F(GroupIdsTest, NothingIsFoundInNothing) {
  EXPECT_THAT(Lookup({LongArray({5, {}})}), ElementsAre(kMissing, kMissing));
  EXPECT_TRUE(Keys().empty());
  EXPECT_THAT(Consume({LongArray({})}), ElementsAre());
  EXPECT_EQ(Keys()[0]->length(), 0);
}

TEST_F(GroupIdsTest, TextsThatMeetAreNotMixedUp) {
  const Texts left = {"a", "ab", "", {}, "", "ab"};
  const Texts right = {"bc", "c", "abc", "abc", {}, "c"};
  EXPECT_THAT(Consume({TextArray(left), TextArray(right)}), ElementsAre(0, 1, 2, 3, 4, 1));
  const auto keys = Keys();
  EXPECT_TRUE(keys[0]->Equals(TextArray({"a", "ab", "", {}, ""})));
  EXPECT_TRUE(keys[1]->Equals(TextArray({"bc", "c", "abc", "abc", {}})));
}

TEST_F(GroupIdsTest, TextIsCountedByItsBytes) {
  const std::string zero(1, '\0');
  EXPECT_THAT(Consume({TextArray({"", zero, zero + zero, ""})}), ElementsAre(0, 1, 2, 0));
}

TEST_F(GroupIdsTest, NaNsAreOneAndSoAreZeros) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto keys = ArrayOf<arrow::DoubleBuilder, double>({nan, -nan, 0.0, -0.0, {}});
  EXPECT_THAT(Consume({keys}), ElementsAre(0, 0, 1, 1, 2));
}

TEST_F(GroupIdsTest, WideAndPlainTextAreOneKey) {
  const auto wide = ArrayOf<arrow::LargeStringBuilder, std::string>({"x", "yy"});
  EXPECT_THAT(Consume({TextArray({"yy"})}), ElementsAre(0));
  EXPECT_THAT(Consume({wide}), ElementsAre(1, 0));
  EXPECT_EQ(Keys(3)[0]->type_id(), arrow::Type::STRING);
  EXPECT_EQ(Keys(2)[0]->type_id(), arrow::Type::LARGE_STRING);
}

TEST_F(GroupIdsTest, ColumnsOfNullsAndFlags) {
  const auto nulls = std::make_shared<arrow::NullArray>(4);
  const auto flags = ArrayOf<arrow::BooleanBuilder, bool>({true, false, {}, true});
  EXPECT_THAT(Consume({nulls, flags}), ElementsAre(0, 1, 2, 0));
  EXPECT_TRUE(Keys()[0]->Equals(arrow::NullArray(3)));
  EXPECT_TRUE(Keys()[1]->Equals(flags->Slice(0, 3)));
}

TEST_F(GroupIdsTest, SlicesAreReadFromWhereTheyBegin) {
  const auto flags = ArrayOf<arrow::BooleanBuilder, bool>({true, {}, false, true});
  const arrow::ArrayVector keys = {LongArray({1, 2, {}, 3}), TextArray({"a", "b", "c", {}}), flags};
  arrow::ArrayVector sliced;
  for (const ArrayPtr& key : keys) sliced.push_back(key->Slice(1, 3));
  EXPECT_THAT(Consume(sliced), ElementsAre(0, 1, 2));
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_TRUE(Keys()[i]->Equals(keys[i]->Slice(1, 3)));
}

// Against std::map, over keys of every width with many and with few groups.
TEST_F(GroupIdsTest, ManyRandomKeysGroupAsAMapDoes) {
  for (const int num_values : {3, 200, 100'000}) {
    std::mt19937_64 random(static_cast<uint64_t>(num_values));
    GroupIds groups(MemoryBudget::Process()->pool());
    std::map<std::vector<std::string>, uint32_t> expected;
    for (int batch = 0; batch < 12; ++batch) {
      std::vector<std::optional<int64_t>> longs;
      Texts texts;
      std::vector<std::optional<int16_t>> shorts;
      std::vector<uint32_t> ids;
      for (int row = 0; row < 20'000; ++row) {
        const auto value = static_cast<int64_t>(random() % static_cast<uint64_t>(num_values));
        longs.push_back(value % 17 == 0 ? std::nullopt : std::optional(value << 30));
        texts.push_back(value % 13 == 0
                            ? std::nullopt
                            : std::optional(std::string(static_cast<size_t>(value % 40), 'a') +
                                            std::to_string(value % 1000)));
        shorts.push_back(static_cast<int16_t>(value % 7));
        const std::vector<std::string> key = {longs.back() ? std::to_string(*longs.back()) : "null",
                                              texts.back().value_or("null"),
                                              std::to_string(*shorts.back())};
        ids.push_back(expected.try_emplace(key, expected.size()).first->second);
      }
      const auto found = groups.Consume(
          {LongArray(longs), TextArray(texts), ArrayOf<arrow::Int16Builder>(shorts)}, 20'000);
      ASSERT_TRUE(found.ok());
      ASSERT_EQ(std::vector<uint32_t>((*found)->raw_values(), (*found)->raw_values() + 20'000),
                ids);
    }
    ASSERT_EQ(static_cast<size_t>(groups.num_groups()), expected.size());
    const auto keys = groups.Keys(context_, 1 << 30);
    ASSERT_TRUE(keys.ok());
    const auto again = groups.Lookup(*keys, groups.num_groups());
    ASSERT_TRUE(again.ok());
    for (int64_t i = 0; i < groups.num_groups(); ++i) ASSERT_EQ((*again)->Value(i), i);
  }
}

TEST_F(GroupIdsTest, ABudgetThatIsTooSmallIsAnError) {
  const auto budget = MemoryBudget::Process()->MakeChild("test", 1 << 20);
  GroupIds groups(budget->pool());
  arrow::Int64Builder builder(arrow::system_memory_pool());
  for (int64_t i = 0; i < 100'000; ++i) ASSERT_TRUE(builder.Append(i).ok());
  const auto found = groups.Consume({builder.Finish().ValueOrDie()}, 100'000);
  EXPECT_EQ(KindOf(found.status()), ErrorKind::kResourceExhausted);
}

TEST_F(GroupIdsTest, GivingKeysBackCanBeCancelled) {
  Consume({LongArray({1, 2})});
  context_.cancel.Cancel();
  EXPECT_EQ(KindOf(groups_.Keys(context_, 100).status()), ErrorKind::kCancelled);
}

}  // namespace
}  // namespace iceframe
