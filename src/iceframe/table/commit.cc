// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/commit.h"

#include <algorithm>
#include <utility>

#include "iceframe/runtime/operation_span.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/commit_metrics_internal.h"
#include "iceframe/table/commit_operation.h"
#include "iceframe/table/commit_policy_internal.h"
#include "iceframe/table/contention_internal.h"
#include "iceframe/table/landed_commit.h"
#include "iceframe/table/landed_updates_internal.h"
#include "iceframe/table/table_counters.h"

namespace iceframe {

namespace {

constexpr std::string_view kComponent = "table";

// The names of all files of a commit are made durable together, before its swap.
OperationContext WithDeferredSyncs(OperationContext context) {
  if (context.deferred_syncs == nullptr) {
    context.deferred_syncs = std::make_shared<DeferredSyncs>();
  }
  return context;
}

// The state of one commit over its attempts.
class Committer {
 public:
  Committer(const OperationContext& context, const std::shared_ptr<const Table>& table,
            TableAction& action, internal::CommitPolicy policy, CommitWatch* watch)
      : context_(WithDeferredSyncs(context)),
        table_(table),
        action_(action),
        policy_(policy),
        watch_(watch),
        base_{table->identifier(), table->metadata_location(), table->metadata(), {}},
        give_up_at_(context.clock->SteadyNow() + policy.total_timeout) {}

  Result<CommitReport> Run();
  // Ends the commit: what no attempt needs is deleted, unless one may still land.
  Status Fail(const Status& status);

 private:
  CommitOutcome Attempt();
  CommitOutcome AttemptLocked();
  Status WriteAhead();
  void NoteContention(bool met_others);
  Result<CommitRequest> Prepare(const LoadedTable& base);
  // Loads the table until it can be read; with `wants_applied`, until the commit is found in it
  // or can't come any more, or the checks are used up.
  Result<LoadedTable> LookUp(bool wants_applied);
  Result<LoadedTable> Load();
  Status WaitToRetry();
  void NoteRequest(bool is_sent) {
    if (watch_ != nullptr) watch_->SetRequestSent(is_sent);
  }
  bool MayStillLand(const TableMetadata& now) const;
  bool HasLanded(const TableMetadata& now) const;

  Result<CommitReport> Succeed(LoadedTable now, bool was_reconciled);
  Status StateUnknown(const Status& status) const;
  void DeleteUnused(const TableMetadata* saved);

  const OperationContext context_;
  const std::shared_ptr<const Table>& table_;
  TableAction& action_;
  const internal::CommitPolicy policy_;
  CommitWatch* const watch_;
  LoadedTable base_;
  const Clock::SteadyTime give_up_at_;

