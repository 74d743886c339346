// SPDX-License-Identifier: Apache-2.0
// JSON objects straight into columns.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/streaming/growing_column.h"
#include "iceframe/streaming/json_cursor.h"
#include "iceframe/streaming/json_fields.h"
#include "iceframe/streaming/json_scalar.h"
#include "iceframe/streaming/payload_decoder.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Reads one object per payload by the table's schema, in one pass and without a tree.
///
/// An object's keys are the names of a struct's fields. Keys that the table lacks are passed over,
/// their grammar checked; where the schema may evolve, they are refused if they tell a type. A
/// missing field is its write-default, else null. A map is an object, or an array of [key, value]
/// or {"key": …, "value": …}. What is refused: keys that come twice, a missing or null required
/// field, a value that is not of its column's type (json_scalar.h; text for numbers other than
/// decimals too), anything that base/json.h refuses.
class JsonPayloadDecoder final : public PayloadDecoder {
 public:
  /// `row` is a struct of the schema's columns and outlives the decoder; its columns that
  /// `is_taken` names are filled by others.
  JsonPayloadDecoder(std::shared_ptr<const Schema> schema, GrowingColumn* row,
                     const std::vector<bool>& is_taken, SchemaEvolution evolution);

  Status Decode(std::string_view payload) override;
  void Widen(std::string_view payload, SchemaEvolution evolution,
             std::vector<NestedField>* fields) const override;

 private:
  /// A column, and what finds its fields.
  struct Node {
    GrowingColumn* column = nullptr;
    JsonFields fields;
    std::vector<Node> children;
  };

  static Node MakeNode(GrowingColumn* column);

  bool ReadValue(Node* node, int depth);
  bool ReadNull(Node* node);
  bool ReadBoolean(Node* node);
  bool ReadNumber(Node* node);
  bool ReadString(Node* node);
  bool ReadText(Node* node);
  bool ReadStruct(Node* node, int depth);
  bool ReadMember(Node* node, JsonFields::Place place, int depth);
  bool PassUnknown(Node* node, JsonFields::Place place, int depth);
  bool ReadList(Node* node, int depth);
  bool ReadMap(Node* node, int depth);
  bool ReadMapMember(Node* node, int depth);
  bool ReadMapEntry(Node* node, int depth);
  bool ReadMapEntryMember(Node* node, int depth);
  bool CheckKeys(Node* node, int64_t begin);

  bool Check(Status status) { return status.ok() || cursor_.Fail(std::move(status)); }
  /// Goes on where a value was taken.
  bool CheckTaken(const Result<Taken>& taken, Node* node, const char* start);
  bool NotOfType(Node* node);
  bool Reject(Node* node, std::string_view what, std::string_view value = "");

  std::shared_ptr<const Schema> schema_;
  bool refuses_unknown_;
  /// The columns that others fill.
  std::vector<std::string> taken_;
  Node root_;
  JsonCursor cursor_;
  size_t num_values_ = 0;
  std::string scratch_;
};

}  // namespace iceframe
