// SPDX-License-Identifier: Apache-2.0
// What a write-ahead log holds: rows of writes, under the writer and the sequence numbers they are
// of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// Whose log it is. A log belongs to one run of one writer: the next one begins another.
struct LogIdentity {
  std::string table_uuid;
  /// The table's full name and catalog, for people.
  std::string table;
  std::string catalog;
  std::string writer_id;
  std::string log_id;
  int64_t epoch = 0;
  bool operator==(const LogIdentity&) const = default;
};

/// Rows of one write, or of several that follow each other.
struct LogRecord {
  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t first_sequence = 0;
  int64_t last_sequence = 0;
  /// The last one given with those writes.
  std::optional<std::string> token;
};

namespace internal {

/// As JSON, in a log's header. Errors of reading: InvalidData.
std::string EncodeIdentity(const LogIdentity& identity);
Result<LogIdentity> DecodeIdentity(std::string_view text);

/// Returns a frame's bytes, with its header: the records in Arrow's IPC form, and before the first
/// one their schema where `schema` is given.
/// Errors: InvalidArgument for more than kMaxFramePayload; ResourceExhausted.
Result<std::shared_ptr<arrow::Buffer>> EncodeFrame(uint32_t salt, uint64_t number,
                                                   const arrow::Schema* schema,
                                                   const std::vector<LogRecord>& records,
                                                   arrow::MemoryPool* pool);

/// Reads a payload whose checksum was right. `schema` is the last one of the frames before, and
/// is moved on. What is read shares the payload's memory.
/// Errors: InvalidData.
Result<std::vector<LogRecord>> DecodePayload(const std::shared_ptr<arrow::Buffer>& payload,
                                             std::shared_ptr<arrow::Schema>* schema,
                                             arrow::MemoryPool* pool);

}  // namespace internal

}  // namespace iceframe
