// SPDX-License-Identifier: Apache-2.0
//   record    kind u32 (1: schema, 2: rows) │ length of the token u32, kNoToken without one
//             │ first sequence i64 │ last sequence i64 │ length of the message u64
//             │ token, zeros │ Arrow IPC message, zeros
#include "iceframe/streaming/log_record.h"

#include <bit>
#include <cstring>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include "iceframe/base/crc32c.h"
#include "iceframe/base/json.h"
#include "iceframe/streaming/log_frame.h"

namespace iceframe::internal {

namespace {

static_assert(std::endian::native == std::endian::little, "records are copied as they lie");

constexpr uint32_t kSchemaKind = 1;
constexpr uint32_t kRowsKind = 2;
constexpr uint32_t kNoToken = 0xFFFFFFFF;
constexpr std::string_view kZeros("\0\0\0\0\0\0\0", 7);

struct RecordHeader {
  uint32_t kind = 0;
  uint32_t token_bytes = kNoToken;
  int64_t first_sequence = 0;
  int64_t last_sequence = 0;
  int64_t message_bytes = 0;
};
static_assert(sizeof(RecordHeader) == 32);

Status Damaged(std::string_view what) {
  return Error(ErrorKind::kInvalidData, "write-ahead log is damaged: ", what);
}

Status Append(const void* bytes, int64_t size, arrow::io::BufferOutputStream* out) {
  ICEFRAME_RETURN_NOT_OK(out->Write(bytes, size));
  return out->Write(kZeros.data(), PaddedTo8(size) - size);
}

arrow::ipc::IpcWriteOptions WriteOptionsOf(arrow::MemoryPool* pool) {
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  return options;
}

/// What records take at most, so that a frame's memory is taken once: growing it by doubling would
/// need three times as much for a moment.
int64_t BytesFor(const std::vector<LogRecord>& records) {
  constexpr int64_t kPerFrame = 4096;
  constexpr int64_t kPerColumn = 1024;
  int64_t num_bytes = kPerFrame;
  for (const LogRecord& record : records) {
    const auto referenced = arrow::util::ReferencedBufferSize(*record.rows);
    num_bytes += referenced.ok() ? *referenced : arrow::util::TotalBufferSize(*record.rows);
    num_bytes += (record.rows->num_columns() + 1) * kPerColumn;
    if (record.token) num_bytes += static_cast<int64_t>(record.token->size());
  }
  return num_bytes;
}

Status AppendSchema(const arrow::Schema& schema, arrow::MemoryPool* pool,
                    arrow::io::BufferOutputStream* out) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto message, arrow::ipc::SerializeSchema(schema, pool));
  RecordHeader header;
  header.kind = kSchemaKind;
  header.message_bytes = message->size();
  ICEFRAME_RETURN_NOT_OK(Append(&header, sizeof(header), out));
  return Append(message->data(), message->size(), out);
}

Status AppendRows(const LogRecord& record, arrow::MemoryPool* pool,
                  arrow::io::BufferOutputStream* out) {
  const auto options = WriteOptionsOf(pool);
  arrow::ipc::IpcPayload payload;
  ICEFRAME_RETURN_NOT_OK(arrow::ipc::GetRecordBatchPayload(*record.rows, options, &payload));
  RecordHeader header;
  header.kind = kRowsKind;
  if (record.token) header.token_bytes = static_cast<uint32_t>(record.token->size());
  header.first_sequence = record.first_sequence;
  header.last_sequence = record.last_sequence;
  // Arrow says how long a message is; the stream's position must be a multiple of 8 for that.
  header.message_bytes = arrow::ipc::GetPayloadSize(payload, options);
  ICEFRAME_RETURN_NOT_OK(Append(&header, sizeof(header), out));
  if (record.token) {
    ICEFRAME_RETURN_NOT_OK(
        Append(record.token->data(), static_cast<int64_t>(record.token->size()), out));
  }
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t begin, out->Tell());
  int32_t metadata_bytes = 0;
  ICEFRAME_RETURN_NOT_OK(arrow::ipc::WriteIpcPayload(payload, options, out, &metadata_bytes));
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t end, out->Tell());
  if (end - begin != header.message_bytes) {
    return Error(ErrorKind::kInvalidData, "an Arrow message has another length than was said");
  }
  return out->Write(kZeros.data(), PaddedTo8(end) - end);
}

/// Goes over a payload's records.
class PayloadReader {
 public:
  PayloadReader(std::shared_ptr<arrow::Buffer> payload, std::shared_ptr<arrow::Schema>* schema,
                arrow::MemoryPool* pool)
      : payload_(std::move(payload)), schema_(schema) {
    options_.memory_pool = pool;
    options_.use_threads = false;
  }

  Result<std::vector<LogRecord>> ReadAll() {
    std::vector<LogRecord> records;
    while (at_ < payload_->size()) {
      RecordHeader header;
      ICEFRAME_RETURN_NOT_OK(Take(sizeof(header), &header));
      LogRecord record{nullptr, header.first_sequence, header.last_sequence, {}};
      if (header.token_bytes != kNoToken) {
        ICEFRAME_ASSIGN_OR_RETURN(record.token, TakeText(header.token_bytes));
      }
      ICEFRAME_ASSIGN_OR_RETURN(const auto message, TakeBuffer(header.message_bytes));
      if (header.kind == kSchemaKind) {
        ICEFRAME_RETURN_NOT_OK(ReadSchema(message));
      } else if (header.kind == kRowsKind) {
        ICEFRAME_ASSIGN_OR_RETURN(record.rows, ReadRows(message));
        records.push_back(std::move(record));
      } else {
        return Damaged("a record is of no known kind");
      }
    }
    return records;
  }

