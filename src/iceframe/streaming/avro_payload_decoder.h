// SPDX-License-Identifier: Apache-2.0
// Avro records straight into columns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/avro_cursor.h"
#include "iceframe/format/avro_schema.h"
#include "iceframe/streaming/growing_column.h"
#include "iceframe/streaming/payload_decoder.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Reads one record per payload, as its writer's schema says, into the columns of the same names.
///
/// What is resolved: numbers of any width, by value and without loss; date, time-*, timestamp-*
/// (instants: timestamptz), local-timestamp-* (timestamp); decimals of any scale, by value; bytes
/// and fixed into binary and fixed; text and enums into string; text and fixed(16) into uuid;
/// records, arrays, maps with text keys; unions branch by branch. Fields that the table lacks are
/// passed over, or refused where the schema may evolve. A missing field is its write-default, else
/// null.
class AvroPayloadDecoder final : public PayloadDecoder {
 public:
  /// `row` is a struct of the schema's columns and outlives the decoder; its columns that
  /// `is_taken` names are filled by others. Errors: InvalidData where the writer's schema is none,
  /// is no record or is too large.
  static Result<std::unique_ptr<AvroPayloadDecoder>> Make(std::string_view writer_schema,
                                                          std::shared_ptr<const Schema> schema,
                                                          GrowingColumn* row,
                                                          const std::vector<bool>& is_taken,
                                                          SchemaEvolution evolution);

  Status Decode(std::string_view payload) override;
  void Widen(std::string_view payload, SchemaEvolution evolution,
             std::vector<NestedField>* fields) const override;

 private:
  enum class Read : uint8_t {
    kSkip,
    /// No value of the schema is one of the column.
    kMismatch,
    kNull,
    kBoolean,
    kInteger,
    kFloat,
    kDouble,
    kBytes,
    kDecimal,
    kUuidText,
    kEnum,
    kRecord,
    kArray,
    kMap,
    kUnion,
  };
  /// How the values of one part of the writer's schema come into a column.
  struct Node {
    Read read = Read::kSkip;
    const AvroSchema* schema = nullptr;
    GrowingColumn* column = nullptr;
    /// From the writer's unit of time to the column's.
    int64_t multiply = 1;
    int64_t divide = 1;
    /// A record's fields, an array's item, a map's value, a union's branches.
    std::vector<Node> children;
  };

  AvroPayloadDecoder(std::shared_ptr<const AvroSchemaDocument> document,
                     std::shared_ptr<const Schema> schema, SchemaEvolution evolution)
      : document_(std::move(document)), schema_(std::move(schema)), evolution_(evolution) {}

  Status MakeRoot(GrowingColumn* row, const std::vector<bool>& is_taken);
  Result<Node> MakeNode(const AvroSchema& schema, GrowingColumn* column);
  Status AddFieldNodes(GrowingColumn* column, const std::vector<bool>& is_taken, Node* node);
  static Read ReadOf(const AvroSchema& schema, const Type& type);
  static Read ReadOfInteger(const AvroSchema& schema, const Type& type, Node* node);
  static Read ReadOfTime(const AvroSchema& schema, const Type& type, Node* node);

  Status ReadValue(Node* node);
  Status ReadNull(Node* node);
  Status ReadInteger(Node* node);
  Status ReadFloat(Node* node, double value, bool is_single);
  Status ReadBytes(Node* node);
  Status ReadDecimal(Node* node);
  Status ReadEnum(Node* node);
  Status ReadRecord(Node* node);
  Status ReadItems(Node* node);
  Status CheckMapKeys(Node* node, int64_t begin);
  std::string_view ReadRaw(const Node& node);
  Status Mismatch(const Node& node) const;
  Status OutOfRange(const Node& node) const;

  std::shared_ptr<const AvroSchemaDocument> document_;
  std::shared_ptr<const Schema> schema_;
  SchemaEvolution evolution_;
  std::vector<std::string> taken_;
  /// A field that the table has no column for, where the schema may evolve.
  std::optional<std::string> missing_column_;
  size_t num_nodes_ = 0;
  Node root_;
  AvroCursor cursor_{std::string_view()};
  int64_t num_values_ = 0;
  int64_t max_values_ = 0;
};

}  // namespace iceframe
