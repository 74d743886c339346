// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/message_decoder.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/streaming/avro_payload_decoder.h"
#include "iceframe/streaming/json_payload_decoder.h"
#include "iceframe/streaming/registry_payload_decoder.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {
namespace {

/// Messages don't bring a table beyond so many fields.
constexpr size_t kMaxFields = 2'000;

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
int64_t NumMessageBytes(const Message& message) {
  size_t num_bytes = message.topic.size() + message.headers.size();
  num_bytes += message.payload ? message.payload->size() : 0;
  num_bytes += message.key ? message.key->size() : 0;
  for (const MessageHeader& header : message.headers) {
    num_bytes += header.key.size() + (header.value ? header.value->size() : 0);
  }
  return static_cast<int64_t>(num_bytes);
}

size_t NumFields(const std::vector<NestedField>& fields) {
  size_t num_fields = fields.size();
  for (const NestedField& field : fields) num_fields += NumFields(field.type.fields());
  return num_fields;
}

bool IsMessagesFault(const Status& status) {
  const ErrorKind kind = KindOf(status);
  return kind == ErrorKind::kInvalidData || kind == ErrorKind::kSchemaMismatch;
}

}  // namespace

MessageDecoder::MessageDecoder(std::shared_ptr<const Schema> schema, MessageDecoderOptions options,
                               arrow::MemoryPool* pool,
                               std::unique_ptr<const NestedField> row_field, GrowingColumn row)
    : schema_(std::move(schema)),
      options_(std::move(options)),
      pool_(pool),
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
      new MessageDecoder(std::move(schema), options, pool, std::move(row_field), std::move(row)));
  decoder->arrow_schema_ = std::move(arrow_schema);
  ICEFRAME_RETURN_NOT_OK(decoder->SetColumns());
  return decoder;
}

Status MessageDecoder::SetColumns() {
  const std::vector<NestedField>& fields = schema_->fields();
  std::vector<bool> is_taken(fields.size());
  for (const MessageColumn& wanted : options_.message_columns) {
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
  return SetPayloadDecoder(std::move(is_taken));
}

Status MessageDecoder::SetPayloadDecoder(std::vector<bool> is_taken) {
  const auto make_json = [this, is_taken] {
    return std::make_unique<JsonPayloadDecoder>(schema_, &row_, is_taken, options_.evolution);
  };
  switch (options_.format) {
    case PayloadFormat::kRaw:
      return Status::OK();
    case PayloadFormat::kJson:
      payload_decoder_ = make_json();
      return Status::OK();
    case PayloadFormat::kRegistry:
      break;
  }
  if (options_.registry == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "payloads with schema ids need a schema registry");
  }
  payload_decoder_ = std::make_unique<RegistryPayloadDecoder>(
      options_.registry,
      [this, is_taken,
       make_json](const RegisteredSchema& registered) -> Result<std::unique_ptr<PayloadDecoder>> {
        switch (registered.kind) {
          case RegisteredSchema::Kind::kJson:
            return make_json();
          case RegisteredSchema::Kind::kAvro:
            return AvroPayloadDecoder::Make(registered.text, schema_, &row_, is_taken,
                                            options_.evolution);
          case RegisteredSchema::Kind::kProtobuf:
            break;
        }
        return Error(ErrorKind::kUnsupported, "Protobuf is not decoded");
      });
  return Status::OK();
}

Result<size_t> MessageDecoder::Append(std::span<const Message> messages,
                                      std::vector<RejectedMessage>* rejected) {
  const int64_t num_rows_before = num_rows();
  const int64_t num_bytes_before = num_bytes_;
  const size_t num_rejected_before = rejected->size();
  wanted_fields_.clear();
  for (size_t i = 0; i < messages.size(); ++i) {
    const int64_t num_bytes = NumMessageBytes(messages[i]) + default_bytes_;
    if (num_rows() > 0 && num_bytes_ + num_bytes > kMaxOffset) return i;
    const int64_t row = num_rows();
    Status status = AppendMessage(messages[i]);
    if (status.ok()) {
      num_bytes_ += num_bytes;
      continue;
    }
    row_.Truncate(row);
    if (KindOf(status) == ErrorKind::kSchemaMismatch) {
      const Status found = FindWantedFields(messages.subspan(i));
      if (!wanted_fields_.empty()) return i;
      if (!found.ok()) status = found;
    }
    if (IsMessagesFault(status)) {
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

Status MessageDecoder::FindWantedFields(std::span<const Message> messages) {
  if (payload_decoder_ == nullptr || options_.evolution == SchemaEvolution::kOff) {
    return Status::OK();
  }
  std::vector<NestedField> wanted = schema_->fields();
  for (const Message& message : messages) {
    if (!message.payload) continue;
    std::vector<NestedField> wider = wanted;
    payload_decoder_->Widen(*message.payload, options_.evolution, &wider);
    // What is no row under any columns must not change them.
    if (wider != wanted && NumFields(wider) <= kMaxFields) {
      ICEFRAME_ASSIGN_OR_RETURN(const bool makes_row, MakesRow(message, wider));
      if (makes_row) wanted = std::move(wider);
    }
    if (wanted == schema_->fields()) return Status::OK();
  }
  wanted_fields_ = std::move(wanted);
  return Status::OK();
}

Result<bool> MessageDecoder::MakesRow(const Message& message,
                                      const std::vector<NestedField>& fields) const {
  const auto schema = Schema::Make(schema_->schema_id(), AssignFreshIds(fields));
  if (!schema.ok()) return false;
  ICEFRAME_ASSIGN_OR_RETURN(const auto decoder, Make(*schema, options_, pool_));
  const Status status = decoder->AppendMessage(message);
  return status.ok() || IsMessagesFault(status) ? Result<bool>(status.ok()) : status;
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
  ICEFRAME_ASSIGN_OR_RETURN(auto rows, row_.FinishRows(arrow_schema_));
  num_bytes_ = 0;
  return rows;
}

}  // namespace iceframe
