// SPDX-License-Identifier: Apache-2.0
// Scans, queries and counts of one state of a table agree, whatever became of its columns.
#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/table/manage_refs_action.h"
#include "iceframe/table/update_schema_action.h"

#include "session/lake.h"

namespace iceframe {
namespace {

Result<std::shared_ptr<arrow::Table>> AllOf(
    const Result<std::shared_ptr<arrow::RecordBatchReader>>& reader) {
  ICEFRAME_RETURN_NOT_OK(reader.status());
  return (*reader)->ToTable();
}

class EvolvedTables : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(session_, OpenLake(folder_.path()));
    ASSERT_OK(session_->CreateTable(Context(), "t", IdSchema(), {}).status());
    ASSERT_OK_AND_ASSIGN(const WriteReport report,
                         session_->Append(Context(), "t", *Rows(0, 3), {}));
    snapshot_ = *report.snapshot_id;
    Ref("tag", SnapshotRefKind::kTag);
    Ref("branch", SnapshotRefKind::kBranch);
  }

  OperationContext Context() const { return session_->NewOperation(); }

  void Ref(const std::string& name, SnapshotRefKind kind) {
    ASSERT_OK_AND_ASSIGN(auto table, session_->LoadTable(Context(), "t"));
    SnapshotRef ref;
    ref.snapshot_id = snapshot_;
    ref.kind = kind;
    auto action = ManageRefsAction::Create(name, ref);
    ASSERT_OK(CommitAction(Context(), table, *action).status());
  }

  void Change(std::vector<SchemaChange> changes) {
    ASSERT_OK_AND_ASSIGN(auto table, session_->LoadTable(Context(), "t"));
    UpdateSchemaAction action(std::move(changes));
    ASSERT_OK(CommitAction(Context(), table, action).status());
  }

  void ExpectAgreement(const TableVersion& version, const std::vector<std::string>& names) {
    ScanOptions options;
    options.version = version;
    ASSERT_OK_AND_ASSIGN(auto scanned, AllOf(session_->Scan(Context(), "t", options)));
    ASSERT_OK_AND_ASSIGN(auto queried, AllOf(session_->Execute(Context(), Query("t", version))));
    EXPECT_EQ(scanned->ColumnNames(), names);
    EXPECT_TRUE(scanned->Equals(*queried)) << queried->ToString();
    ASSERT_OK_AND_ASSIGN(auto table, session_->LoadTable(Context(), "t"));
    ASSERT_OK_AND_ASSIGN(auto loaded, AllOf(session_->Scan(Context(), table, options)));
    EXPECT_TRUE(scanned->Equals(*loaded));
    ASSERT_OK_AND_ASSIGN(const int64_t count, session_->CountRows(Context(), table, options));
    EXPECT_EQ(count, scanned->num_rows());
  }

  void ExpectVersions(const std::vector<std::string>& now) {
    ExpectAgreement({}, now);
    TableVersion version;
    version.ref = "branch";
    ExpectAgreement(version, now);
    const std::vector<std::string> then = {"id", "name"};
    version.ref = "tag";
    ExpectAgreement(version, then);
    version = {};
    version.snapshot_id = snapshot_;
    ExpectAgreement(version, then);
  }

  TempFolder folder_;
  std::shared_ptr<Session> session_;
  SnapshotId snapshot_{0};
};

TEST_F(EvolvedTables, ARenamedColumnIsReadByItsNewName) {
  Change({RenameColumn{"name", "title"}});
  ExpectVersions({"id", "title"});
}

TEST_F(EvolvedTables, AColumnDroppedAndAddedAgainIsEmpty) {
  Change({DropColumn{"name"}});
  Change({AddColumn{"", "name", Type::String(), ""}});
  ExpectVersions({"id", "name"});
  ScanOptions options;
  options.rows.filter = IsNull(Col("name"));
  ASSERT_OK_AND_ASSIGN(auto table, session_->LoadTable(Context(), "t"));
  ASSERT_OK_AND_ASSIGN(const int64_t count, session_->CountRows(Context(), table, options));
  EXPECT_EQ(count, 3);
}

TEST_F(EvolvedTables, AnAddedColumnIsThereForOldRows) {
  Change({AddColumn{"", "more", Type::Long(), ""}});
  ExpectVersions({"id", "name", "more"});
}

TEST_F(EvolvedTables, CountsTakeFilterLimitAndCase) {
  ASSERT_OK_AND_ASSIGN(auto table, session_->LoadTable(Context(), "t"));
  ScanOptions options;
  ASSERT_OK_AND_ASSIGN(options.rows.filter, ParseExpression("ID > 0"));
  EXPECT_FALSE(session_->CountRows(Context(), table, options).ok());
  options.rows.case_sensitive = false;
  ASSERT_OK_AND_ASSIGN(int64_t count, session_->CountRows(Context(), table, options));
  EXPECT_EQ(count, 2);
  options.rows.limit = 1;
  ASSERT_OK_AND_ASSIGN(count, session_->CountRows(Context(), table, options));
  EXPECT_EQ(count, 1);
  options = {};
  options.rows.limit = -1;
  EXPECT_EQ(KindOf(session_->CountRows(Context(), table, options).status()),
            ErrorKind::kInvalidArgument);
}

TEST_F(EvolvedTables, CountingFromMetadataReadsNoFile) {
  ASSERT_OK_AND_ASSIGN(auto table, session_->LoadTable(Context(), "t"));
  const OperationContext context = Context();
  ASSERT_OK_AND_ASSIGN(const int64_t count, session_->CountRows(context, table, {}));
  EXPECT_EQ(count, 3);
  EXPECT_EQ(context.counters->Get(DataFileCount::kDataBytesRead), 0);
  EXPECT_EQ(context.counters->Get(DataFileCount::kFootersRead), 0);
}

TEST_F(EvolvedTables, TablesOfANamespaceThatIsNotThereAreNotFound) {
  EXPECT_EQ(KindOf(session_->ListTables(Context(), "nope").status()), ErrorKind::kNotFound);
  TempFolder fresh;
  ASSERT_OK_AND_ASSIGN(auto session, OpenLake(fresh.path()));
  ASSERT_OK_AND_ASSIGN(auto names, session->ListTables(session->NewOperation(), "default"));
  EXPECT_TRUE(names.empty());
}

}  // namespace
}  // namespace iceframe
