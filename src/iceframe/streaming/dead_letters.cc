// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/dead_letters.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/base/utf8.h"
#include "iceframe/streaming/message_columns.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {
namespace {

/// What the columns before the error and the stream's id hold.
constexpr MessagePart kParts[] = {MessagePart::kTopic,  MessagePart::kPartition,
                                  MessagePart::kOffset, MessagePart::kTimestamp,
                                  MessagePart::kKey,    MessagePart::kPayload};
/// Beside the texts.
constexpr int64_t kRowBytes = 64;

int64_t NumLetterBytes(const Message& message) {
  return static_cast<int64_t>((message.payload ? message.payload->size() : 0) +
                              (message.key ? message.key->size() : 0) + message.topic.size());
}

}  // namespace

std::shared_ptr<const Schema> DeadLetterSchema() {
  static const std::shared_ptr<const Schema> kSchema = [] {
    FieldId id = 0;
    const auto required = [&id](const char* name, Type type) {
      return NestedField::Required(++id, name, std::move(type));
    };
    const auto optional = [&id](const char* name, Type type) {
      return NestedField::Optional(++id, name, std::move(type));
    };
    std::vector<NestedField> fields;
    fields.push_back(required("topic", Type::String()));
    fields.push_back(required("partition", Type::Int()));
    fields.push_back(required("offset", Type::Long()));
    fields.push_back(optional("timestamp", Type::Timestamptz()));
    fields.push_back(optional("key", Type::Binary()));
    fields.push_back(optional("payload", Type::Binary()));
    fields.push_back(required("error", Type::String()));
    fields.push_back(required("stream_id", Type::String()));
    return Schema::Make(SchemaId(0), std::move(fields)).ValueOr(nullptr);
  }();
  return kSchema;
}

DeadLetters::DeadLetters(std::string stream_id, std::unique_ptr<const NestedField> row_field,
                         GrowingColumn row)
    : stream_id_(std::move(stream_id)), row_field_(std::move(row_field)), row_(std::move(row)) {}

Result<std::unique_ptr<DeadLetters>> DeadLetters::Make(std::string stream_id,
                                                       arrow::MemoryPool* pool) {
  const std::shared_ptr<const Schema> schema = DeadLetterSchema();
  auto row_field = std::make_unique<const NestedField>(
      NestedField::Required(0, "", Type::Struct(schema->fields())));
  ICEFRAME_ASSIGN_OR_RETURN(GrowingColumn row, GrowingColumn::Make(*row_field, pool));
  std::unique_ptr<DeadLetters> letters(
      new DeadLetters(std::move(stream_id), std::move(row_field), std::move(row)));
  ICEFRAME_ASSIGN_OR_RETURN(letters->arrow_schema_, ToArrowSchema(*schema));
  return letters;
}

Status DeadLetters::AppendColumns(const Message& message, const Status& reason) {
  std::vector<GrowingColumn>& columns = row_.children();
  size_t column = 0;
  for (const MessagePart part : kParts) {
    Status status = AppendMessagePart(part, message, &columns[column]);
    if (KindOf(status) == ErrorKind::kInvalidData && part == MessagePart::kTimestamp) {
      // No timestamp of the table's: the letter is worth more.
      status = columns[column].AppendNull();
    }
    ICEFRAME_RETURN_NOT_OK(status);
    ++column;
  }
  ICEFRAME_RETURN_NOT_OK(columns[column++].AppendBytes(EscapeInvalidUtf8(reason.message())));
  ICEFRAME_RETURN_NOT_OK(columns[column].AppendBytes(stream_id_));
  return row_.AppendNested();
}

Status DeadLetters::Append(const Message& message, const Status& reason) {
  const int64_t num_rows = row_.length();
  const Status status = AppendColumns(message, reason);
  if (!status.ok()) {
    row_.Truncate(num_rows);
    return status;
  }
  num_bytes_ += NumLetterBytes(message) + static_cast<int64_t>(reason.message().size()) + kRowBytes;
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> DeadLetters::Finish() {
  ICEFRAME_ASSIGN_OR_RETURN(auto rows, row_.FinishRows(arrow_schema_));
  num_bytes_ = 0;
  return rows;
}

}  // namespace iceframe
