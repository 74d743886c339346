// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_advisor.h"

#include <gtest/gtest.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/services/known_catalogs.h"
#include "iceframe/types/single_value.h"

#include "support/manifest_table.h"

namespace iceframe {
namespace {

constexpr int64_t kMebibyte = int64_t{1} << 20;
constexpr int64_t kGoodSize = 512 * kMebibyte;

// Tables made of metadata alone.
class QueryAdvisorTest : public ::testing::Test {
 protected:
  QueryAdvisorTest() {
    io_ = MakeFileIO().ValueOrDie();
    schema_ = Schema::Make(SchemaId(0), {NestedField::Required(1, "id", Type::Long()),
                                         NestedField::Optional(2, "name", Type::String())})
                  .ValueOrDie();
    PartitionSpec none;
    table_ = std::make_unique<ManifestTable>(io_, "memory:///advisor/" + std::to_string(++count_),
                                             schema_, std::vector<PartitionSpec>{none});
  }

  // A data file whose ids are [low, high].
  static ManifestEntry Data(const std::string& path, int64_t low, int64_t high,
                            int64_t num_bytes = kGoodSize) {
    ManifestEntry entry;
    entry.data_file.file_path = path;
    entry.data_file.partition = {};
    entry.data_file.record_count = 1'000'000;
    entry.data_file.file_size_in_bytes = num_bytes;
    entry.data_file.lower_bounds[1] = ToSingleValueBytes(Type::Long(), Value(low)).ValueOrDie();
    entry.data_file.upper_bounds[1] = ToSingleValueBytes(Type::Long(), Value(high)).ValueOrDie();
    return entry;
  }
  static ManifestEntry Deletes(const std::string& path, int64_t num_rows) {
    ManifestEntry entry = Data(path, 0, 9, 1000);
    entry.data_file.content = FileContent::kPositionDeletes;
    entry.data_file.record_count = num_rows;
    return entry;
  }
  void Add(const std::vector<ManifestEntry>& entries,
           ManifestContent content = ManifestContent::kData) {
    const Status status = table_->AddManifest(PartitionSpecId(0), ++sequence_, entries, content);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  TableState Finish() {
    MemoryCatalogOptions options;
    options.wrap_file_io = [this](const std::shared_ptr<FileIO>&) { return io_; };
    LoadedTable loaded;
    loaded.identifier = {{"ns"}, "t"};
    loaded.metadata = table_->Finish().ValueOrDie();
    loaded.metadata_location = loaded.metadata->location + "/metadata/v1.metadata.json";
    auto table = Table::Make(MakeMemoryCatalog(options).ValueOrDie(), std::move(loaded));
    return ResolveTable(*std::move(table), {}).ValueOrDie();
  }

  static QueryAnalysis Analyze(const TableState& state, const std::string& filter) {
    QueryExpressions query;
    if (!filter.empty()) query.filters = {ParseExpression(filter).ValueOrDie()};
    auto analysis = AnalyzeOnTable(OperationContext(), "t", state, query);
    EXPECT_TRUE(analysis.ok()) << analysis.status().ToString();
    return analysis.ok() ? *analysis : QueryAnalysis();
  }
  static std::vector<SuggestionKind> KindsOf(const QueryAnalysis& analysis) {
    std::vector<SuggestionKind> kinds;
    for (const Suggestion& suggestion : analysis.suggestions) kinds.push_back(suggestion.kind);
    return kinds;
  }

  static inline int count_ = 0;
  int64_t sequence_ = 0;
  std::shared_ptr<FileIO> io_;
  std::shared_ptr<const Schema> schema_;
  std::unique_ptr<ManifestTable> table_;
};

using Kinds = std::vector<SuggestionKind>;

TEST_F(QueryAdvisorTest, SuggestsToSortByWhatFiltersName) {
  std::vector<ManifestEntry> files;
  for (int i = 0; i < 100; ++i) files.push_back(Data("f" + std::to_string(i), 0, 999'999'999));
  Add(files);
  const QueryAnalysis analysis = Analyze(Finish(), "id >= 250000000 AND id < 300000000");
  ASSERT_EQ(KindsOf(analysis), (std::vector{SuggestionKind::kSort}));
  const Suggestion& suggestion = analysis.suggestions[0];
  EXPECT_EQ(suggestion.columns, (std::vector<std::string>{"id"}));
  EXPECT_EQ(suggestion.estimate->files, 100);
  EXPECT_NEAR(static_cast<double>(suggestion.estimate->files_after), 5, 1);
  EXPECT_EQ(suggestion.estimate->bytes, 100 * kGoodSize);
}

TEST_F(QueryAdvisorTest, IsContentWithFilesInOrder) {
  std::vector<ManifestEntry> files;
  for (int i = 0; i < 100; ++i) {
    files.push_back(Data("f" + std::to_string(i), i * 1000, i * 1000 + 999));
  }
  Add(files);
  const TableState state = Finish();
  EXPECT_EQ(KindsOf(Analyze(state, "id >= 25000 AND id < 30000")), Kinds{});
  EXPECT_EQ(KindsOf(Analyze(state, "id = 17")), Kinds{});
  EXPECT_EQ(KindsOf(Analyze(state, "id >= 0")), Kinds{});
  EXPECT_EQ(KindsOf(Analyze(state, "")), Kinds{});
}

TEST_F(QueryAdvisorTest, CountsDeleteFiles) {
  Add({Data("a", 0, 9), Data("b", 0, 9)});
  std::vector<ManifestEntry> deletes;
  for (int i = 0; i < 12; ++i) deletes.push_back(Deletes("d" + std::to_string(i), 100));
  Add(deletes, ManifestContent::kDeletes);
  const QueryAnalysis analysis = Analyze(Finish(), "");
  ASSERT_EQ(KindsOf(analysis), (std::vector{SuggestionKind::kCompactDeletes}));
  const Suggestion& suggestion = analysis.suggestions[0];
  EXPECT_EQ(suggestion.estimate->files, 14);
  EXPECT_EQ(suggestion.estimate->files_after, 2);
  // The delete files, and 1200 of two million rows.
  const int64_t deleted = 2 * kGoodSize * 1200 / 2'000'000;
  EXPECT_NEAR(static_cast<double>(suggestion.estimate->bytes - suggestion.estimate->bytes_after),
              static_cast<double>(12 * 1000 + deleted), 2);
  EXPECT_EQ(suggestion.evidence.Find("deleted_rows")->AsInt64().ValueOrDie(), 1200);
  EXPECT_EQ(suggestion.call, "");
}

TEST_F(QueryAdvisorTest, LeavesAFewDeletesAlone) {
  Add({Data("a", 0, 9), Data("b", 0, 9)});
  Add({Deletes("d", 100)}, ManifestContent::kDeletes);
  EXPECT_EQ(KindsOf(Analyze(Finish(), "")), Kinds{});
}

TEST_F(QueryAdvisorTest, LeavesDeletesOfFilesThatAreGone) {
  std::vector<ManifestEntry> deletes;
  for (int i = 0; i < 12; ++i) deletes.push_back(Deletes("d" + std::to_string(i), 100));
  Add(deletes, ManifestContent::kDeletes);
  Add({Data("a", 0, 9), Data("b", 0, 9)});
  EXPECT_EQ(KindsOf(Analyze(Finish(), "")), Kinds{});
}

TEST_F(QueryAdvisorTest, FindsSmallFilesWithoutReadingThem) {
  std::vector<ManifestEntry> files;
  for (int i = 0; i < 40; ++i) files.push_back(Data("f" + std::to_string(i), 0, 9, kMebibyte));
  Add(files);
  const QueryAnalysis analysis = Analyze(Finish(), "");
  ASSERT_EQ(KindsOf(analysis), (std::vector{SuggestionKind::kCompactFiles}));
  EXPECT_EQ(analysis.suggestions[0].estimate->files_after, 1);
}

TEST_F(QueryAdvisorTest, HasNothingToSayOfATableWithoutRows) {
  EXPECT_EQ(KindsOf(Analyze(Finish(), "id = 1")), Kinds{});
}

TEST_F(QueryAdvisorTest, RefusesColumnsThatTheTableHasNot) {
  Add({Data("a", 0, 9)});
  const TableState state = Finish();
  const auto analysis = AnalyzeOnTable(OperationContext(), "t", state, {{Col("nme")}, {}, {}});
  EXPECT_EQ(KindOf(analysis.status()), ErrorKind::kInvalidArgument);
}

TEST(QueryAdvisor, GoesByTheExpressionsAlone) {
  const auto analysis = AnalyzeInProcess(
      OperationContext(), "nobody.knows",
      {{Col("name")}, {ParseExpression("id + 1 > 3 AND lower(name) = 'a'").ValueOrDie()}, {}});
  ASSERT_TRUE(analysis.ok());
  ASSERT_EQ(analysis->suggestions.size(), 3U);
  EXPECT_EQ(analysis->suggestions[0].kind, SuggestionKind::kReadColumns);
  EXPECT_EQ(analysis->suggestions[1].text,
            "nothing is skipped by id + 1 > 3, since it is computed for each row: statistics are "
            "of the column itself; write id > 2, which keeps the same rows");
  EXPECT_EQ(analysis->suggestions[2].call, "");
}

}  // namespace
}  // namespace iceframe
