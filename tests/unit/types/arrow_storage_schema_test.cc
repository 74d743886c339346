// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/arrow_storage_schema.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

std::shared_ptr<const Schema> SchemaOf(std::vector<NestedField> fields) {
  return Schema::Make(SchemaId(0), std::move(fields)).ValueOrDie();
}

TEST(ArrowStorageSchema, IsToArrowSchemaWhereEveryColumnCanBeRead) {
  const auto schema = SchemaOf(
      {NestedField::Optional(1, "n", Type::Int()), NestedField::Optional(2, "u", Type::Uuid()),
       NestedField::Optional(3, "tags",
                             Type::List(NestedField::Optional(4, "element", Type::String())))});
  const auto wanted = ToArrowSchema(*schema).ValueOrDie();
  const auto seen = ToArrowStorageSchema(*schema).ValueOrDie();
  EXPECT_TRUE(seen->Equals(*wanted)) << seen->ToString();
}

TEST(ArrowStorageSchema, ShowsWhatCannotBeReadYetAtAnyDepth) {
  const auto schema =
      SchemaOf({NestedField::Optional(1, "v", Type::Variant()),
                NestedField::Optional(2, "g", Type::Geometry()),
                NestedField::Optional(
                    3, "all", Type::List(NestedField::Optional(4, "element", Type::Variant())))});
  EXPECT_FALSE(ToArrowSchema(*schema).ok());
  const auto seen = ToArrowStorageSchema(*schema).ValueOrDie();
  const auto variant = arrow::struct_({arrow::field("metadata", arrow::binary(), false),
                                       arrow::field("value", arrow::binary(), false)});
  EXPECT_TRUE(seen->field(0)->type()->Equals(variant));
  EXPECT_EQ(seen->field(0)->metadata()->Get("ARROW:extension:name").ValueOr(""),
            "arrow.parquet.variant");
  EXPECT_TRUE(seen->field(1)->type()->Equals(arrow::binary()));
  EXPECT_TRUE(seen->field(2)->type()->field(0)->type()->Equals(variant));
}

}  // namespace

}  // namespace iceframe
