// SPDX-License-Identifier: Apache-2.0
// Answers of data files, kept from run to run: whatever becomes of a table, a query gives the same
// bits with them and without.
#include "iceframe/execution/file_answers.h"

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <thread>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/execution/execution_counters.h"
#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/table_resolver.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/runtime/executor.h"
#include "iceframe/table/manage_refs_action.h"
#include "iceframe/table/update_schema_action.h"

#include "session/lake.h"
#include "support/sanitized.h"

namespace iceframe {
namespace {

using TablePtr = std::shared_ptr<arrow::Table>;

std::shared_ptr<FileAnswers> MakeAnswers(int64_t capacity_bytes = 64 << 20) {
  SharedCacheOptions options;
  options.name = "file_answers";
  options.capacity_bytes = capacity_bytes;
  return std::make_shared<FileAnswers>(options);
}

std::shared_ptr<Session> MemorySession() {
  return Session::Make(MakeMemoryCatalog({}).ValueOrDie()).ValueOrDie();
}

Result<PlanPtr> PlanOf(Session& session, const Query& query) {
  TableResolver resolver(
      [&](const std::string& name) { return session.LoadTable(session.NewOperation(), name); });
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, BindQuery(query, &resolver));
  return Optimize(std::move(plan));
}

Result<TablePtr> RunPlan(const OperationContext& context, const PlanPtr& plan,
                         std::shared_ptr<FileAnswers> answers) {
  PlanResources resources;
  resources.file_answers = std::move(answers);
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, ExecutePlan(context, plan, resources));
  ICEFRAME_ASSIGN_OR_RETURN(TablePtr table, reader->ToTable());
  return table->CombineChunks(arrow::system_memory_pool());
}

// As Equals, but zeros have signs and NaNs bits.
::testing::AssertionResult SameBits(const arrow::Table& left, const arrow::Table& right) {
  const auto options = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  if (!left.Equals(right, options)) {
    return ::testing::AssertionFailure() << left.ToString() << "\nand\n" << right.ToString();
  }
  for (int i = 0; i < left.num_columns() && left.num_rows() > 0; ++i) {
    const auto a = left.column(i)->chunk(0);
    const auto b = right.column(i)->chunk(0);
    if (a->type_id() != arrow::Type::DOUBLE) continue;
    for (int64_t row = 0; row < a->length(); ++row) {
      const double x = static_cast<const arrow::DoubleArray&>(*a).Value(row);
      const double y = static_cast<const arrow::DoubleArray&>(*b).Value(row);
      if (a->IsValid(row) && std::memcmp(&x, &y, sizeof(x)) != 0) {
        return ::testing::AssertionFailure() << x << " and " << y << " have other bits";
      }
    }
  }
  return ::testing::AssertionSuccess();
}

// -- random histories ------------------------------------------------------------------------

// p: partition; k: group; n: whole numbers; v: doubles of all sizes and kinds; s: text.
std::shared_ptr<const Schema> HistorySchema() {
  return Schema::Make(SchemaId(0), {NestedField::Optional(1, "p", Type::Int()),
                                    NestedField::Optional(2, "k", Type::String()),
                                    NestedField::Optional(3, "n", Type::Int()),
                                    NestedField::Optional(4, "v", Type::Double()),
                                    NestedField::Optional(5, "s", Type::String())})
      .ValueOrDie();
}

class History {
 public:
  History(Session& session, std::shared_ptr<FileAnswers> answers, uint32_t seed)
      : session_(session),
        answers_(std::move(answers)),
        random_(seed),
        name_("t" + std::to_string(seed)) {}

  Status Run() {
    CreateTableOptions options;
    if (Chance(2)) options.partition_by = {{"p", "identity"}};
    options.format_version = Chance(2) ? 2 : 3;
    is_v3_ = options.format_version == 3;
    is_partitioned_ = !options.partition_by.empty();
    ICEFRAME_RETURN_NOT_OK(
        session_.CreateTable(Context(), name_, HistorySchema(), options).status());
    ICEFRAME_RETURN_NOT_OK(Append("main"));
    const int num_steps = 2 + Below(3);
    for (int i = 0; i < num_steps; ++i) {
      ICEFRAME_RETURN_NOT_OK(Step());
      ICEFRAME_RETURN_NOT_OK(Ask());
    }
    return session_.DropTable(Context(), name_, /*purge=*/true);
  }

