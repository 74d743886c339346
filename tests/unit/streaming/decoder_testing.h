// SPDX-License-Identifier: Apache-2.0
// What tests of decoders share: a schema, payloads, and the rows they become as JSON.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/memory_manager.h"
#include "iceframe/streaming/message_decoder.h"
#include "iceframe/types/row_text.h"

namespace iceframe {

inline arrow::MemoryPool* TestPool() { return MemoryBudget::Process()->pool(); }

inline std::shared_ptr<const Schema> SchemaOf(std::vector<NestedField> fields) {
  return Schema::Make(SchemaId(0), AssignFreshIds(fields)).ValueOrDie();
}

inline NestedField OptionalField(std::string name, Type type) {
  return NestedField::Optional(0, std::move(name), std::move(type));
}
inline NestedField RequiredField(std::string name, Type type) {
  return NestedField::Required(0, std::move(name), std::move(type));
}

inline Message PayloadMessage(std::string_view payload) {
  Message message;
  message.payload = payload;
  return message;
}

/// JSON without the spaces between its parts.
inline std::string Compact(std::string_view json) {
  std::string compact;
  bool in_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"' && (i == 0 || json[i - 1] != '\\')) in_text = !in_text;
    if (in_text || json[i] != ' ') compact += json[i];
  }
  return compact;
}

inline std::vector<std::string> RowsOf(const arrow::RecordBatch& batch) {
  EXPECT_TRUE(batch.ValidateFull().ok()) << batch.ValidateFull().ToString();
  std::vector<std::string> rows;
  for (int64_t i = 0; i < batch.num_rows(); ++i) {
    std::string row;
    AppendJsonRow(batch, i, &row);
    rows.push_back(Compact(row));
  }
  return rows;
}

/// The rows of a decoder's messages and what it said of the others, in the messages' order.
inline std::vector<std::string> Outcomes(MessageDecoder* decoder,
                                         const std::vector<Message>& messages) {
  std::vector<RejectedMessage> rejected;
  const size_t num_taken = decoder->Append(messages, &rejected).ValueOrDie();
  EXPECT_EQ(num_taken, messages.size());
  std::vector<std::string> rows = RowsOf(*decoder->Finish().ValueOrDie());
  EXPECT_EQ(rows.size() + rejected.size(), num_taken);
  for (const RejectedMessage& message : rejected) {
    rows.insert(rows.begin() + static_cast<int64_t>(message.index),
                std::string(ToString(KindOf(message.reason))) + ": " + message.reason.message());
  }
  return rows;
}

/// The same of payloads.
inline std::vector<std::string> Decoded(const std::shared_ptr<const Schema>& schema,
                                        const std::vector<std::string>& payloads) {
  auto decoder = MessageDecoder::Make(schema, {}, TestPool()).ValueOrDie();
  std::vector<Message> messages;
  for (const std::string& payload : payloads) messages.push_back(PayloadMessage(payload));
  return Outcomes(decoder.get(), messages);
}

}  // namespace iceframe
