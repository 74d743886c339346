// SPDX-License-Identifier: Apache-2.0
// Messages that made no row, as rows of a table of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/streaming/growing_column.h"
#include "iceframe/streaming/message.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// The columns of a dead-letter table, with ids from 1 on:
///
/// | column | type | |
/// |---|---|---|
/// | topic, partition, offset | string, int, long; required | where the message lies |
/// | timestamp | timestamptz | its own |
/// | key, payload | binary | its bytes as they are |
/// | error | string, required | why it made no row |
/// | stream_id | string, required | whose it was |
std::shared_ptr<const Schema> DeadLetterSchema();

/// Collects messages into one growing batch of DeadLetterSchema. Not thread-safe.
class DeadLetters {
 public:
  static Result<std::unique_ptr<DeadLetters>> Make(std::string stream_id, arrow::MemoryPool* pool);

  /// Copies the message. On an error nothing of it is kept. Errors: ResourceExhausted, from the
  /// pool too: the rows must be finished first.
  Status Append(const Message& message, const Status& reason);

  int64_t num_rows() const { return row_.length(); }
  int64_t num_bytes() const { return num_bytes_; }

  /// Returns the rows in the messages' order and begins anew.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  DeadLetters(std::string stream_id, std::unique_ptr<const NestedField> row_field,
              GrowingColumn row);

  Status AppendColumns(const Message& message, const Status& reason);

  std::string stream_id_;
  std::unique_ptr<const NestedField> row_field_;
  GrowingColumn row_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  int64_t num_bytes_ = 0;
};

}  // namespace iceframe
