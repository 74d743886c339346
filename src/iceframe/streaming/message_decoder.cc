// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/message_decoder.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/streaming/json_payload_decoder.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {
namespace {

/// The bytes that one row's defaults take at most, at any depth.
int64_t DefaultBytes(const std::vector<NestedField>& fields) {
  int64_t num_bytes = 0;
  for (const NestedField& field : fields) {
    num_bytes += DefaultBytes(field.type.fields());
    if (field.write_default && field.write_default->holds<std::string>()) {
      num_bytes += static_cast<int64_t>(field.write_default->get<std::string>().size());
    }
  }
  return num_bytes;
}

/// No text or list of the row that a message makes is longer.
int64_t NumBytes(const Message& message) {
  size_t num_bytes = message.topic.size() + message.headers.size();
  num_bytes += message.payload ? message.payload->size() : 0;
  num_bytes += message.key ? message.key->size() : 0;
  for (const MessageHeader& header : message.headers) {
    num_bytes += header.key.size() + (header.value ? header.value->size() : 0);
  }
  return static_cast<int64_t>(num_bytes);
}

bool IsMessagesFault(const Status& status) {
  const ErrorKind kind = KindOf(status);
  return kind == ErrorKind::kInvalidData || kind == ErrorKind::kSchemaMismatch;
}

}  // namespace

MessageDecoder::MessageDecoder(std::shared_ptr<const Schema> schema,
                               std::unique_ptr<const NestedField> row_field, GrowingColumn row)
    : schema_(std::move(schema)),
      row_field_(std::move(row_field)),
      row_(std::move(row)),
      default_bytes_(DefaultBytes(schema_->fields())) {}

Result<std::unique_ptr<MessageDecoder>> MessageDecoder::Make(std::shared_ptr<const Schema> schema,
                                                             const MessageDecoderOptions& options,
                                                             arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Schema> arrow_schema, ToArrowSchema(*schema));
  auto row_field = std::make_unique<const NestedField>(
      NestedField::Required(0, "", Type::Struct(schema->fields())));
  ICEFRAME_ASSIGN_OR_RETURN(GrowingColumn row, GrowingColumn::Make(*row_field, pool));
  std::unique_ptr<MessageDecoder> decoder(
      new MessageDecoder(std::move(schema), std::move(row_field), std::move(row)));
  decoder->arrow_schema_ = std::move(arrow_schema);
  ICEFRAME_RETURN_NOT_OK(decoder->SetColumns(options));
  return decoder;
}

Status MessageDecoder::SetColumns(const MessageDecoderOptions& options) {
  const std::vector<NestedField>& fields = schema_->fields();
  std::vector<bool> is_taken(fields.size());
  for (const MessageColumn& wanted : options.message_columns) {
    size_t column = 0;
    while (column < fields.size() && fields[column].name != wanted.column) ++column;
    if (column == fields.size()) {
      return Error(ErrorKind::kInvalidArgument,
                   "the table has no such column for a part of the message: ", wanted.column);
    }
    if (is_taken[column]) {
      return Error(ErrorKind::kInvalidArgument,
                   "column can't take two parts of the message: ", wanted.column);
    }
    ICEFRAME_RETURN_NOT_OK(CheckMessageColumn(wanted, fields[column]));
    is_taken[column] = true;
    filled_.push_back({wanted.part, column});
  }
  if (options.format == PayloadFormat::kJson) {
    payload_decoder_ = std::make_unique<JsonPayloadDecoder>(schema_, &row_, is_taken);
  }
  return Status::OK();
}

Result<size_t> MessageDecoder::Append(std::span<const Message> messages,
                                      std::vector<RejectedMessage>* rejected) {
  const int64_t num_rows_before = num_rows();
  const int64_t num_bytes_before = num_bytes_;
  const size_t num_rejected_before = rejected->size();
  for (size_t i = 0; i < messages.size(); ++i) {
    const int64_t num_bytes = NumBytes(messages[i]) + default_bytes_;
    if (num_rows() > 0 && num_bytes_ + num_bytes > kMaxOffset) return i;
    const int64_t row = num_rows();
    Status status = AppendMessage(messages[i]);
    if (status.ok()) {
      num_bytes_ += num_bytes;
      continue;
    }
    if (IsMessagesFault(status)) {
      row_.Truncate(row);
      rejected->push_back({i, std::move(status)});
      continue;
    }
    row_.Truncate(num_rows_before);
    num_bytes_ = num_bytes_before;
    rejected->resize(num_rejected_before);
    return status;
  }
  return messages.size();
}

Status MessageDecoder::AppendMessage(const Message& message) {
  for (const FilledColumn& filled : filled_) {
    ICEFRAME_RETURN_NOT_OK(
        AppendMessagePart(filled.part, message, &row_.children()[filled.column]));
  }
  if (payload_decoder_ != nullptr) {
    if (!message.payload) {
      return Error(ErrorKind::kInvalidData, "the message has no payload (a tombstone)");
    }
    return payload_decoder_->Decode(*message.payload);
  }
  return CompleteStruct(*schema_, &row_);
}

Result<std::shared_ptr<arrow::RecordBatch>> MessageDecoder::Finish() {
  const int64_t num_rows = row_.length();
  arrow::ArrayVector columns;
  for (GrowingColumn& column : row_.children()) {
    ICEFRAME_ASSIGN_OR_RETURN(columns.emplace_back(), column.Finish());
  }
  row_.Truncate(0);
  num_bytes_ = 0;
  return arrow::RecordBatch::Make(arrow_schema_, num_rows, std::move(columns));
}

}  // namespace iceframe
