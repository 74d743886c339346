// SPDX-License-Identifier: Apache-2.0
// Columns that tell where a message came from, beside those of its payload.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/streaming/growing_column.h"
#include "iceframe/streaming/message.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// What of a message goes into a column, and the types that it may have.
enum class MessagePart : uint8_t {
  /// The payload as it is: string, binary.
  kPayload,
  /// string, binary.
  kKey,
  /// A map or a list of structs of two fields: string, and string or binary.
  kHeaders,
  /// string.
  kTopic,
  /// int, long.
  kPartition,
  /// long.
  kOffset,
  /// Any timestamp; long: milliseconds.
  kTimestamp,
};

struct MessageColumn {
  MessagePart part = MessagePart::kOffset;
  /// The name of a top-level column of the table.
  std::string column;
};

/// Checks that the column has a type that the part fits. Errors: InvalidArgument naming both.
Status CheckMessageColumn(const MessageColumn& wanted, const NestedField& field);

/// Appends the part of `message` to a column that CheckMessageColumn took.
/// Errors: InvalidData where text is not UTF-8, the timestamp is out of range or a map's header
/// comes twice; SchemaMismatch where there is no such part and the column is required.
Status AppendMessagePart(MessagePart part, const Message& message, GrowingColumn* column);

}  // namespace iceframe
