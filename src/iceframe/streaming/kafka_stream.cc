// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/streaming/kafka_stream_internal.h"

namespace iceframe::internal {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::string_view kComponent = "kafka";
/// How long one call waits for a message: how soon a stop is seen.
constexpr milliseconds kPollTime{100};
/// As long as a commit is under way, whose end is to be seen soon.
constexpr milliseconds kCommitPollTime{10};
/// A wait for a commit that takes longer stops the flow of messages.
constexpr milliseconds kPauseAfter{1000};
constexpr milliseconds kReportInterval{100};
/// How long leaving the group may take: at the end of a stream, and where it is to end at once.
constexpr milliseconds kCloseTimeout{3000};
constexpr milliseconds kBriefCloseTimeout{150};
/// How long a stream without messages waits for its group, and for a broker that is away.
constexpr milliseconds kIdleGrace{30'000};
/// Commits that were rejected in a row, after which it is no matter of bad luck.
constexpr int kMaxFailures = 20;

bool IsTemporary(ErrorKind kind) {
  return IsRetryable(kind) || kind == ErrorKind::kCommitStateUnknown;
}

}  // namespace

void StreamBoard::Put(const KafkaStreamReport& report) {
  const std::lock_guard lock(mutex_);
  report_ = report;
}

KafkaStreamReport StreamBoard::Get() const {
  const std::lock_guard lock(mutex_);
  KafkaStreamReport report = report_;
  if (compaction_ != nullptr) report.num_compactions = compaction_->num_done();
  return report;
}

void StreamBoard::SetCompaction(std::shared_ptr<AutoCompaction> compaction) {
  const std::lock_guard lock(mutex_);
  if (compaction_ != nullptr) compaction_->Stop();
  compaction_ = std::move(compaction);
}

std::shared_ptr<AutoCompaction> StreamBoard::compaction() const {
  const std::lock_guard lock(mutex_);
  return compaction_;
}

KafkaStream::KafkaStream(const OperationContext& context, const KafkaSourceOptions& options,
                         const KafkaConfig& config, StreamTables tables, StreamBoard* board)
    : context_(context),
      options_(options),
      config_(config),
      board_(*board),
      table_(std::move(tables.rows)),
      letters_table_(tables.letters ? std::make_unique<StreamTable>(*tables.letters) : nullptr),
      metrics_(options.stream_id, options.topic) {}

KafkaStream::~KafkaStream() {
  // The commit's task works on what is ours.
  if (under_way_ != nullptr) under_way_->report.Wait();
}

Status KafkaStream::Run() {
  Status status = RunLoop();
  if (!status.ok()) {
    DropBatch();
    if (report_.ended_by.empty()) report_.ended_by = "failed";
  }
  rows_.reset();
  // Before its partitions are given back.
  UpdateReport(true);
  if (consumer_ != nullptr) {
    consumer_->Close(context_.cancel.is_cancelled() ? kBriefCloseTimeout : kCloseTimeout);
  }
  return status;
}

Status KafkaStream::RunLoop() {
  ICEFRAME_RETURN_NOT_OK(RefreshTable());
  ICEFRAME_ASSIGN_OR_RETURN(rows_, StreamRows::Make(context_, options_, letters_table_.get()));
  ICEFRAME_ASSIGN_OR_RETURN(consumer_,
                            KafkaConsumer::Make(context_, config_.client, options_.topic, this));
  while (true) {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    if (const char* end = FindEnd()) {
      ICEFRAME_RETURN_NOT_OK(CommitTheRest());
      if (!needs_rewind_ || board_.is_stopped()) {
        report_.ended_by = end;
        return Status::OK();
      }
      // What was to be the last batch is read again.
      ICEFRAME_RETURN_NOT_OK(Rewind());
      continue;
    }
    ICEFRAME_RETURN_NOT_OK(Step());
    UpdateReport(false);
  }
}

const char* KafkaStream::FindEnd() const {
  if (board_.is_stopped()) return "stopped";
  if (options_.max_messages && num_taken_ >= *options_.max_messages) return "max_messages";
  return IsIdle() ? "idle" : nullptr;
}

bool KafkaStream::IsIdle() const {
  if (!config_.idle_timeout) return false;
  const auto waited = Clock::now() - last_message_at_.value_or(begun_at_);
  if (waited < *config_.idle_timeout || !rows_->is_empty()) return false;
  if (waited >= *config_.idle_timeout + kIdleGrace) return true;
  if (!last_message_at_ || owned_.empty()) return false;
  return std::ranges::all_of(
      owned_, [this](const auto& entry) { return consumer_->EndReached(entry.first).has_value(); });
}

Status KafkaStream::Step() {
  ICEFRAME_ASSIGN_OR_RETURN(KafkaMessage message, consumer_->Poll(WaitTime()));
  if (needs_rewind_) return Rewind();
  const bool is_message = message != nullptr;
  if (is_message) ICEFRAME_RETURN_NOT_OK(Take(std::move(message)));
  if (!is_message || rows_->is_full()) ICEFRAME_RETURN_NOT_OK(Decode());
  if (under_way_ && under_way_->report.is_finished()) ICEFRAME_RETURN_NOT_OK(FinishCommit());
  if (needs_rewind_) return Rewind();
  if (!IsDue()) return Status::OK();
  if (!under_way_) return StartCommit();
  return IsFull() ? WaitForCommit() : Status::OK();
}

Status KafkaStream::CommitTheRest() {
  ICEFRAME_RETURN_NOT_OK(Decode());
  while (open_ != nullptr || under_way_) {
    if (under_way_) {
      ICEFRAME_RETURN_NOT_OK(WaitForCommit());
    } else {
      ICEFRAME_RETURN_NOT_OK(StartCommit());
    }
    if (needs_rewind_) DropBatch();
  }
  return Status::OK();
}

milliseconds KafkaStream::WaitTime() const {
  if (!rows_->is_empty()) return milliseconds(0);
  milliseconds wait = under_way_ ? kCommitPollTime : kPollTime;
  if (open_ != nullptr && !under_way_) {
    const auto age = duration_cast<milliseconds>(Clock::now() - open_->begun_at());
    wait = std::clamp(options_.max_latency - age, milliseconds(0), wait);
  }
  return wait;
}

// -- messages to rows
// ---------------------------------------------------------------------------------

Status KafkaStream::Take(KafkaMessage message) {
  const auto owned = owned_.find(message->partition);
  // One of a partition that went away with this call.
  if (owned == owned_.end()) return Status::OK();
  // Never twice, whatever was on its way when the stream went back.
  if (message->offset < owned->second.next.value_or(0)) return Status::OK();
  if (options_.max_messages && num_taken_ >= *options_.max_messages) return Status::OK();
  ICEFRAME_RETURN_NOT_OK(EnsureBatch());
  const auto num_bytes = static_cast<int64_t>(message->len + message->key_len);
  rd_kafka_timestamp_type_t timestamp_type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const int64_t timestamp = consumer_->library().message_timestamp(message.get(), &timestamp_type);
  open_->Count(message->partition, owned->second.expected, message->offset, num_bytes, timestamp);
  if (options_.decoder.format == PayloadFormat::kRegistry && message->payload != nullptr) {
    const auto payload = ParseRegisteredPayload(
        std::string_view(static_cast<const char*>(message->payload), message->len));
    if (payload.ok()) open_->counts().schema_id = payload->schema_id;
  }
  owned->second.next = message->offset + 1;
  last_message_at_ = Clock::now();
  ++num_taken_;
  rows_->Hold(std::move(message));
  return Status::OK();
}

Status KafkaStream::EnsureBatch() {
  if (open_ != nullptr) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(open_, StreamBatch::Begin(context_, table_.table()));
  return Status::OK();
}

Status KafkaStream::Decode() {
  if (rows_->is_empty()) return Status::OK();
  if (options_.decoder.evolution != SchemaEvolution::kOff && under_way_ != nullptr) {
    // The table's schema may be changed: one commit at a time.
    under_way_->report.Wait();
    ICEFRAME_RETURN_NOT_OK(FinishCommit());
    if (needs_rewind_) return Status::OK();
  }
  KeepFetching();
  const Status status = rows_->Decode(consumer_->library(), &table_, open_.get());
  if (status.ok() || !IsTemporary(KindOf(status))) return status;
  // A change of the schema that did not get into the table.
  return TakeCommitError(status, false);
}

void KafkaStream::KeepFetching() {
  const std::optional<int64_t> num_queued = consumer_->FindStoppedFetching();
  if (!num_queued) return;
  int64_t num_left = 0;
  int64_t most_left = 0;
  int32_t partition = 0;
  for (const auto& [number, owned] : owned_) {
    const int64_t next = owned.next.value_or(std::max<int64_t>(owned.start, 0));
    const int64_t left = consumer_->KnownEnd(number).value_or(next) - next;
    num_left += left;
    if (left <= most_left) continue;
    most_left = left;
    partition = number;
  }
  if (num_left > *num_queued) consumer_->WakeFetching(partition);
}

// -- commits
// --------------------------------------------------------------------------------------------

bool KafkaStream::IsDue() const {
  if (open_ == nullptr) return false;
  const BatchCounts& counts = open_->counts();
  return counts.num_messages >= options_.batch_size || IsFull() ||
         Clock::now() - open_->begun_at() >= options_.max_latency;
}

bool KafkaStream::IsFull() const {
  return open_ != nullptr && open_->counts().num_bytes >= options_.max_batch_bytes;
}

Status KafkaStream::StartCommit() {
  ICEFRAME_RETURN_NOT_OK(Decode());
  if (needs_rewind_) return Status::OK();
  ICEFRAME_RETURN_NOT_OK(rows_->Flush(open_.get()));
  for (const auto& [partition, end] : first_ends_) {
    if (!table_.Known(partition)) {
      open_->range().emplace(partition, PartitionRange{std::nullopt, end});
    }
  }
  for (const auto& [partition, part] : open_->range()) {
    if (auto owned = owned_.find(partition); owned != owned_.end()) {
      owned->second.expected = part.next;
    }
  }
  auto commit = std::make_unique<CommitUnderWay>();
  commit->was_refused = std::make_shared<std::atomic<bool>>(false);
  ICEFRAME_ASSIGN_OR_RETURN(commit->letters, MakeLetters());
  commit->batch = std::move(open_);
  commit->table = table_.table();
  const BatchCounts& counts = commit->batch->counts();
  commit->options = table_.CommitOf({commit->batch->range(), counts.newest_ms, counts.schema_id},
                                    commit->was_refused);
  if (commit->letters != nullptr) {
    commit->letters_table = letters_table_->table();
    commit->letters_options = letters_table_->CommitOf(
        {commit->letters->range(), counts.newest_ms, counts.schema_id}, commit->was_refused);
  }
  ICEFRAME_ASSIGN_OR_RETURN(commit->report,
                            context_.executor->operations()->Submit(
                                [commit = commit.get()] { return CommitBatch(commit); }));
  under_way_ = std::move(commit);
  return Status::OK();
}

Result<std::unique_ptr<StreamBatch>> KafkaStream::MakeLetters() {
  ICEFRAME_ASSIGN_OR_RETURN(const auto rows, rows_->TakeLetters());
  if (rows == nullptr) return nullptr;
  ICEFRAME_ASSIGN_OR_RETURN(auto letters, StreamBatch::Begin(context_, letters_table_->table()));
  ICEFRAME_RETURN_NOT_OK(letters->Write(*rows));
  for (const auto& [partition, part] : open_->range()) {
    const int64_t next = letters_table_->Next(partition).value_or(0);
    letters->range().emplace(
        partition, PartitionRange{letters_table_->Known(partition), std::max(next, part.next)});
  }
  return letters;
}

Result<WriteReport> KafkaStream::CommitBatch(CommitUnderWay* commit) {
  // Letters first: should the rows not follow, both are read again, and letters of offsets that
  // their table has are dropped.
  if (commit->letters != nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(
        const WriteReport report,
        commit->letters->Commit(commit->letters_table, commit->letters_options));
    commit->letters_table = report.table;
  }
  return commit->batch->Commit(commit->table, commit->options);
}

Status KafkaStream::WaitForCommit() {
  if (!under_way_) return Status::OK();
  const auto begun_at = Clock::now();
  bool is_paused = false;
  while (
      !under_way_->report.Wait(duration_cast<std::chrono::duration<double>>(kPollTime).count())) {
    if (context_.cancel.is_cancelled()) break;
    if (Clock::now() - begun_at < kPauseAfter) continue;
    if (!is_paused) consumer_->Pause();
    is_paused = true;
    ICEFRAME_ASSIGN_OR_RETURN(KafkaMessage message, consumer_->Poll(milliseconds(0)));
    if (!under_way_) break;
    if (message != nullptr && !needs_rewind_) ICEFRAME_RETURN_NOT_OK(Take(std::move(message)));
  }
  if (is_paused) consumer_->Resume();
  return FinishCommit();
}

Status KafkaStream::FinishCommit() {
  if (!under_way_) return Status::OK();
  const std::unique_ptr<CommitUnderWay> ended = std::move(under_way_);
  CommitUnderWay& commit = *ended;
  // A commit that is cancelled ends soon, and works on the batch until then.
  const Result<WriteReport>& report = commit.report.result();
  if (!report.ok()) {
    num_taken_ -= commit.batch->counts().num_messages;
    return TakeCommitError(report.status(), *commit.was_refused);
  }
  table_.Advance(report->table, commit.batch->range());
  if (commit.letters != nullptr) {
    letters_table_->Advance(commit.letters_table, commit.letters->range());
  }
  first_ends_.clear();
  num_failures_ = 0;
  CountCommit(*commit.batch);
  if (const auto compaction = board_.compaction()) compaction->NoteCommit(table_.table());
  PartitionOffsets offsets;
  for (const auto& [partition, part] : commit.batch->range()) {
    if (owned_.contains(partition)) offsets.emplace(partition, part.next);
  }
  if (!offsets.empty()) consumer_->PublishOffsets(offsets);
  return Status::OK();
}

void KafkaStream::CountCommit(const StreamBatch& batch) {
  const BatchCounts& counts = batch.counts();
  ++report_.num_commits;
  report_.num_messages += counts.num_messages;
  report_.num_rows += counts.num_messages - counts.num_rejected;
  report_.num_rejected += counts.num_rejected;
  report_.num_bytes += counts.num_bytes;
  if (counts.newest_ms) {
    const int64_t age = context_.clock->SystemNowMs() - *counts.newest_ms;
    report_.freshness = milliseconds(std::max<int64_t>(age, 0));
  }
  const bool has_letters = options_.poison.action == OnPoison::kDeadLetter;
  metrics_.CountCommit({.num_rows = counts.num_messages - counts.num_rejected,
                        .num_letters = has_letters ? counts.num_rejected : 0,
                        .num_skipped = has_letters ? 0 : counts.num_rejected,
                        .num_bytes = counts.num_bytes,
                        .freshness = report_.freshness});
  reported_at_ = {};
}

Status KafkaStream::TakeCommitError(const Status& error, bool was_refused) {
  const ErrorKind kind = KindOf(error);
  const bool is_rejected = kind == ErrorKind::kCommitRejected && num_failures_ < kMaxFailures;
  ICEFRAME_RETURN_NOT_OK(context_.Check());
  if (!was_refused && !IsTemporary(kind) && !is_rejected) return error;
  ++num_failures_;
  report_.trouble = error.message();
  context_.Log(LogLevel::kWarning, kComponent, "a batch is read again: ", error.message());
  needs_rewind_ = true;
  return Status::OK();
}

void KafkaStream::DropBatch() {
  if (under_way_) under_way_->report.Wait();
  under_way_.reset();
  num_taken_ -= open_ == nullptr ? 0 : open_->counts().num_messages;
  open_.reset();
  if (rows_ != nullptr) (void)rows_->Drop();
}

Status KafkaStream::Rewind() {
  if (under_way_) {
    // It may land: the table will tell.
    under_way_->report.Wait();
    ICEFRAME_RETURN_NOT_OK(FinishCommit());
  }
  DropBatch();
  needs_rewind_ = false;
  ++report_.num_rewinds;
  metrics_.CountRewind();
  if (num_failures_ > 0) ICEFRAME_RETURN_NOT_OK(BackOff());
  ICEFRAME_RETURN_NOT_OK(RefreshTable());
  PartitionOffsets offsets;
  for (auto& [partition, owned] : owned_) {
    owned.expected = table_.Known(partition);
    offsets[partition] = table_.Next(partition).value_or(owned.start);
    owned.next = table_.Next(partition);
  }
  const Status status = consumer_->Seek(offsets);
  if (status.ok() || ++num_failures_ > kMaxFailures) return status;
  // A partition that is only just being given to this member can't be moved in yet.
  needs_rewind_ = true;
  return Status::OK();
}

Status KafkaStream::RefreshTable() {
  while (true) {
    Status status = table_.Refresh(context_);
    if (status.ok() && letters_table_ != nullptr) {
      status = letters_table_->Refresh(context_);
    }
    if (status.ok() || !IsTemporary(KindOf(status))) return status;
    ++num_failures_;
    report_.trouble = status.message();
    ICEFRAME_RETURN_NOT_OK(BackOff());
  }
}

Status KafkaStream::BackOff() {
  const int doublings = std::min(num_failures_, 7);
  return context_.Sleep(milliseconds(int64_t{40} << doublings));
}

// -- the group
// ------------------------------------------------------------------------------------------

Result<PartitionOffsets> KafkaStream::OnAssigned(const std::vector<int32_t>& partitions) {
  if (under_way_) {
    under_way_->report.Wait();
    ICEFRAME_RETURN_NOT_OK(FinishCommit());
  }
  ICEFRAME_RETURN_NOT_OK(RefreshTable());
  ICEFRAME_RETURN_NOT_OK(PlanFirstStart());
  PartitionOffsets starts;
  for (const int32_t partition : partitions) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t start, StartOf(partition));
    starts.emplace(partition, start);
    owned_[partition] = {start, table_.Known(partition), table_.Next(partition)};
  }
  if (!last_message_at_) last_message_at_ = Clock::now();
  return starts;
}