 private:
  Result<std::shared_ptr<arrow::Buffer>> TakeBuffer(int64_t size) {
    if (size < 0 || size > payload_->size() - at_) return Damaged("a record is cut off");
    auto taken = arrow::SliceBuffer(payload_, at_, size);
    at_ += PaddedTo8(size);
    return taken;
  }

  Status Take(int64_t size, void* out) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto bytes, TakeBuffer(size));
    std::memcpy(out, bytes->data(), static_cast<size_t>(size));
    return Status::OK();
  }

  Result<std::string> TakeText(int64_t size) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto bytes, TakeBuffer(size));
    return bytes->ToString();
  }

  Status ReadSchema(const std::shared_ptr<arrow::Buffer>& message) {
    arrow::io::BufferReader stream(message);
    arrow::ipc::DictionaryMemo memo;
    auto schema = arrow::ipc::ReadSchema(&stream, &memo);
    if (!schema.ok()) return Damaged(schema.status().message());
    *schema_ = *std::move(schema);
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::RecordBatch>> ReadRows(
      const std::shared_ptr<arrow::Buffer>& message) {
    if (*schema_ == nullptr) return Damaged("rows come before their schema");
    arrow::io::BufferReader stream(message);
    const arrow::ipc::DictionaryMemo memo;
    auto rows = arrow::ipc::ReadRecordBatch(*schema_, &memo, options_, &stream);
    if (rows.ok()) {
      const Status valid = (*rows)->ValidateFull();
      if (valid.ok()) return rows;
      return Damaged(valid.message());
    }
    if (KindOf(rows.status()) == ErrorKind::kResourceExhausted) return rows.status();
    return Damaged(rows.status().message());
  }

  const std::shared_ptr<arrow::Buffer> payload_;
  std::shared_ptr<arrow::Schema>* const schema_;
  arrow::ipc::IpcReadOptions options_ = arrow::ipc::IpcReadOptions::Defaults();
  int64_t at_ = 0;
};

}  // namespace

std::string EncodeIdentity(const LogIdentity& identity) {
  Json json = Json::Object();
  json.Add("table-uuid", Json::String(identity.table_uuid));
  json.Add("table", Json::String(identity.table));
  json.Add("catalog", Json::String(identity.catalog));
  json.Add("writer-id", Json::String(identity.writer_id));
  json.Add("log-id", Json::String(identity.log_id));
  json.Add("epoch", Json::Int(identity.epoch));
  return json.Dump();
}

Result<LogIdentity> DecodeIdentity(std::string_view text) {
  const auto read = [&]() -> Result<LogIdentity> {
    ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
    LogIdentity identity;
    const std::pair<std::string_view, std::string*> texts[] = {{"table-uuid", &identity.table_uuid},
                                                               {"table", &identity.table},
                                                               {"catalog", &identity.catalog},
                                                               {"writer-id", &identity.writer_id},
                                                               {"log-id", &identity.log_id}};
    for (const auto& [key, value] : texts) {
      ICEFRAME_ASSIGN_OR_RETURN(const Json* member, json.Get(key));
      ICEFRAME_ASSIGN_OR_RETURN(*value, member->AsString());
    }
    ICEFRAME_ASSIGN_OR_RETURN(const Json* epoch, json.Get("epoch"));
    ICEFRAME_ASSIGN_OR_RETURN(identity.epoch, epoch->AsInt64());
    return identity;
  };
  auto identity = read();
  if (!identity.ok()) return Damaged(identity.status().message());
  return identity;
}

Result<std::shared_ptr<arrow::Buffer>> EncodeFrame(uint32_t salt, uint64_t number,
                                                   const arrow::Schema* schema,
                                                   const std::vector<LogRecord>& records,
                                                   arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto out,
                            arrow::io::BufferOutputStream::Create(BytesFor(records), pool));
  // The header's place is kept; what is to stand there is known after the payload.
  const std::string space(static_cast<size_t>(kFrameHeaderBytes), '\0');
  ICEFRAME_RETURN_NOT_OK(out->Write(space.data(), kFrameHeaderBytes));
  if (schema != nullptr) ICEFRAME_RETURN_NOT_OK(AppendSchema(*schema, pool, out.get()));
  for (const LogRecord& record : records) {
    ICEFRAME_RETURN_NOT_OK(AppendRows(record, pool, out.get()));
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto frame, out->Finish());
  const auto payload = std::string_view(*frame).substr(static_cast<size_t>(kFrameHeaderBytes));
  if (static_cast<int64_t>(payload.size()) > kMaxFramePayload) {
    return Error(ErrorKind::kInvalidArgument,
                 "rows written at once take too many bytes: ", payload.size(), ", at most ",
                 kMaxFramePayload, "; write them in parts");
  }
  const std::string header =
      EncodeFrameHeader(salt, {number, static_cast<int64_t>(payload.size()), Crc32c(payload)});
  std::memcpy(frame->mutable_data(), header.data(), header.size());
  return frame;
}

Result<std::vector<LogRecord>> DecodePayload(const std::shared_ptr<arrow::Buffer>& payload,
                                             std::shared_ptr<arrow::Schema>* schema,
                                             arrow::MemoryPool* pool) {
  return PayloadReader(payload, schema, pool).ReadAll();
}

}  // namespace iceframe::internal
