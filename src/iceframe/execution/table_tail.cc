// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_tail.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "iceframe/runtime/settings.h"
#include "iceframe/table/snapshot_changes.h"

namespace iceframe {

namespace {

// "<version>:<table uuid>:<snapshot id>", the id of none being "start".
constexpr std::string_view kTokenVersion = "1:";
constexpr std::string_view kNoSnapshot = "start";

std::string TokenOf(const TableMetadata& metadata, std::optional<SnapshotId> position) {
  return std::string(kTokenVersion) + metadata.table_uuid + ":" +
         (position ? std::to_string(position->value()) : std::string(kNoSnapshot));
}

Result<std::optional<SnapshotId>> PositionOf(const Table& table, std::string_view token) {
  const size_t colon = token.rfind(':');
  if (!token.starts_with(kTokenVersion) || colon < kTokenVersion.size()) {
    return Error(ErrorKind::kInvalidArgument, "text is not a token of a tail: ", token);
  }
  const std::string& uuid = table.metadata()->table_uuid;
  if (token.substr(kTokenVersion.size(), colon - kTokenVersion.size()) != uuid) {
    return Error(ErrorKind::kInvalidArgument, "token is of another table, or of one that was ",
                 "dropped since: ", token, " for ", table.identifier().ToString(), " ", uuid);
  }
  const std::string_view id = token.substr(colon + 1);
  if (id == kNoSnapshot) return std::optional<SnapshotId>();
  const auto number = ParseInteger(std::string(id));
  if (!number.ok()) {
    return Error(ErrorKind::kInvalidArgument, "text is not a token of a tail: ", token);
  }
  return std::optional(SnapshotId(*number));
}

// The snapshot of a branch; nullopt: main has none yet.
Result<std::optional<SnapshotId>> HeadOf(const Table& table, const std::string& branch) {
  TableVersion version;
  if (branch != kMainBranch) version.ref = branch;
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* head, table.SnapshotOf(version));
  if (head == nullptr) return std::optional<SnapshotId>();
  return std::optional(head->snapshot_id);
}

}  // namespace

TableTail::TableTail(std::shared_ptr<const Table> table, TailOptions options)
    : table_(std::move(table)), options_(std::move(options)) {}

Result<TableTail> TableTail::Make(std::shared_ptr<const Table> table, TailOptions options) {
  TableTail tail(std::move(table), std::move(options));
  ICEFRAME_ASSIGN_OR_RETURN(const auto head, HeadOf(*tail.table_, tail.options_.branch));
  if (tail.options_.token) {
    ICEFRAME_ASSIGN_OR_RETURN(tail.position_, PositionOf(*tail.table_, *tail.options_.token));
  } else if (tail.options_.start == TailStart::kLatest) {
    tail.position_ = head;
  }
  ICEFRAME_RETURN_NOT_OK(tail.Queue());
  return tail;
}

std::string TableTail::token() const { return TokenOf(*table_->metadata(), position_); }

// Finds the snapshots after the position.
Status TableTail::Queue() {
  ICEFRAME_ASSIGN_OR_RETURN(const auto head, HeadOf(*table_, options_.branch));
  if (!head) {
    if (!position_) return Status::OK();
    return Error(ErrorKind::kInvalidArgument,
                 "the table was set back to before the snapshot that the tail had read; begin ",
                 "anew without its token: ", *position_);
  }
  ICEFRAME_ASSIGN_OR_RETURN(queue_, SnapshotsAfter(*table_->metadata(), position_, *head));
  std::ranges::reverse(queue_);
  return Status::OK();
}

Result<bool> TableTail::BringsRows(const OperationContext& context,
                                   const Snapshot& snapshot) const {
  ICEFRAME_ASSIGN_OR_RETURN(
      const SnapshotChanges changes,
      ReadSnapshotChanges(context, *table_->io(), *table_->metadata(), snapshot, position_));
  const RemovedRows on_removed = options_.on_removed;
  switch (changes.effect) {
    case SnapshotEffect::kNone:
      return false;
    case SnapshotEffect::kAppends:
      return true;
    case SnapshotEffect::kRemoves:
      if (on_removed != RemovedRows::kError) return false;
      break;
    case SnapshotEffect::kOverwrites:
      if (on_removed != RemovedRows::kError) return on_removed == RemovedRows::kDifference;
      break;
  }
  return Error(ErrorKind::kInvalidArgument, "snapshot removed rows, which a tail can't give; pass ",
               "over it with on_removed=\"skip\", or read what it added with ",
               "on_removed=\"difference\": ", snapshot.snapshot_id, " (", snapshot.operation(),
               ")");
}

TailStep TableTail::StepOf(const Snapshot& snapshot) const {
  TailStep step;
  step.snapshot_id = snapshot.snapshot_id;
  step.timestamp_ms = snapshot.timestamp_ms;
  step.token = TokenOf(*table_->metadata(), snapshot.snapshot_id);
  step.table = table_;
  step.scan.version.snapshot_id = snapshot.snapshot_id;
  step.scan.appended = AppendedRows{position_, std::nullopt, options_.on_removed};
  return step;
}

Result<std::optional<TailStep>> TableTail::Next(const OperationContext& context) {
  if (queue_.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto now, table_->Refresh(context));
    if (now->metadata()->table_uuid != table_->metadata()->table_uuid) {
      return Error(ErrorKind::kCommitRejected,
                   "another table has taken the name: ", table_->identifier().ToString());
    }
    table_ = now;
    ICEFRAME_RETURN_NOT_OK(Queue());
  }
  while (!queue_.empty()) {
    const Snapshot& snapshot = *queue_.back();
    ICEFRAME_ASSIGN_OR_RETURN(const bool brings_rows, BringsRows(context, snapshot));
    std::optional<TailStep> step;
    if (brings_rows) step = StepOf(snapshot);
    position_ = snapshot.snapshot_id;
    queue_.pop_back();
    if (step) return step;
  }
  return std::nullopt;
}

Result<std::optional<TailStep>> TableTail::Wait(const OperationContext& context,
                                                std::chrono::milliseconds poll_interval,
                                                std::optional<std::chrono::milliseconds> timeout) {
  const auto begin = context.clock->SteadyNow();
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(auto step, Next(context));
    if (step) return step;
    auto wait = poll_interval;
    if (timeout) {
      const auto left = *timeout - std::chrono::duration_cast<std::chrono::milliseconds>(
                                       context.clock->SteadyNow() - begin);
      if (left.count() <= 0) return std::nullopt;
      wait = std::min(wait, left);
    }
    ICEFRAME_RETURN_NOT_OK(context.Sleep(wait));
  }
}

}  // namespace iceframe
