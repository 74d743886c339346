// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "iceframe/runtime/settings.h"
#include "iceframe/streaming/kafka_table_internal.h"

namespace iceframe::internal {

namespace {

constexpr std::string_view kOffsets = "offsets";
constexpr std::string_view kEpoch = "epoch";
/// Of each partition: the epoch of who committed its rows last, unless it is the newest one.
constexpr std::string_view kEpochs = "epochs";
constexpr std::string_view kSchemaId = "schema-id";
constexpr std::string_view kWatermark = "watermark-ms";
constexpr std::string_view kSequence = "seq";

/// The value of that name, as a number; 0 where there is none.
Result<int64_t> NumberIn(const std::optional<StreamPosition>& position, std::string_view name) {
  if (!position) return 0;
  const auto value = position->values.find(name);
  if (value == position->values.end()) return 0;
  return ParseInteger(value->second);
}

/// Numbers of each topic's partitions: the offsets or epochs.
Result<TopicOffsets> NumbersIn(const std::optional<StreamPosition>& position,
                               std::string_view name) {
  if (!position) return TopicOffsets{};
  const auto value = position->values.find(name);
  if (value == position->values.end()) return TopicOffsets{};
  return ParseTopicOffsets(value->second);
}

/// The epoch of each partition that has an offset.
Result<TopicOffsets> EpochsIn(const std::optional<StreamPosition>& position) {
  ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets epochs, NumbersIn(position, kEpochs));
  ICEFRAME_ASSIGN_OR_RETURN(const TopicOffsets offsets, NumbersIn(position, kOffsets));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t newest, NumberIn(position, kEpoch));
  for (const auto& [topic, partitions] : offsets) {
    for (const auto& [partition, offset] : partitions) epochs[topic].emplace(partition, newest);
  }
  return epochs;
}

/// What EpochsIn reads, without what need not be said: mostly all, however many partitions.
std::string ShortEpochs(TopicOffsets epochs, int64_t newest) {
  for (auto& [topic, partitions] : epochs) {
    std::erase_if(partitions, [newest](const auto& entry) { return entry.second == newest; });
  }
  std::erase_if(epochs, [](const auto& entry) { return entry.second.empty(); });
  return ToJsonText(epochs);
}

std::optional<int64_t> Find(const PartitionOffsets& offsets, int32_t partition) {
  const auto found = offsets.find(partition);
  if (found == offsets.end()) return std::nullopt;
  return found->second;
}

/// Whether a partition's rows may be committed by whoever read them when the table said `expected`
/// and holds `epoch`.
struct Claim {
  std::string_view topic;
  int32_t partition;
  std::optional<int64_t> expected;
  int64_t epoch;
};

std::string Shown(std::optional<int64_t> offset) {
  return offset ? std::to_string(*offset) : "no offset";
}

/// `offset`, `epoch`: what the table says of the partition now.
Status CheckClaim(const Claim& claim, std::optional<int64_t> offset, int64_t epoch) {
  if (offset != claim.expected) {
    return Error(ErrorKind::kCommitRejected,
                 "another member of the stream was first: ", claim.topic, " [", claim.partition,
                 "] is at ", Shown(offset), ", this batch began at ", Shown(claim.expected));
  }
  if (epoch <= claim.epoch) return Status::OK();
  return Error(ErrorKind::kCommitRejected,
               "another member of the stream took the partition over: ", claim.topic, " [",
               claim.partition, "] is of epoch ", epoch, ", this batch of ", claim.epoch);
}

}  // namespace

StreamTable::StreamTable(std::shared_ptr<const Table> table, PositionKey key, std::string topic,
                         OnRollback on_rollback)
    : table_(std::move(table)),
      key_(std::move(key)),
      topic_(std::move(topic)),
      on_rollback_(on_rollback) {}

Status StreamTable::Refresh(const OperationContext& context) {
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
  ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets offsets, NumbersIn(position.current, kOffsets));
  known_ = std::move(offsets[topic_]);
  if (position.rolled_back && on_rollback_ == OnRollback::kSkip) {
    ICEFRAME_ASSIGN_OR_RETURN(offsets, NumbersIn(position.rolled_back, kOffsets));
    skipped_to_ = std::move(offsets[topic_]);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t epoch, NumberIn(position.current, kEpoch));
  epoch_ = std::max(epoch_, epoch + 1);
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
  const auto moved = moved_.find(partition);
  if (moved != moved_.end() && moved->second.known == known) return moved->second.to;
  return skipped_to ? std::max(*skipped_to, known.value_or(0)) : known;
}

void StreamTable::MoveTo(int32_t partition, int64_t offset) {
  moved_.insert_or_assign(partition, Moved{offset, Known(partition)});
}

CommitOptions StreamTable::CommitOf(BatchPosition batch,
                                    std::shared_ptr<std::atomic<bool>> refused) const {
  CommitOptions options;
  options.validator = [range = batch.range, refused, key = key_, topic = topic_, epoch = epoch_,
                       accepted = accepted_rollback_](const TableMetadata& base) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const KnownPosition position, FindPosition(base, key));
    if (position.rolled_back && position.rolled_back->snapshot_id != accepted) {
      *refused = true;
      return Error(ErrorKind::kCommitRejected, "the table was set back: ", key.prefix());
    }
    ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets offsets, NumbersIn(position.current, kOffsets));
    ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets epochs, EpochsIn(position.current));
    for (const auto& [partition, part] : range) {
      const Status status =
          CheckClaim({topic, partition, part.expected, epoch}, Find(offsets[topic], partition),
                     Find(epochs[topic], partition).value_or(0));
      if (status.ok()) continue;
      *refused = true;
      return status;
    }
    return Status::OK();
  };
  options.position_on = [batch = std::move(batch), key = key_, topic = topic_,
                         epoch = epoch_](const TableMetadata& base) -> Result<PositionUpdate> {
    ICEFRAME_ASSIGN_OR_RETURN(const KnownPosition position, FindPosition(base, key));
    ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets offsets, NumbersIn(position.current, kOffsets));
    ICEFRAME_ASSIGN_OR_RETURN(TopicOffsets epochs, EpochsIn(position.current));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t last_epoch, NumberIn(position.current, kEpoch));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t last_sequence, NumberIn(position.current, kSequence));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t watermark, NumberIn(position.current, kWatermark));
    for (const auto& [partition, part] : batch.range) {
      offsets[topic][partition] = part.next;
      epochs[topic][partition] = epoch;
    }
    PositionUpdate update{key, {}};
    update.values.emplace(kOffsets, ToJsonText(offsets));
    const int64_t newest = std::max(last_epoch, epoch);
    update.values.emplace(kEpoch, std::to_string(newest));
    update.values.emplace(kEpochs, ShortEpochs(std::move(epochs), newest));
    update.values.emplace(kSequence, std::to_string(last_sequence + 1));
    if (batch.newest_ms) {
      update.values.emplace(kWatermark, std::to_string(std::max(watermark, *batch.newest_ms)));
    }
    if (batch.schema_id) update.values.emplace(kSchemaId, std::to_string(*batch.schema_id));
    return update;
  };
  return options;
}

}  // namespace iceframe::internal
