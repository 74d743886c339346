// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "iceframe/runtime/settings.h"
#include "iceframe/streaming/kafka_table_internal.h"

namespace iceframe::internal {

namespace {

constexpr std::string_view kOffsets = "offsets";
constexpr std::string_view kEpoch = "epoch";
constexpr std::string_view kSequence = "seq";

/// The value of that name, as a number; 0 where there is none.
Result<int64_t> NumberIn(const std::optional<StreamPosition>& position, std::string_view name) {
  if (!position) return 0;
  const auto value = position->values.find(name);
  if (value == position->values.end()) return 0;
  return ParseInteger(value->second);
}

Result<TopicOffsets> OffsetsIn(const std::optional<StreamPosition>& position) {
  if (!position) return TopicOffsets{};
  const auto value = position->values.find(kOffsets);
  if (value == position->values.end()) return TopicOffsets{};
  return ParseTopicOffsets(value->second);
}

std::optional<int64_t> Find(const PartitionOffsets& offsets, int32_t partition) {
  const auto found = offsets.find(partition);
  if (found == offsets.end()) return std::nullopt;
  return found->second;
}

std::string Shown(std::optional<int64_t> offset) {
  return offset ? std::to_string(*offset) : "no offset";
}

}  // namespace

StreamTable::StreamTable(std::shared_ptr<const Table> table, PositionKey key, std::string topic,
                         OnRollback on_rollback)
    : table_(std::move(table)),
      key_(std::move(key)),
      topic_(std::move(topic)),
      on_rollback_(on_rollback) {}

Status StreamTable::Refresh(const OperationContext& context, bool takes_over) {
  ICEFRAME_ASSIGN_OR_RETURN(table_, table_->Refresh(context));
  ICEFRAME_ASSIGN_OR_RETURN(const KnownPosition position, FindPosition(*table_->metadata(), key_));
  skipped_to_.clear();
  accepted_rollback_.reset();
  if (position.rolled_back) {
    if (on_rollback_ == OnRollback::kFail) {
      return Error(ErrorKind::kCommitRejected,
                   "the table was set back behind rows that the stream had committed; say "
                   "on_rollback='replay' to write them again, or 'skip' to go on behind them: "
                   "snapshot ",
                   position.rolled_back->snapshot_id, " of ", key_.prefix());
    }
    accepted_rollback_ = position.rolled_back->snapshot_id;
  }
  ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets offsets, OffsetsIn(position.current));
  known_ = std::move(offsets[topic_]);
  if (position.rolled_back && on_rollback_ == OnRollback::kSkip) {
    ICEFRAME_ASSIGN_OR_RETURN(offsets, OffsetsIn(position.rolled_back));
    skipped_to_ = std::move(offsets[topic_]);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t epoch, NumberIn(position.current, kEpoch));
  if (takes_over) epoch_ = std::max(epoch_, epoch + 1);
  return Status::OK();
}

void StreamTable::Advance(std::shared_ptr<const Table> table, const BatchRange& range) {
  table_ = std::move(table);
  for (const auto& [partition, part] : range) known_[partition] = part.next;
  accepted_rollback_.reset();
}

std::optional<int64_t> StreamTable::Known(int32_t partition) const {
  return Find(known_, partition);
}

std::optional<int64_t> StreamTable::Next(int32_t partition) const {
  const std::optional<int64_t> skipped_to = Find(skipped_to_, partition);
  const std::optional<int64_t> known = Known(partition);
  return skipped_to ? std::max(*skipped_to, known.value_or(0)) : known;
}

CommitOptions StreamTable::CommitOf(const BatchRange& range,
                                    std::shared_ptr<std::atomic<bool>> refused) const {
  CommitOptions options;
  options.validator = [range, refused, key = key_, topic = topic_,
                       accepted = accepted_rollback_](const TableMetadata& base) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const KnownPosition position, FindPosition(base, key));
    if (position.rolled_back && position.rolled_back->snapshot_id != accepted) {
      *refused = true;
      return Error(ErrorKind::kCommitRejected, "the table was set back: ", key.prefix());
    }
    ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets offsets, OffsetsIn(position.current));
    for (const auto& [partition, part] : range) {
      const std::optional<int64_t> found = Find(offsets[topic], partition);
      if (found == part.expected) continue;
      *refused = true;
      return Error(ErrorKind::kCommitRejected, "another member of the stream was first: ", topic,
                   " [", partition, "] is at ", Shown(found), ", this batch began at ",
                   Shown(part.expected));
    }
    return Status::OK();
  };
  options.position_on = [range, key = key_, topic = topic_,
                         epoch = epoch_](const TableMetadata& base) -> Result<PositionUpdate> {
    ICEFRAME_ASSIGN_OR_RETURN(const KnownPosition position, FindPosition(base, key));
    ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets offsets, OffsetsIn(position.current));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t last_epoch, NumberIn(position.current, kEpoch));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t last_sequence, NumberIn(position.current, kSequence));
    for (const auto& [partition, part] : range) offsets[topic][partition] = part.next;
    PositionUpdate update{key, {}};
    update.values.emplace(kOffsets, ToJsonText(offsets));
    update.values.emplace(kEpoch, std::to_string(std::max(last_epoch, epoch)));
    update.values.emplace(kSequence, std::to_string(last_sequence + 1));
    return update;
  };
  return options;
}

}  // namespace iceframe::internal