  int64_t num_answered() const { return num_answered_; }

 private:
  OperationContext Context() const { return session_.NewOperation(); }
  int Below(int end) { return static_cast<int>(random_() % static_cast<uint32_t>(end)); }
  bool Chance(int one_in) { return Below(one_in) == 0; }

  double AnyDouble() {
    switch (Below(12)) {
      case 0:
        return -0.0;
      case 1:
        return Chance(6) ? std::numeric_limits<double>::quiet_NaN() : 0.0;
      case 2:
        return Chance(6) ? -std::numeric_limits<double>::infinity() : 1e300;
      default:
        return std::ldexp(static_cast<double>(Below(1 << 20)) - (1 << 19), Below(80) - 40) / 3;
    }
  }

  // Rows under the columns' names as they are now.
  std::shared_ptr<arrow::RecordBatchReader> NewRows(int num_rows) {
    arrow::Int32Builder p, n;
    arrow::StringBuilder k, s;
    arrow::DoubleBuilder v;
    for (int i = 0; i < num_rows; ++i) {
      EXPECT_TRUE(p.Append(Below(3)).ok());
      EXPECT_TRUE((Chance(8) ? k.AppendNull() : k.Append("k" + std::to_string(Below(5)))).ok());
      EXPECT_TRUE((Chance(8) ? n.AppendNull() : n.Append(Below(1000) - 500)).ok());
      EXPECT_TRUE((Chance(8) ? v.AppendNull() : v.Append(AnyDouble())).ok());
      EXPECT_TRUE(s.Append("text " + std::to_string(Below(100))).ok());
    }
    const auto schema =
        arrow::schema({arrow::field("p", arrow::int32()), arrow::field(k_, arrow::utf8()),
                       arrow::field("n", arrow::int32()), arrow::field("v", arrow::float64()),
                       arrow::field("s", arrow::utf8())});
    auto batch = arrow::RecordBatch::Make(
        schema, num_rows,
        {p.Finish().ValueOrDie(), k.Finish().ValueOrDie(), n.Finish().ValueOrDie(),
         v.Finish().ValueOrDie(), s.Finish().ValueOrDie()});
    return arrow::RecordBatchReader::Make({batch}, schema).ValueOrDie();
  }

  Status Append(const std::string& branch) {
    CommitOptions options;
    options.branch = branch;
    auto rows = NewRows(1 + Below(40));
    ICEFRAME_ASSIGN_OR_RETURN(const WriteReport report,
                              session_.Append(Context(), name_, *rows, options));
    if (branch == "main") snapshots_.push_back(*report.snapshot_id);
    return Status::OK();
  }

  // All rows, or one partition's: by new ones, by none, or by themselves in other files.
  Status Overwrite() {
    const std::string filter =
        is_partitioned_ && !Chance(3) ? "p = " + std::to_string(Below(3)) : "p >= 0";
    std::shared_ptr<arrow::RecordBatchReader> rows;
    if (Chance(2)) {
      ICEFRAME_ASSIGN_OR_RETURN(auto old, session_.Execute(Context(), Query(name_).Filter(filter)));
      ICEFRAME_ASSIGN_OR_RETURN(auto batches, old->ToRecordBatches());
      ICEFRAME_ASSIGN_OR_RETURN(rows, arrow::RecordBatchReader::Make(batches, old->schema()));
    } else {
      rows = NewRows(Chance(2) ? 0 : 1 + Below(20));
    }
    OverwriteOptions options;
    options.allow_rows_outside_filter = true;
    ICEFRAME_ASSIGN_OR_RETURN(const Expression expression, ParseExpression(filter));
    ICEFRAME_ASSIGN_OR_RETURN(const WriteReport report,
                              session_.Overwrite(Context(), name_, *rows, expression, options));
    if (report.snapshot_id) snapshots_.push_back(*report.snapshot_id);
    return Status::OK();
  }

  Status Commit(TableAction& action) {
    ICEFRAME_ASSIGN_OR_RETURN(auto table, session_.LoadTable(Context(), name_));
    return CommitAction(Context(), table, action).status();
  }

  Status RollBack() {
    if (snapshots_.size() < 2) return Append("main");
    snapshots_.resize(1 + static_cast<size_t>(Below(static_cast<int>(snapshots_.size()) - 1)));
    ManageRefsAction action(RollBackBranch{.snapshot_id = snapshots_.back()});
    return Commit(action);
  }

