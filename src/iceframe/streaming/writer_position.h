// SPDX-License-Identifier: Apache-2.0
// How far a writer is, as its table has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/streaming/log_record.h"
#include "iceframe/table/stream_positions.h"

namespace iceframe {

/// Summary keys iceframe.writer.<id>.seq, .epoch, .log and .token.
struct WriterPosition {
  /// All writes up to this one are in the table; 0: none yet.
  int64_t sequence = 0;
  /// Counts the runs of the writer: a later one takes the place of those before.
  int64_t epoch = 0;
  /// The run's own name.
  std::string log_id;
  /// The last token given with those writes.
  std::optional<std::string> token;
  bool operator==(const WriterPosition&) const = default;
};

/// What the table knows of a writer; rows that a rollback took out of it since count as committed.
/// Errors: InvalidArgument for an id that can't be; InvalidMetadata for values that can't be read.
Result<WriterPosition> FindWriterPosition(const TableMetadata& metadata,
                                          const std::string& writer_id);

/// The summary entries of a commit that takes the writer to `position`.
Result<PositionUpdate> UpdateOfWriter(const std::string& writer_id, const WriterPosition& position);

/// The id under which rows of a run are committed late, when another run has taken its place.
std::string LateWriterId(const std::string& log_id);

/// Returns up to where the writes of one run of a writer are in the table, whatever runs came after
/// it. Errors: CommitStateUnknown where the snapshots that would tell have expired.
Result<int64_t> CommittedSequence(const TableMetadata& metadata, const LogIdentity& run);

}  // namespace iceframe