void KafkaStream::OnRevoked(const std::vector<int32_t>& partitions, bool) {
  if (under_way_) {
    under_way_->report.Wait();
    const Status status = FinishCommit();
    if (!status.ok()) needs_rewind_ = true;
  }
  for (const int32_t partition : partitions) {
    // Its rows can't be taken out of the files: all of the batch is read again.
    needs_rewind_ = needs_rewind_ || (open_ != nullptr && open_->range().contains(partition));
    owned_.erase(partition);
  }
  if (needs_rewind_) DropBatch();
}

Status KafkaStream::PlanFirstStart() {
  first_ends_.clear();
  if (table_.has_position() || config_.start == KafkaStart::kEarliest) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<int32_t> all, consumer_->ListPartitions(context_));
  for (const int32_t partition : all) {
    ICEFRAME_ASSIGN_OR_RETURN(const Watermarks marks,
                              consumer_->QueryWatermarks(context_, partition));
    first_ends_.emplace(partition, marks.high);
  }
  return Status::OK();
}

Result<int64_t> KafkaStream::StartOf(int32_t partition) {
  const std::optional<int64_t> next = table_.Next(partition);
  if (!next) {
    // A partition that came after the stream began, too.
    const auto end = first_ends_.find(partition);
    return end == first_ends_.end() ? RD_KAFKA_OFFSET_BEGINNING : end->second;
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Watermarks marks,
                            consumer_->QueryWatermarks(context_, partition));
  if (marks.low <= *next && *next <= marks.high) return *next;
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t start, StartAfterLoss(partition, *next, marks));
  table_.MoveTo(partition, start);
  if (letters_table_ == nullptr) return start;
  // Letters may have been committed since, by who went on there and didn't get to the rows.
  const std::optional<int64_t> letters_next = letters_table_->Next(partition);
  const bool is_of_before =
      letters_next && (*letters_next < marks.low || *letters_next > marks.high);
  if (is_of_before) letters_table_->MoveTo(partition, start);
  return start;
}