  Status Branch() {
    if (!std::exchange(has_branch_, true)) {
      SnapshotRef ref;
      ref.snapshot_id = snapshots_.back();
      ref.kind = SnapshotRefKind::kBranch;
      ICEFRAME_RETURN_NOT_OK(Commit(*ManageRefsAction::Create("side", ref)));
    }
    return Append("side");
  }

  Status ChangeColumns() {
    std::vector<SchemaChange> changes;
    switch (Below(4)) {
      case 0:
        changes.emplace_back(
            AddColumn{.parent = "",
                      .name = "x" + std::to_string(num_added_++),
                      .type = Type::Long(),
                      .default_value = is_v3_ ? std::optional(Value(int64_t{7})) : std::nullopt});
        break;
      case 1:
        changes.emplace_back(RenameColumn{k_, k_ == "k" ? "kk" : "k"});
        k_ = k_ == "k" ? "kk" : "k";
        break;
      case 2:
        changes.emplace_back(MoveColumn{.name = "v"});
        break;
      default:
        // A column of the same name, but another one.
        changes.emplace_back(DropColumn{"s"});
        changes.emplace_back(AddColumn{.parent = "", .name = "s", .type = Type::String()});
        break;
    }
    UpdateSchemaAction action(std::move(changes));
    return Commit(action);
  }

  Status Step() {
    switch (Below(7)) {
      case 0:
      case 1:
        return Append("main");
      case 2:
      case 3:
        return Overwrite();
      case 4:
        return RollBack();
      case 5:
        return Branch();
      default:
        return ChangeColumns();
    }
  }

  std::vector<Query> Queries() {
    TableVersion version;
    if (has_branch_ && Chance(3)) version.ref = "side";
    const Query all(name_, version);
    const std::string filters[] = {"v > 0", "n < 100", "p = 1", "s LIKE 'text 1%'", "p <> 0"};
    const std::string filter = filters[Below(5)];
    return {
        all.Select({"sum(v)", "avg(v)", "count(*)", "count(n)", "min(v)", "max(v)"}),
        all.Filter(filter)
            .Select({k_, "sum(v)", "avg(n)", "sum(n)", "min(s)", "max(v)"})
            .GroupBy({k_}),
        all.Filter(filter),
        all.Filter(filter).Select({"count(*)", "min(n)", "max(v)"}),
        all.Select({"p", "sum(v * 2 + n) AS total", "avg(v - n)"}).GroupBy({"p"}),
        all.Filter(filter).OrderBy({"v", "n", "s", k_, "p"}).Limit(5),
        all.Select({k_, "p"}).Distinct(),
    };
  }

  Status Ask() {
    std::vector<Query> queries = Queries();
    for (int i = 0; i < 2; ++i) {
      const Query& query = queries[static_cast<size_t>(Below(static_cast<int>(queries.size())))];
      ICEFRAME_ASSIGN_OR_RETURN(const PlanPtr plan, PlanOf(session_, query));
      ICEFRAME_ASSIGN_OR_RETURN(const TablePtr anew, RunPlan(Context(), plan, nullptr));
      const OperationContext context = Context();
      ICEFRAME_ASSIGN_OR_RETURN(const TablePtr kept, RunPlan(context, plan, answers_));
      num_answered_ += context.counters->Get(ExecutionCount::kFilesAnsweredFromCache);
      EXPECT_TRUE(SameBits(*anew, *kept)) << ToString(plan);
    }
    return Status::OK();
  }

 private:
  Session& session_;
  std::shared_ptr<FileAnswers> answers_;
  std::mt19937 random_;
  std::string name_;
  std::string k_ = "k";
  bool is_partitioned_ = false;
  bool is_v3_ = false;
  bool has_branch_ = false;
  int num_added_ = 0;
  int64_t num_answered_ = 0;
  std::vector<SnapshotId> snapshots_;
};

