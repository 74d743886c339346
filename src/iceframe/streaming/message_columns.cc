// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/message_columns.h"

#include <algorithm>
#include <optional>

#include "iceframe/base/utf8.h"
#include "iceframe/types/civil_time.h"

namespace iceframe {
namespace {

constexpr int64_t kMicrosPerMilli = 1'000;
constexpr int64_t kNanosPerMilli = 1'000'000;

bool IsText(const Type& type) { return type.id() == TypeId::kString; }
bool IsBytes(const Type& type) { return IsText(type) || type.id() == TypeId::kBinary; }

bool IsHeaders(const Type& type) {
  if (type.id() == TypeId::kList) {
    const Type& element = type.fields()[0].type;
    return element.id() == TypeId::kStruct && element.fields().size() == 2 &&
           IsText(element.fields()[0].type) && IsBytes(element.fields()[1].type);
  }
  return type.id() == TypeId::kMap && IsText(type.fields()[0].type) &&
         IsBytes(type.fields()[1].type);
}

bool IsTimestamp(const Type& type) {
  return type.id() == TypeId::kTimestamp || type.id() == TypeId::kTimestamptz ||
         type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs;
}

bool FitsPart(MessagePart part, const Type& type) {
  switch (part) {
    case MessagePart::kPayload:
    case MessagePart::kKey:
      return IsBytes(type);
    case MessagePart::kHeaders:
      return IsHeaders(type);
    case MessagePart::kTopic:
      return IsText(type);
    case MessagePart::kPartition:
      return type.id() == TypeId::kInt || type.id() == TypeId::kLong;
    case MessagePart::kOffset:
      return type.id() == TypeId::kLong;
    case MessagePart::kTimestamp:
      return IsTimestamp(type) || type.id() == TypeId::kLong;
  }
  return false;
}

std::string_view NameOf(MessagePart part) {
  switch (part) {
    case MessagePart::kPayload:
      return "payload";
    case MessagePart::kKey:
      return "key";
    case MessagePart::kHeaders:
      return "headers";
    case MessagePart::kTopic:
      return "topic";
    case MessagePart::kPartition:
      return "partition";
    case MessagePart::kOffset:
      return "offset";
    case MessagePart::kTimestamp:
      return "timestamp";
  }
  return "";
}

Status AppendMissing(std::string_view what, GrowingColumn* column) {
  if (!column->field().required) return column->AppendNull();
  return Error(ErrorKind::kSchemaMismatch, "column is required, and the message has no ", what,
               ": ", column->field().name);
}

Status AppendBytes(std::string_view what, std::optional<std::string_view> bytes,
                   GrowingColumn* column) {
  if (!bytes) return AppendMissing(what, column);
  if (IsText(column->type()) && !IsAscii(*bytes) && !IsUtf8(*bytes)) {
    return Error(ErrorKind::kInvalidData, "the message's ", what,
                 " is not valid UTF-8, make the column binary: ", column->field().name);
  }
  return column->AppendBytes(*bytes);
}

Status CheckHeadersOnce(std::span<const MessageHeader> headers) {
  for (size_t i = 1; i < headers.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (headers[i].key != headers[j].key) continue;
      return Error(ErrorKind::kInvalidData,
                   "the message has a header twice, make the column a list of structs: ",
                   EscapeInvalidUtf8(std::string(headers[i].key)));
    }
  }
  return Status::OK();
}

Status AppendHeaders(const Message& message, GrowingColumn* column) {
  const bool is_map = column->type().id() == TypeId::kMap;
  if (is_map) ICEFRAME_RETURN_NOT_OK(CheckHeadersOnce(message.headers));
  GrowingColumn* entries = is_map ? column : &column->children().front();
  for (const MessageHeader& header : message.headers) {
    ICEFRAME_RETURN_NOT_OK(AppendBytes("header's key", header.key, &entries->children()[0]));
    ICEFRAME_RETURN_NOT_OK(AppendBytes("header", header.value, &entries->children()[1]));
    if (!is_map) ICEFRAME_RETURN_NOT_OK(entries->AppendNested());
  }
  return column->AppendNested();
}

Status AppendTimestamp(const Message& message, GrowingColumn* column) {
  if (!message.timestamp_ms) return AppendMissing("timestamp", column);
  int64_t factor = 1;
  switch (column->type().id()) {
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      factor = kMicrosPerMilli;
      break;
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      factor = kNanosPerMilli;
      break;
    default:
      break;
  }
  int64_t value = 0;
  if (__builtin_mul_overflow(*message.timestamp_ms, factor, &value)) {
    return Error(ErrorKind::kInvalidData,
                 "the message's timestamp is out of range: ", *message.timestamp_ms, " ms");
  }
  return column->AppendFixed(value);
}

}  // namespace

Status CheckMessageColumn(const MessageColumn& wanted, const NestedField& field) {
  if (FitsPart(wanted.part, field.type)) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, "column has no type for a message's ",
               NameOf(wanted.part), ": ", field.name, " (", field.type.ToString(), ")");
}

Status AppendMessagePart(MessagePart part, const Message& message, GrowingColumn* column) {
  switch (part) {
    case MessagePart::kPayload:
      return AppendBytes("payload", message.payload, column);
    case MessagePart::kKey:
      return AppendBytes("key", message.key, column);
    case MessagePart::kHeaders:
      return AppendHeaders(message, column);
    case MessagePart::kTopic:
      return AppendBytes("topic", message.topic, column);
    case MessagePart::kPartition:
      if (column->type().id() == TypeId::kInt) return column->AppendFixed(message.partition);
      return column->AppendFixed(int64_t{message.partition});
    case MessagePart::kOffset:
      return column->AppendFixed(message.offset);
    case MessagePart::kTimestamp:
      return AppendTimestamp(message, column);
  }
  return Status::OK();
}

}  // namespace iceframe
