// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/writer_position.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "iceframe/runtime/settings.h"
#include "iceframe/table/snapshot_ancestry.h"

namespace iceframe {

namespace {

constexpr const char* kSequence = "seq";
constexpr const char* kEpoch = "epoch";
constexpr const char* kLog = "log";
constexpr const char* kToken = "token";

Result<int64_t> NumberOf(const Properties& values, const char* name) {
  const auto found = values.find(name);
  if (found == values.end()) return 0;
  const auto number = ParseInteger(found->second);
  if (number.ok() && *number >= 0) return *number;
  return Error(ErrorKind::kInvalidMetadata, "position of a writer can't be read: ", name, " is '",
               found->second, "'");
}

Result<WriterPosition> FromValues(const Properties& values) {
  WriterPosition position;
  ICEFRAME_ASSIGN_OR_RETURN(position.sequence, NumberOf(values, kSequence));
  ICEFRAME_ASSIGN_OR_RETURN(position.epoch, NumberOf(values, kEpoch));
  if (const auto log = values.find(kLog); log != values.end()) position.log_id = log->second;
  if (const auto token = values.find(kToken); token != values.end()) {
    position.token = token->second;
  }
  return position;
}

/// The line of the main branch, newest first; empty without a snapshot.
Result<std::vector<const Snapshot*>> MainLine(const TableMetadata& metadata) {
  const Snapshot* current = metadata.current_snapshot();
  if (current == nullptr) return std::vector<const Snapshot*>();
  return LineOf(metadata, current->snapshot_id);
}

}  // namespace

Result<WriterPosition> FindWriterPosition(const TableMetadata& metadata,
                                          const std::string& writer_id) {
  ICEFRAME_ASSIGN_OR_RETURN(const PositionKey key, PositionKey::OfWriter(writer_id));
  ICEFRAME_ASSIGN_OR_RETURN(const KnownPosition known, FindPosition(metadata, key));
  WriterPosition position;
  for (const auto& found : {known.current, known.rolled_back}) {
    if (!found) continue;
    ICEFRAME_ASSIGN_OR_RETURN(WriterPosition other, FromValues(found->values));
    if (other.sequence >= position.sequence) position = std::move(other);
  }
  return position;
}

Result<PositionUpdate> UpdateOfWriter(const std::string& writer_id,
                                      const WriterPosition& position) {
  ICEFRAME_ASSIGN_OR_RETURN(PositionKey key, PositionKey::OfWriter(writer_id));
  PositionUpdate update{std::move(key), {}};
  update.values[kSequence] = std::to_string(position.sequence);
  update.values[kEpoch] = std::to_string(position.epoch);
  update.values[kLog] = position.log_id;
  if (position.token) update.values[kToken] = *position.token;
  return update;
}

std::string LateWriterId(const std::string& log_id) { return "late-" + log_id; }

Result<int64_t> CommittedSequence(const TableMetadata& metadata, const LogIdentity& run) {
  const std::string& writer_id = run.writer_id;
  const std::string& log_id = run.log_id;
  ICEFRAME_ASSIGN_OR_RETURN(const WriterPosition newest, FindWriterPosition(metadata, writer_id));
  if (newest.sequence == 0 || newest.log_id == log_id) return newest.sequence;
  // Its first commit would have set its own.
  if (newest.epoch < run.epoch) return 0;
  ICEFRAME_ASSIGN_OR_RETURN(const WriterPosition late,
                            FindWriterPosition(metadata, LateWriterId(log_id)));
  if (late.sequence > 0) return late.sequence;
  ICEFRAME_ASSIGN_OR_RETURN(const PositionKey key, PositionKey::OfWriter(writer_id));
  ICEFRAME_ASSIGN_OR_RETURN(const auto line, MainLine(metadata));
  for (const Snapshot* snapshot : line) {
    const auto log = snapshot->summary.find(key.prefix() + kLog);
    if (log == snapshot->summary.end() || log->second != log_id) continue;
    const auto sequence = snapshot->summary.find(key.prefix() + kSequence);
    if (sequence != snapshot->summary.end()) return ParseInteger(sequence->second);
  }
  if (line.empty() || !line.back()->parent_snapshot_id) return 0;
  return Error(ErrorKind::kCommitStateUnknown,
               "can't tell which rows of a writer are in the table: the snapshots from before "
               "writer ",
               writer_id, " was opened elsewhere have expired; compare the rows by hand");
}

}  // namespace iceframe