TEST(FileAnswers, GiveTheSameBitsAsReadingWhateverBecameOfTheTable) {
  constexpr uint32_t kNumHistories = kIsSanitized ? 100 : 2000;
  const auto session = MemorySession();
  const auto answers = MakeAnswers();
  std::atomic<uint32_t> next{0};
  std::atomic<int64_t> num_answered{0};
  const auto work = [&] {
    for (uint32_t seed = next++; seed < kNumHistories; seed = next++) {
      History history(*session, answers, seed);
      const Status status = history.Run();
      EXPECT_TRUE(status.ok()) << "history " << seed << ": " << status.ToString();
      num_answered += history.num_answered();
      if (::testing::Test::HasFailure()) {
        std::cerr << "the first failure is of history " << seed << "\n";
        return;
      }
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_GT(num_answered, kNumHistories);
}

// -- single claims ---------------------------------------------------------------------------

class KeptAnswers : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(session_->CreateTable(Context(), "t", IdSchema(), {}).status());
    for (int64_t i = 0; i < 4; ++i) Append(i * 10, i * 10 + 10);
  }

  OperationContext Context() const { return session_->NewOperation(); }
  void Append(int64_t begin, int64_t end) {
    ASSERT_OK(session_->Append(Context(), "t", *Rows(begin, end), {}).status());
  }

  // Runs with the answers, sees that it is as without, and returns how many files were answered.
  int64_t Answered(const Query& query) {
    const PlanPtr plan = PlanOf(*session_, query).ValueOrDie();
    const OperationContext context = Context();
    const TablePtr kept = RunPlan(context, plan, answers_).ValueOrDie();
    EXPECT_TRUE(SameBits(*RunPlan(Context(), plan, nullptr).ValueOrDie(), *kept));
    const int64_t answered = context.counters->Get(ExecutionCount::kFilesAnsweredFromCache);
    return answered;
  }

  std::shared_ptr<Session> session_ = MemorySession();
  std::shared_ptr<FileAnswers> answers_ = MakeAnswers();
};

TEST_F(KeptAnswers, OfATableThatGrewOnlyTheNewFileIsRead) {
  for (const Query& query : {Query("t").Select({"sum(id)", "avg(id)", "count(*)"}),
                             Query("t").Select({"name", "sum(id) AS total"}).GroupBy({"name"}),
                             Query("t").Filter("name LIKE '%5'").Select({"min(id)", "count(*)"}),
                             Query("t").Filter("name LIKE '%5'")}) {
    const int64_t num_files = [&] {
      const OperationContext context = Context();
      EXPECT_TRUE(RunPlan(context, PlanOf(*session_, query).ValueOrDie(), nullptr).ok());
      return context.counters->Get(PlanningCount::kFilesPlanned);
    }();
    EXPECT_EQ(Answered(query), 0);
    EXPECT_EQ(Answered(query), num_files);
    Append(100 + num_files * 10, 110 + num_files * 10);
    EXPECT_EQ(Answered(query), num_files);
    EXPECT_EQ(Answered(query), num_files + 1);
  }
}

TEST_F(KeptAnswers, AreToldByAnExplanation) {
  const PlanPtr plan = PlanOf(*session_, Query("t").Select({"sum(id) AS total"})).ValueOrDie();
  PlanResources resources;
  resources.file_answers = answers_;
  const auto explain = [&] { return AnalyzePlan(Context(), plan, resources).ValueOrDie(); };
  EXPECT_EQ(explain().text.find("answered from the cache"), std::string::npos);
  const Explanation second = explain();
  EXPECT_NE(second.text.find("answered from the cache: 4"), std::string::npos) << second.text;
  EXPECT_NE(second.json.Dump().find(R"("files_answered_from_cache":4)"), std::string::npos);
}

TEST_F(KeptAnswers, OfOtherScopesAreNotSeen) {
  const PlanPtr plan = PlanOf(*session_, Query("t").Select({"sum(id)"})).ValueOrDie();
  const auto answered = [&](const std::string& scope) {
    const OperationContext context = Context();
    PlanResources resources;
    resources.file_answers = answers_;
    resources.answers_scope = scope;
    EXPECT_TRUE(ExecutePlan(context, plan, resources).ValueOrDie()->ToTable().ok());
    return context.counters->Get(ExecutionCount::kFilesAnsweredFromCache);
  };
  EXPECT_EQ(answered("ann"), 0);
  EXPECT_EQ(answered("bob"), 0);
  EXPECT_EQ(answered("ann"), 4);
}

