// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/partition_by.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PartitionByTest : public ::testing::Test {
 protected:
  // "name:id:transform" of each field.
  std::vector<std::string> Fields(const std::vector<PartitionBy>& by) const {
    const auto spec = MakePartitionSpec(*schema_, by);
    EXPECT_TRUE(spec.ok()) << spec.status().ToString();
    std::vector<std::string> fields;
    if (!spec.ok()) return fields;
    for (const PartitionField& field : spec->fields) {
      fields.push_back(field.name + ":" + std::to_string(field.field_id) + ":" +
                       field.transform.ToString());
    }
    return fields;
  }
  Status Refused(const std::vector<PartitionBy>& by) const {
    return MakePartitionSpec(*schema_, by).status();
  }

  std::shared_ptr<const Schema> schema_ =
      *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long()),
                                  NestedField::Optional(2, "ts", Type::Timestamp())});
};

TEST_F(PartitionByTest, GivesIdsInOrderAndTheUsualNames) {
  EXPECT_THAT(Fields({{"ts", "day"}, {"id", "bucket[16]"}}),
              ElementsAre("ts_day:1000:day", "id_bucket:1001:bucket[16]"));
  EXPECT_THAT(Fields({{"id"}}), ElementsAre("id:1000:identity"));
  EXPECT_TRUE(MakePartitionSpec(*schema_, {})->is_unpartitioned());
}

TEST_F(PartitionByTest, TellsFieldsOfOneNameApart) {
  EXPECT_THAT(Fields({{"id", "bucket[4]"}, {"id", "bucket[8]"}}),
              ElementsAre("id_bucket:1000:bucket[4]", "id_bucket_1001:1001:bucket[8]"));
}

TEST_F(PartitionByTest, RefusesWhatCantBeMeant) {
  EXPECT_THAT(Refused({{"idd", "identity"}}).message(), HasSubstr("idd; did you mean id?"));
  EXPECT_THAT(Refused({{"id", "day"}}).message(), HasSubstr("day"));
  EXPECT_THAT(Refused({{"id", "weekly"}}).message(), HasSubstr("weekly"));
  EXPECT_THAT(Refused({{"id"}, {"id"}}).message(), HasSubstr("given twice: id, identity"));
  EXPECT_EQ(KindOf(Refused({{"id", "day"}})), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