Result<int64_t> KafkaStream::StartAfterLoss(int32_t partition, int64_t wanted,
                                            const Watermarks& marks) const {
  if (options_.on_lost_messages == OnLostMessages::kEarliest) return marks.low;
  if (options_.on_lost_messages == OnLostMessages::kLatest) return marks.high;
  const std::string where = options_.topic + " [" + std::to_string(partition) + "]";
  constexpr std::string_view kRemedy =
      "; say on_lost_messages='earliest' or 'latest' to go on without them, or give the stream "
      "another stream_id";
  if (wanted < marks.low) {
    return Error(ErrorKind::kNotFound,
                 "messages that the table waits for are no longer kept: ", where,
                 " begins at offset ", marks.low, ", the table is at ", wanted, kRemedy);
  }
  return Error(ErrorKind::kNotFound,
               "the topic ends before the table's position, so it was made anew: ", where,
               " ends at offset ", marks.high, ", the table is at ", wanted, kRemedy);
}

void KafkaStream::UpdateReport(bool is_final) {
  const auto now = Clock::now();
  if (!is_final && now - reported_at_ < kReportInterval) return;
  reported_at_ = now;
  report_.elapsed = duration_cast<milliseconds>(now - begun_at_);
  report_.num_pending = open_ == nullptr ? 0 : open_->counts().num_messages;
  if (under_way_) report_.num_pending += under_way_->batch->counts().num_messages;
  report_.offsets.clear();
  for (const auto& [partition, owned] : owned_) {
    if (const auto known = table_.Known(partition)) report_.offsets.emplace(partition, *known);
  }
  const PartitionLags lags = Lags();
  report_.lag = 0;
  for (const auto& [partition, lag] : lags) report_.lag += lag;
  metrics_.SetLags(lags);
  if (consumer_ != nullptr && report_.trouble.empty()) report_.trouble = consumer_->trouble();
  board_.Put(report_);
  report_.trouble.clear();
}

PartitionLags KafkaStream::Lags() const {
  PartitionLags lags;
  for (const auto& [partition, owned] : owned_) {
    const std::optional<int64_t> known = table_.Known(partition);
    const std::optional<int64_t> end = consumer_->KnownEnd(partition);
    if (!end) continue;
    const bool has_read_all = consumer_->EndReached(partition) && owned.next == known;
    lags[partition] = has_read_all ? 0 : std::max<int64_t>(*end - known.value_or(0), 0);
  }
  return lags;
}

}  // namespace iceframe::internal