TEST_F(KeptAnswers, AColumnUnderAnotherNameHasThemStill) {
  EXPECT_EQ(Answered(Query("t").Select({"sum(id) AS x"})), 0);
  ASSERT_OK_AND_ASSIGN(auto table, session_->LoadTable(Context(), "t"));
  UpdateSchemaAction action({RenameColumn{"id", "number"}});
  ASSERT_OK(CommitAction(Context(), table, action).status());
  EXPECT_EQ(Answered(Query("t").Select({"sum(number) AS y"})), 4);
}

TEST_F(KeptAnswers, RowsOfMoreThanA64thOfTheBytesAreNotKept) {
  answers_ = MakeAnswers(64 * 1024);
  Append(100, 1100);
  const Query query = Query("t").Filter("id >= 0");
  EXPECT_EQ(Answered(query), 0);
  EXPECT_EQ(Answered(query), 4);
  // What is added up of as many rows is little.
  const Query total = Query("t").Select({"sum(id) AS total"});
  EXPECT_EQ(Answered(total), 0);
  EXPECT_EQ(Answered(total), 5);
}

TEST_F(KeptAnswers, ALimitedScanTakesNone) {
  const Query query = Query("t").Filter("name LIKE '%5'").Limit(2);
  EXPECT_EQ(Answered(query), 0);
  EXPECT_EQ(Answered(query), 0);
}

PlanPtr WithDelivery(const PlanPtr& plan, int64_t batch_rows, bool ordered) {
  if (const auto* read = plan->as<ScanNode>()) {
    ScanNode scan = *read;
    scan.delivery.batch_rows = batch_rows;
    scan.delivery.ordered = ordered;
    return MakeScan(scan, plan->schema);
  }
  std::vector<PlanPtr> inputs;
  for (const PlanPtr& input : plan->inputs) {
    inputs.push_back(WithDelivery(input, batch_rows, ordered));
  }
  return WithInputs(*plan, std::move(inputs)).ValueOrDie();
}

TEST(FileWiseSums, HaveTheSameBitsForAnyThreadsAndBatches) {
  const auto session = MemorySession();
  std::mt19937 random(7);
  const auto schema = Schema::Make(SchemaId(0), {NestedField::Optional(1, "v", Type::Double()),
                                                 NestedField::Optional(2, "k", Type::Long())})
                          .ValueOrDie();
  ASSERT_OK(session->CreateTable(session->NewOperation(), "t", schema, {}).status());
  for (int file = 0; file < 6; ++file) {
    arrow::DoubleBuilder v;
    arrow::Int64Builder k;
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(
          v.Append(std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 60) - 30))
              .ok());
      ASSERT_TRUE(k.Append(static_cast<int64_t>(random() % 7)).ok());
    }
    const auto arrow_schema =
        arrow::schema({arrow::field("v", arrow::float64()), arrow::field("k", arrow::int64())});
    const auto batch = arrow::RecordBatch::Make(arrow_schema, 1000,
                                                {v.Finish().ValueOrDie(), k.Finish().ValueOrDie()});
    const auto rows = arrow::RecordBatchReader::Make({batch}, arrow_schema).ValueOrDie();
    ASSERT_OK(session->Append(session->NewOperation(), "t", *rows, {}).status());
  }
  const PlanPtr plan =
      PlanOf(*session, Query("t").Select({"k", "sum(v) AS s", "avg(v) AS a"}).GroupBy({"k"}))
          .ValueOrDie();
  const TablePtr expected = RunPlan(session->NewOperation(), plan, nullptr).ValueOrDie();
  for (const int num_threads : {1, 4}) {
    ExecutorOptions options;
    options.num_threads = num_threads;
    const auto executor = Executor::Make(options).ValueOrDie();
    for (const int64_t batch_rows : {7, 1000}) {
      for (const bool ordered : {true, false}) {
        const PlanPtr other = WithDelivery(plan, batch_rows, ordered);
        OperationContext context = session->NewOperation();
        context.executor = executor.get();
        const auto answers = MakeAnswers();
        EXPECT_TRUE(SameBits(*expected, *RunPlan(context, other, nullptr).ValueOrDie()));
        EXPECT_TRUE(SameBits(*expected, *RunPlan(context, other, answers).ValueOrDie()));
        EXPECT_TRUE(SameBits(*expected, *RunPlan(context, other, answers).ValueOrDie()));
      }
    }
  }
}

}  // namespace
}  // namespace iceframe
