// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/iceberg_report.h"

#include <arrow/testing/gtest_util.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/execution/scan_report.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/table/landed_commit.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Schema> TheSchema() {
  return *Schema::Make(SchemaId(3), {NestedField::Required(1, "id", Type::Long()),
                                     NestedField::Optional(2, "name", Type::String())});
}

std::string FilterOf(const std::string& text) {
  ScanReport scan;
  scan.schema = TheSchema();
  scan.filter = *ParseExpression(text);
  return IcebergReport(scan)->Find("filter")->Dump();
}

TEST(IcebergReport, OfAScan) {
  OperationCounters counters;
  counters.Add(PlanningCount::kManifestsTotal, 5);
  counters.Add(PlanningCount::kManifestsSkippedByPartition, 2);
  counters.Add(PlanningCount::kFilesSkippedByPartition, 3);
  counters.Add(PlanningCount::kFilesSkippedByBounds, 4);
  counters.Add(PlanningCount::kFilesPlanned, 6);
  ScanReport scan;
  scan.table = "default.t";
  scan.snapshot_id = SnapshotId(17);
  scan.schema = TheSchema();
  scan.filter = *ParseExpression("id > 7");
  scan.planning = std::chrono::nanoseconds(99);
  scan.counters = counters.Values();
  const auto report = IcebergReport(scan);
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(
      report->Dump(),
      HasSubstr(R"j("report-type":"scan-report","table-name":"default.t","snapshot-id":17,)j"
                R"j("filter":{"type":"gt","term":"id","value":"(redacted)"},"schema-id":3,)j"
                R"j("projected-field-ids":[1,2],"projected-field-names":["id","name"],)j"
                R"j("metrics":{"total-planning-duration":{"count":1,"time-unit":"nanoseconds",)j"
                R"j("total-duration":99},"result-data-files":{"unit":"count","value":6},)j"
                R"j("total-data-manifests":{"unit":"count","value":5},)j"
                R"j("scanned-data-manifests":{"unit":"count","value":3},)j"
                R"j("skipped-data-manifests":{"unit":"count","value":2},)j"
                R"j("skipped-data-files":{"unit":"count","value":7}})j"));
}

TEST(IcebergReport, OfACommit) {
  LandedCommit commit;
  commit.table = "default.t";
  commit.snapshot_id = SnapshotId(18);
  commit.sequence_number = SequenceNumber(4);
  commit.operation = "append";
  commit.summary = {{"added-data-files", "2"}, {"added-files-size", "300"}, {"total-records", "x"}};
  commit.num_attempts = 3;
  commit.duration = std::chrono::nanoseconds(1000);
  EXPECT_THAT(
      IcebergReport(commit)->Dump(),
      HasSubstr(
          R"j("report-type":"commit-report","table-name":"default.t","snapshot-id":18,)j"
          R"j("sequence-number":4,"operation":"append","metrics":{"total-duration":{"count":1,)j"
          R"j("time-unit":"nanoseconds","total-duration":1000},)j"
          R"j("attempts":{"unit":"count","value":3},)j"
          R"j("added-data-files":{"unit":"count","value":2},)j"
          R"j("added-files-size-bytes":{"unit":"bytes","value":300}})j"));
}

TEST(IcebergReport, FiltersHoldNoLiteral) {
  EXPECT_EQ(FilterOf("true"), "true");
  EXPECT_EQ(FilterOf("false"), "false");
  EXPECT_EQ(FilterOf("id IN (1, 2) AND name IS NOT NULL"),
            R"j({"type":"and","left":{"type":"in","term":"id","values":["(redacted)"]},)j"
            R"j("right":{"type":"not-null","term":"name"}})j");
  EXPECT_EQ(FilterOf("NOT (id = 1 OR name <> 'x')"),
            R"j({"type":"not","child":{"type":"or",)j"
            R"j("left":{"type":"eq","term":"id","value":"(redacted)"},)j"
            R"j("right":{"type":"not-eq","term":"name","value":"(redacted)"}}})j");
  // What the expressions of Iceberg can't say.
  EXPECT_EQ(FilterOf("id + 1 > 5"), "true");
  EXPECT_EQ(FilterOf("name LIKE '%x'"), "true");
  EXPECT_EQ(FilterOf("id = id"), "true");
}

TEST(IcebergReport, LargeFiltersAreTrue) {
  std::vector<Expression> operands;
  for (int64_t i = 0; i < 100; ++i) operands.push_back(Less(Col("id"), Lit(i)));
  ScanReport scan;
  scan.schema = TheSchema();
  scan.filter = Or(operands);
  EXPECT_EQ(IcebergReport(scan)->Find("filter")->Dump(), "true");
}

TEST(IcebergReport, OtherDetailsHaveNone) {
  struct Other final : OperationDetail {};
  EXPECT_FALSE(IcebergReport(Other()).has_value());
}

}  // namespace
}  // namespace iceframe
