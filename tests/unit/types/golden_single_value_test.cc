// SPDX-License-Identifier: Apache-2.0
// Single values, hashes and transforms against PyIceberg's: tests/golden/single_values.
#include <fstream>
#include <sstream>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/single_value.h"
#include "iceframe/types/transform.h"
#include "iceframe/types/value_text.h"

namespace iceframe {
namespace {

Json ReadGolden() {
  std::ifstream file(ICEFRAME_TESTS_DIR "/golden/single_values/golden.json");
  std::ostringstream text;
  text << file.rdbuf();
  return Json::Parse(text.str()).ValueOrDie();
}

void CheckTransform(const Type& type, const Value& value, const Json::Member& expected) {
  const Transform transform = Transform::Parse(expected.first).ValueOrDie();
  const Type result_type = transform.ResultType(type).ValueOrDie();
  const auto result = transform.Apply(type, value);
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(BytesToHex(ToSingleValueBytes(result_type, *result).ValueOrDie()),
            expected.second.text());
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  const auto array = ArrayFromValue(type, value, 2, pool).ValueOrDie();
  const auto transformed = transform.Apply(type, *array, pool);
  ASSERT_TRUE(transformed.ok()) << transformed.status().ToString();
  EXPECT_EQ(*ValueFromArrow(result_type, **transformed, 1), *result);
}

TEST(GoldenSingleValue, BytesHashesAndTransformsAreAsPyIcebergHasThem) {
  const Json golden = ReadGolden();
  const std::vector<Json>& entries = golden.Find("values")->items();
  ASSERT_GT(entries.size(), 300U);
  for (const Json& entry : entries) {
    SCOPED_TRACE(entry.Dump().substr(0, 300));
    const Type type = Type::ParsePrimitive(entry.Find("type")->text()).ValueOrDie();
    const std::string bytes = *BytesFromHex(entry.Find("bytes")->text());
    const auto value = FromSingleValueBytes(type, bytes);
    ASSERT_TRUE(value.ok()) << value.status().ToString();
    EXPECT_EQ(ToSingleValueBytes(type, *value).ValueOrDie(), bytes);
    if (const Json* json = entry.Find("json")) {
      const auto from_json = FromSingleValueJson(type, *json);
      ASSERT_TRUE(from_json.ok()) << from_json.status().ToString();
      EXPECT_EQ(*from_json, *value);
    }
    if (const Json* hash = entry.Find("hash")) {
      EXPECT_EQ(BucketHash(type, *value).ValueOrDie(), *hash->AsInt64());
    }
    for (const auto& expected : entry.Find("transforms")->members()) {
      SCOPED_TRACE(expected.first);
      CheckTransform(type, *value, expected);
    }
  }
}

}  // namespace
}  // namespace iceframe