  int num_attempts_ = 0;
  int64_t num_retries_ = 0;
  // Attempts that ended otherwise than by a conflict.
  int64_t num_failures_ = 0;
  bool is_locked_ = false;
  CommitRequest last_request_;
  // What that was asked of; nullptr: nothing was asked yet.
  std::shared_ptr<const TableMetadata> last_base_;
  // Why Prepare refused, and what the table was when the commit was found in it.
  Status refused_;
  std::optional<LoadedTable> found_;
  // Attempts whose outcome nobody told; see MayStillLand.
  std::vector<CommitRequest> unknown_requests_;
};

Result<CommitRequest> Committer::Prepare(const LoadedTable& base) {
  CommitAttempt attempt{context_, *table_->io(), base, num_attempts_ - 1};
  Result<CommitRequest> request = action_.Prepare(attempt);
  if (request.ok()) {
    last_request_ = *request;
    last_base_ = base.metadata;
  } else {
    refused_ = request.status();
  }
  return request;
}

// What can be written without the lock is, so that others wait for less.
Status Committer::WriteAhead() {
  ICEFRAME_RETURN_NOT_OK(action_.WriteAhead({context_, *table_->io(), base_, num_attempts_ - 1}));
  return context_.RunDeferredSyncs();
}

void Committer::NoteContention(bool met_others) {
  auto& tables = internal::ContendedTables::Process();
  const std::string& table = base_.metadata->location;
  if (met_others) {
    tables.Remember(table, context_.clock->SteadyNow());
  } else {
    tables.Forget(table);
  }
}

CommitOutcome Committer::AttemptLocked() {
  if (Status status = WriteAhead(); !status.ok()) {
    refused_ = status;
    return {CommitOutcomeKind::kRejected, std::nullopt, status};
  }
  auto rebase = [this](const LoadedTable& current) -> Result<CommitRequest> {
    if (HasLanded(*current.metadata)) {
      found_ = current;
      return Error(ErrorKind::kAlreadyExists, "an earlier attempt of this commit has landed");
    }
    if (current.metadata->table_uuid != base_.metadata->table_uuid) {
      refused_ = Error(ErrorKind::kCommitRejected,
                       "another table has taken the name: ", current.identifier.ToString());
      return refused_;
    }
    NoteContention(num_retries_ > 0 || current.metadata_location != base_.metadata_location);
    base_ = current;
    Result<CommitRequest> request = Prepare(base_);
    NoteRequest(request.ok());
    return request;
  };
  return table_->catalog()->CommitTableLocked(context_, base_.identifier, rebase);
}

CommitOutcome Committer::Attempt() {
  const OperationSpan span(context_, "commit_attempt");
  ++num_attempts_;
  refused_ = Status::OK();
  context_.counters->Add(TableCount::kCommitAttempts);
  if (is_locked_) return AttemptLocked();
  Result<CommitRequest> request = Prepare(base_);
  if (!request.ok()) {
    return {CommitOutcomeKind::kRejected, std::nullopt, request.status()};
  }
  NoteRequest(true);
  return table_->catalog()->CommitTable(context_, *request);
}

// An attempt whose requirements the table doesn't meet any more can't land later.
bool Committer::MayStillLand(const TableMetadata& now) const {
  return std::any_of(unknown_requests_.begin(), unknown_requests_.end(),
                     [&](const CommitRequest& request) {
                       return std::all_of(request.requirements.begin(), request.requirements.end(),
                                          [&](const TableRequirement& requirement) {
                                            return CheckRequirement(requirement, &now).ok();
                                          });
                     });
}

// Whether an attempt of this commit has landed. Of what each attempt asks anew, the last one
// counts; snapshots are the same in all.
bool Committer::HasLanded(const TableMetadata& now) const {
  if (last_base_ == nullptr) return false;
  const auto wanted = ApplyUpdates(*last_base_, last_request_.updates, {});
  return wanted.ok() && internal::HaveLanded(last_request_.updates, **wanted, now);
}

Result<LoadedTable> Committer::Load() {
  ICEFRAME_ASSIGN_OR_RETURN(LoadedTable now,
                            table_->catalog()->LoadTable(context_, base_.identifier));
  if (now.metadata->table_uuid != base_.metadata->table_uuid) {
    return Error(ErrorKind::kCommitRejected,
                 "another table has taken the name: ", now.identifier.ToString());
  }
  return now;
}

Result<LoadedTable> Committer::LookUp(bool wants_applied) {
  for (int64_t check = 0;; ++check) {
    Result<LoadedTable> now = Load();
    const bool is_last = check >= policy_.num_status_checks;
    if (now.ok()) {
      const TableMetadata& metadata = *now->metadata;
      if (!wants_applied || is_last || HasLanded(metadata) || !MayStillLand(metadata)) {
        return now;
      }
    } else if (is_last || !context_.Check().ok()) {
      return now;
    }
    ICEFRAME_RETURN_NOT_OK(
        context_.Sleep(internal::Backoff(policy_.min_status_wait, policy_.max_status_wait, check)));
  }
}

Status Committer::WaitToRetry() {
  const bool first_lock = !is_locked_ && table_->catalog()->supports_locked_commit();
  if (first_lock) {
    is_locked_ = true;
    return Status::OK();
  }
  return context_.Sleep(
      internal::JitteredBackoff(policy_.min_wait, policy_.max_wait, num_retries_ - 1));
}

// Whether a refusal that the catalog proved is one that a newer base or a later try may cure.
bool IsCurable(const OperationContext& context, const CommitOutcome& outcome) {
  if (outcome.kind != CommitOutcomeKind::kRejected) return true;
  const ErrorKind kind = KindOf(outcome.status);
  if (kind == ErrorKind::kTimeout) return context.Check().ok();
  return kind == ErrorKind::kCommitConflict || kind == ErrorKind::kUnavailable;
}

Result<CommitReport> Committer::Run() {
  is_locked_ = table_->catalog()->supports_locked_commit() &&
               internal::ContendedTables::Process().Contains(base_.metadata->location,
                                                             context_.clock->SteadyNow());
  for (;;) {
    if (Status status = context_.Check(); !status.ok()) return Fail(status);
    CommitOutcome outcome = Attempt();
    if (found_) return Succeed(*std::move(found_), true);
    if (!refused_.ok()) return Fail(refused_);
    if (outcome.kind == CommitOutcomeKind::kCommitted) {
      if (outcome.table) return Succeed(*std::move(outcome.table), false);
      Result<LoadedTable> now = LookUp(false);
      // It landed; only what came of it can't be shown.
      return now.ok() ? Succeed(*std::move(now), false) : Succeed(base_, false);
    }
    if (!IsCurable(context_, outcome)) return Fail(outcome.status);

    if (outcome.kind == CommitOutcomeKind::kConflict) NoteContention(true);
    const bool is_unknown = outcome.kind == CommitOutcomeKind::kUnknown;
    if (is_unknown) unknown_requests_.push_back(last_request_);
    // A conflict is looked up too: somewhere on the way the request may have been sent twice, and
    // the one that was answered needn't be the one that landed.
    Result<LoadedTable> now = LookUp(is_unknown);
    if (!now.ok()) {
      if (KindOf(now.status()) == ErrorKind::kCommitRejected) return now.status();
      return StateUnknown(now.status());
    }
    base_ = *std::move(now);
    if (HasLanded(*base_.metadata)) return Succeed(base_, true);
    if (outcome.kind != CommitOutcomeKind::kConflict) ++num_failures_;
    if (num_retries_ >= policy_.num_retries || num_failures_ > policy_.max_failures ||
        context_.clock->SteadyNow() >= give_up_at_) {
      return Fail(Error(ErrorKind::kCommitConflict, "commit did not get in after ", num_attempts_,
                        " attempts: ", base_.identifier.ToString(), ": ",
                        outcome.status.message()));
    }
    ++num_retries_;
    internal::CountCommitRetry();
    NoteRequest(false);
    if (Status status = WaitToRetry(); !status.ok()) return Fail(status);
  }
}

Result<CommitReport> Committer::Succeed(LoadedTable now, bool was_reconciled) {
  DeleteUnused(now.metadata.get());
  CommitReport report;
  report.snapshot_id = action_.snapshot_id();
  report.num_attempts = num_attempts_;
  report.was_reconciled = was_reconciled;
  report.table = table_->With(std::move(now));
  return report;
}

Status Committer::StateUnknown(const Status& status) const {
  const auto id = action_.snapshot_id();
  return Error(ErrorKind::kCommitStateUnknown,
               "commit may or may not have landed; look for its snapshot before trying again: ",
               id ? std::to_string(id->value()) : std::string("none"), " in ",
               base_.identifier.ToString(), ": ", status.message());
}

Status Committer::Fail(const Status& status) {
  if (!unknown_requests_.empty() && MayStillLand(*base_.metadata)) return StateUnknown(status);
  DeleteUnused(nullptr);
  return status;
}

void Committer::DeleteUnused(const TableMetadata* saved) {
  // The operation may be over (cancelled, past its deadline); its own files go all the same.
  const OperationContext cleanup = context_.ForCleanup();
  for (const std::string& location : action_.UnusedFiles(saved)) {
    const Status status = table_->io()->Delete(cleanup, location);
    if (status.ok()) continue;
    context_.Log(LogLevel::kWarning, kComponent, "file of a commit is left behind: ", location,
                 ": ", status.message());
  }
}

/// Tells the operation of the snapshot that was made, if one was.
void NoteLanded(const OperationContext& context, const CommitReport& report,
                std::chrono::nanoseconds took) {
  if (!report.snapshot_id) return;
  const auto snapshot = report.table->metadata()->FindSnapshot(*report.snapshot_id);
  // Another one may have expired it by now.
  if (!snapshot.ok()) return;
  auto landed = std::make_shared<LandedCommit>();
  landed->table = report.table->identifier().ToString();
  landed->snapshot_id = *report.snapshot_id;
  landed->sequence_number = (*snapshot)->sequence_number;
  landed->operation = (*snapshot)->operation();
  landed->summary = (*snapshot)->summary;
  landed->num_attempts = report.num_attempts;
  landed->duration = took;
  NoteDetail(context, std::move(landed));
}

}  // namespace

Result<CommitReport> CommitAction(const OperationContext& context,
                                  const std::shared_ptr<const Table>& table, TableAction& action,
                                  CommitWatch* watch) {
  const std::string name = table->identifier().ToString();
  return RunOperation(context, kCommitOperation, {name}, [&](const OperationContext& own) {
    // Writers elsewhere, with no lock to wait for: they get in by trying again.
    const Catalog& catalog = *table->catalog();
    const bool is_patient = !catalog.supports_locked_commit() && catalog.connections() != nullptr;
    const auto policy = internal::ReadCommitPolicy(own, *table->metadata(), is_patient);
    const Clock::SteadyTime begin = own.clock->SteadyNow();
    Committer committer(own, table, action, policy.ValueOr({}), watch);
    auto report = policy.ok() ? committer.Run() : committer.Fail(policy.status());
    const std::chrono::nanoseconds took = own.clock->SteadyNow() - begin;
    internal::CountCommit(KindOf(own).name, report.status(), took);
    if (report.ok()) NoteLanded(own, *report, took);
    return report;
  });
}

}  // namespace iceframe
