// SPDX-License-Identifier: Apache-2.0
// Messages of a stream into rows of a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/streaming/growing_column.h"
#include "iceframe/streaming/message.h"
#include "iceframe/streaming/message_columns.h"
#include "iceframe/streaming/payload_decoder.h"
#include "iceframe/streaming/schema_evolution.h"
#include "iceframe/streaming/schema_registry.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// What the payloads are.
enum class PayloadFormat : uint8_t {
  /// JSON objects (json_payload_decoder.h).
  kJson,
  /// Bytes that are not looked at: only message columns are filled.
  kRaw,
  /// The wire format of schema registries (schema_registry.h) around Avro records or JSON objects,
  /// as the schema says.
  kRegistry,
};

struct MessageDecoderOptions {
  PayloadFormat format = PayloadFormat::kJson;
  /// Columns that are filled from elsewhere than the payload; a payload's field of the same name
  /// is passed over.
  std::vector<MessageColumn> message_columns = {};
  SchemaEvolution evolution = SchemaEvolution::kOff;
  /// kRegistry's.
  std::shared_ptr<SchemaRegistry> registry = nullptr;
};

/// A message that made no row.
struct RejectedMessage {
  /// Its position among the messages that were given.
  size_t index = 0;
  /// InvalidData, SchemaMismatch: what is wrong with it.
  Status reason;
};

/// Decodes messages one after the other into one growing batch. A message makes one row or is
/// rejected, and leaves no trace then. Not thread-safe: one decoder per thread.
class MessageDecoder {
 public:
  /// Errors: InvalidArgument naming a message column that the schema lacks, that comes twice or has
  /// no fitting type, or a registry that is not given; Unsupported for variant, geometry and
  /// geography columns.
  static Result<std::unique_ptr<MessageDecoder>> Make(std::shared_ptr<const Schema> schema,
                                                      const MessageDecoderOptions& options,
                                                      arrow::MemoryPool* pool);

  /// Takes messages in order and returns how many; fewer than given, perhaps none, where the rows
  /// must be finished first, or the next message needs other columns: `wanted_fields` has them. The
  /// taken ones' views are not needed any more.
  ///
  /// The rejected ones are appended to `rejected`, rising; a message without a payload is one of
  /// them where the format needs it. On an error none of `messages` has made a row. Errors:
  /// ResourceExhausted from the pool; those of a registry that doesn't answer.
  Result<size_t> Append(std::span<const Message> messages, std::vector<RejectedMessage>* rejected);

  /// Empty, or the columns under which the next message, and as many as possible of those given
  /// behind it, make rows: the schema's, wider where evolution allows it, and new ones with id 0.
  ///
  /// The caller finishes the rows, brings the table's schema there (SyncSchema), and gives these
  /// messages again to a decoder made for it. This one takes none of them.
  const std::vector<NestedField>& wanted_fields() const { return wanted_fields_; }

  /// The rows taken since the last Finish, and about how many bytes the messages had.
  int64_t num_rows() const { return row_.length(); }
  int64_t num_bytes() const { return num_bytes_; }

  /// Returns the rows in ToArrowSchema's form, in the order of their messages, and begins anew.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  struct FilledColumn {
    MessagePart part;
    size_t column;
  };

  MessageDecoder(std::shared_ptr<const Schema> schema, MessageDecoderOptions options,
                 arrow::MemoryPool* pool, std::unique_ptr<const NestedField> row_field,
                 GrowingColumn row);

  Status SetColumns();
  Status SetPayloadDecoder(std::vector<bool> is_taken);
  Status AppendMessage(const Message& message);
  /// Sets the wanted fields if there are some under which the first message makes a row.
  Status FindWantedFields(std::span<const Message> messages);
  Result<bool> MakesRow(const Message& message, const std::vector<NestedField>& fields) const;

  std::shared_ptr<const Schema> schema_;
  MessageDecoderOptions options_;
  arrow::MemoryPool* pool_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  /// A struct of the schema's columns, and the values of that struct.
  std::unique_ptr<const NestedField> row_field_;
  GrowingColumn row_;
  std::vector<FilledColumn> filled_;
  /// nullptr for raw messages.
  std::unique_ptr<PayloadDecoder> payload_decoder_;
  /// Of the defaults that missing fields get, at every row.
  int64_t default_bytes_ = 0;
  int64_t num_bytes_ = 0;
  std::vector<NestedField> wanted_fields_;
};

}  // namespace iceframe
