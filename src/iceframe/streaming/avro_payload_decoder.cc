// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/avro_payload_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <arrow/util/decimal.h>

#include "iceframe/base/utf8.h"
#include "iceframe/base/uuid.h"
#include "iceframe/streaming/avro_columns.h"
#include "iceframe/types/civil_time.h"

namespace iceframe {
namespace {

constexpr size_t kMaxSchemaNodes = 100'000;
/// Items may take no byte: what a message makes of them is limited all the same.
constexpr int64_t kMaxValuesPerByte = 64;
constexpr size_t kMaxDecimalBytes = 16;
constexpr int64_t kUnitsPerMilli[] = {1, 1'000, 1'000'000};

bool IsZoned(TypeId id) { return id == TypeId::kTimestamptz || id == TypeId::kTimestamptzNs; }

/// How many units of the column's type, or of a logical type, a millisecond has; 0: it is no time.
int64_t UnitsPerMilli(TypeId id) {
  switch (id) {
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return kUnitsPerMilli[1];
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return kUnitsPerMilli[2];
    default:
      return 0;
  }
}

int64_t UnitsPerMilli(std::string_view logical) {
  if (logical.ends_with("-millis")) return kUnitsPerMilli[0];
  if (logical.ends_with("-micros")) return kUnitsPerMilli[1];
  if (logical.ends_with("-nanos")) return kUnitsPerMilli[2];
  return 0;
}

template <typename Float>
bool IsExactly(int64_t value) {
  constexpr int64_t kBeyond = int64_t{1} << std::numeric_limits<Float>::digits;
  if (value >= -kBeyond && value <= kBeyond) return true;
  const auto real = static_cast<Float>(value);
  // The greatest long is rounded up to what no long is.
  return real < static_cast<Float>(std::numeric_limits<int64_t>::max()) &&
         static_cast<int64_t>(real) == value;
}

}  // namespace

Result<std::unique_ptr<AvroPayloadDecoder>> AvroPayloadDecoder::Make(
    std::string_view writer_schema, std::shared_ptr<const Schema> schema, GrowingColumn* row,
    const std::vector<bool>& is_taken, SchemaEvolution evolution) {
  Result<std::shared_ptr<const AvroSchemaDocument>> document =
      AvroSchemaDocument::Parse(writer_schema);
  if (!document.ok()) {
    return Error(ErrorKind::kInvalidData, "no Avro schema: ", document.status().message());
  }
  std::unique_ptr<AvroPayloadDecoder> decoder(
      new AvroPayloadDecoder(std::move(*document), std::move(schema), evolution));
  ICEFRAME_RETURN_NOT_OK(decoder->MakeRoot(row, is_taken));
  return decoder;
}

Status AvroPayloadDecoder::MakeRoot(GrowingColumn* row, const std::vector<bool>& is_taken) {
  for (size_t i = 0; i < is_taken.size(); ++i) {
    if (is_taken[i]) taken_.push_back(row->children()[i].field().name);
  }
  if (document_->root().kind != AvroKind::kRecord) {
    return Error(ErrorKind::kInvalidData, "the writer's Avro schema must be a record, got ",
                 ToString(document_->root().kind));
  }
  root_ = {.read = Read::kRecord, .schema = &document_->root(), .column = row, .children = {}};
  return AddFieldNodes(row, is_taken, &root_);
}

Status AvroPayloadDecoder::AddFieldNodes(GrowingColumn* column, const std::vector<bool>& is_taken,
                                         Node* node) {
  std::vector<bool> is_filled = is_taken;
  is_filled.resize(column->children().size());
  const std::string parent = schema_->FullName(column->field().id);
  for (const AvroField& field : node->schema->fields) {
    const std::vector<NestedField>& known = column->type().fields();
    const auto found = std::ranges::find(known, field.name, &NestedField::name);
    const auto index = static_cast<size_t>(found - known.begin());
    if (found != known.end() && !is_filled[index]) {
      is_filled[index] = true;
      ICEFRAME_ASSIGN_OR_RETURN(node->children.emplace_back(),
                                MakeNode(*field.type, &column->children()[index]));
      continue;
    }
    node->children.push_back({.schema = field.type, .children = {}});
    if (found == known.end() && evolution_ != SchemaEvolution::kOff && TypeOfAvro(*field.type)) {
      missing_column_ = parent.empty() ? field.name : parent + "." + field.name;
    }
  }
  return Status::OK();
}

Result<AvroPayloadDecoder::Node> AvroPayloadDecoder::MakeNode(const AvroSchema& schema,
                                                              GrowingColumn* column) {
  if (++num_nodes_ > kMaxSchemaNodes) {
    return Error(ErrorKind::kInvalidData, "the writer's Avro schema is too large");
  }
  Node node{.schema = &schema, .column = column, .children = {}};
  node.read = ReadOf(schema, column->type());
  if (node.read == Read::kInteger) node.read = ReadOfInteger(schema, column->type(), &node);
  if (node.read == Read::kUnion) {
    for (const AvroSchema* branch : schema.branches) {
      ICEFRAME_ASSIGN_OR_RETURN(node.children.emplace_back(), MakeNode(*branch, column));
    }
  } else if (node.read == Read::kArray || node.read == Read::kMap) {
    ICEFRAME_ASSIGN_OR_RETURN(node.children.emplace_back(),
                              MakeNode(*schema.items, &column->children().back()));
  } else if (node.read == Read::kRecord) {
    ICEFRAME_RETURN_NOT_OK(AddFieldNodes(column, {}, &node));
  }
  return node;
}

AvroPayloadDecoder::Read AvroPayloadDecoder::ReadOf(const AvroSchema& schema, const Type& type) {
  const auto when = [](bool fits, Read read) { return fits ? read : Read::kMismatch; };
  const TypeId id = type.id();
  switch (schema.kind) {
    case AvroKind::kNull:
      return Read::kNull;
    case AvroKind::kBoolean:
      return when(id == TypeId::kBoolean, Read::kBoolean);
    case AvroKind::kInt:
    case AvroKind::kLong:
      return Read::kInteger;
    case AvroKind::kFloat:
      return when(id == TypeId::kFloat || id == TypeId::kDouble, Read::kFloat);
    case AvroKind::kDouble:
      return when(id == TypeId::kFloat || id == TypeId::kDouble, Read::kDouble);
    case AvroKind::kBytes:
    case AvroKind::kFixed:
      if (schema.logical_type == "decimal") return when(id == TypeId::kDecimal, Read::kDecimal);
      return when(id == TypeId::kBinary || id == TypeId::kFixed || id == TypeId::kUuid,
                  Read::kBytes);
    case AvroKind::kString:
      return id == TypeId::kUuid ? Read::kUuidText : when(id == TypeId::kString, Read::kBytes);
    case AvroKind::kEnum:
      return when(id == TypeId::kString, Read::kEnum);
    case AvroKind::kRecord:
      return when(id == TypeId::kStruct, Read::kRecord);
    case AvroKind::kArray:
      return when(id == TypeId::kList, Read::kArray);
    case AvroKind::kMap:
      return when(id == TypeId::kMap && type.fields()[0].type.id() == TypeId::kString, Read::kMap);
    case AvroKind::kUnion:
      return Read::kUnion;
  }
  return Read::kMismatch;
}

AvroPayloadDecoder::Read AvroPayloadDecoder::ReadOfInteger(const AvroSchema& schema,
                                                           const Type& type, Node* node) {
  const std::string& logical = schema.logical_type;
  switch (type.id()) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
      // A date or an instant is no number.
      return logical == "date" || UnitsPerMilli(logical) != 0 ? Read::kMismatch : Read::kInteger;
    case TypeId::kDate:
      return logical == "date" ? Read::kInteger : Read::kMismatch;
    default:
      return ReadOfTime(schema, type, node);
  }
}

AvroPayloadDecoder::Read AvroPayloadDecoder::ReadOfTime(const AvroSchema& schema, const Type& type,
                                                        Node* node) {
  const std::string& logical = schema.logical_type;
  const int64_t have = UnitsPerMilli(logical);
  const int64_t want = UnitsPerMilli(type.id());
  const bool is_time = logical.starts_with("time-");
  const bool is_local = logical.starts_with("local-timestamp-") || schema.adjust_to_utc == false;
  const bool is_instant = !is_time && !is_local && logical.starts_with("timestamp-");
  const bool fits = type.id() == TypeId::kTime ? is_time
                    : IsZoned(type.id())       ? is_instant
                                               : is_local && !is_time;
  if (have == 0 || want == 0 || !fits) return Read::kMismatch;
  node->multiply = std::max<int64_t>(want / have, 1);
  node->divide = std::max<int64_t>(have / want, 1);
  return Read::kInteger;
}

Status AvroPayloadDecoder::Decode(std::string_view payload) {
  if (missing_column_) {
    return Error(ErrorKind::kSchemaMismatch,
                 "the table has no column for a field: ", *missing_column_);
  }
  cursor_ = AvroCursor(payload);
  num_values_ = 0;
  max_values_ =
      AvroCursor::kMaxEmptyItems + kMaxValuesPerByte * static_cast<int64_t>(payload.size());
  ICEFRAME_RETURN_NOT_OK(ReadRecord(&root_));
  ICEFRAME_RETURN_NOT_OK(cursor_.status());
  if (cursor_.remaining() == 0) return Status::OK();
  return Error(ErrorKind::kInvalidData,
               "Avro data goes on behind its record: ", cursor_.remaining(), " bytes");
}

void AvroPayloadDecoder::Widen(std::string_view, SchemaEvolution evolution,
                               std::vector<NestedField>* fields) const {
  // Columns of others stand in the way of their fields; those are passed over.
  std::vector<NestedField> wider = *fields;
  AddColumnsOf(document_->root(), evolution, &wider);
  for (size_t i = 0; i < fields->size(); ++i) {
    const bool is_taken = std::ranges::find(taken_, wider[i].name) != taken_.end();
    if (is_taken) wider[i] = (*fields)[i];
  }
  *fields = std::move(wider);
}

Status AvroPayloadDecoder::Mismatch(const Node& node) const {
  const NestedField& field = node.column->field();
  const std::string& logical = node.schema->logical_type;
  return Error(ErrorKind::kSchemaMismatch, "Avro's ", ToString(node.schema->kind),
               logical.empty() ? "" : " (", logical, logical.empty() ? "" : ")",
               " is not a value of the column's type: column ", schema_->FullName(field.id), " (",
               field.type.ToString(), ")");
}

Status AvroPayloadDecoder::OutOfRange(const Node& node) const {
  const NestedField& field = node.column->field();
  return Error(ErrorKind::kSchemaMismatch,
               "value can't be kept exactly, or is out of range: column ",
               schema_->FullName(field.id), " (", field.type.ToString(), ")");
}

Status AvroPayloadDecoder::ReadValue(Node* node) {
  if (!cursor_.ok()) return cursor_.status();
  if (++num_values_ > max_values_) {
    return Error(ErrorKind::kInvalidData,
                 "Avro data holds too many values for its length, at most ", max_values_);
  }
  switch (node->read) {
    case Read::kSkip:
      cursor_.Skip(*node->schema);
      return Status::OK();
    case Read::kMismatch:
      return Mismatch(*node);
    case Read::kNull:
      return ReadNull(node);
    case Read::kBoolean:
      return node->column->AppendFixed(static_cast<uint8_t>(cursor_.ReadBoolean()));
    case Read::kInteger:
      return ReadInteger(node);
    case Read::kFloat:
      return ReadFloat(node, cursor_.ReadFloat(), true);
    case Read::kDouble:
      return ReadFloat(node, cursor_.ReadDouble(), false);
    case Read::kBytes:
    case Read::kUuidText:
      return ReadBytes(node);
    case Read::kDecimal:
      return ReadDecimal(node);
    case Read::kEnum:
      return ReadEnum(node);
    case Read::kRecord:
      return ReadRecord(node);
    case Read::kArray:
    case Read::kMap:
      return ReadItems(node);
    case Read::kUnion:
      return ReadValue(&node->children[cursor_.ReadBranch(node->children.size())]);
  }
  return Status::OK();
}

Status AvroPayloadDecoder::ReadNull(Node* node) {
  const NestedField& field = node->column->field();
  if (!field.required) return node->column->AppendNull();
  return Error(ErrorKind::kSchemaMismatch,
               "column is required, and null is given: ", schema_->FullName(field.id));
}

Status AvroPayloadDecoder::ReadInteger(Node* node) {
  const bool is_int = node->schema->kind == AvroKind::kInt;
  const int64_t value = is_int ? cursor_.ReadInt() : cursor_.ReadLong();
  GrowingColumn* column = node->column;
  switch (column->type().id()) {
    case TypeId::kInt:
    case TypeId::kDate:
      if (value != static_cast<int32_t>(value)) return OutOfRange(*node);
      return column->AppendFixed(static_cast<int32_t>(value));
    case TypeId::kFloat:
      if (!IsExactly<float>(value)) return OutOfRange(*node);
      return column->AppendFixed(static_cast<float>(value));
    case TypeId::kDouble:
      if (!IsExactly<double>(value)) return OutOfRange(*node);
      return column->AppendFixed(static_cast<double>(value));
    case TypeId::kDecimal: {
      const Type& type = column->type();
      const auto decimal = arrow::Decimal128(value).Rescale(0, type.scale());
      if (!decimal.ok() || !decimal->FitsInPrecision(type.precision())) return OutOfRange(*node);
      return column->AppendFixed(decimal->ToBytes());
    }
    default:
      break;
  }
  int64_t scaled = 0;
  if (value % node->divide != 0 ||
      __builtin_mul_overflow(value / node->divide, node->multiply, &scaled)) {
    return OutOfRange(*node);
  }
  const bool is_time = column->type().id() == TypeId::kTime;
  if (is_time && (scaled < 0 || scaled >= kMicrosPerDay)) return OutOfRange(*node);
  return column->AppendFixed(scaled);
}

Status AvroPayloadDecoder::ReadFloat(Node* node, double value, bool is_single) {
  if (node->column->type().id() == TypeId::kDouble) return node->column->AppendFixed(value);
  const auto narrow = static_cast<float>(value);
  if (!is_single && !std::isnan(value) && static_cast<double>(narrow) != value) {
    return OutOfRange(*node);
  }
  return node->column->AppendFixed(narrow);
}

std::string_view AvroPayloadDecoder::ReadRaw(const Node& node) {
  return node.schema->kind == AvroKind::kFixed ? cursor_.ReadFixed(node.schema->size)
                                               : cursor_.ReadBytes();
}

Status AvroPayloadDecoder::ReadBytes(Node* node) {
  const std::string_view bytes = ReadRaw(*node);
  if (!cursor_.ok()) return cursor_.status();
  const Type& type = node->column->type();
  if (node->read == Read::kUuidText) {
    const std::optional<Uuid> uuid = ParseUuid(bytes);
    return uuid ? node->column->AppendFixed(*uuid) : Mismatch(*node);
  }
  const size_t length = type.id() == TypeId::kUuid    ? sizeof(Uuid)
                        : type.id() == TypeId::kFixed ? static_cast<size_t>(type.length())
                                                      : bytes.size();
  if (bytes.size() != length) return Mismatch(*node);
  if (type.id() == TypeId::kString && !IsAscii(bytes) && !IsUtf8(bytes)) {
    return Error(ErrorKind::kInvalidData, "Avro's text is not valid UTF-8: column ",
                 schema_->FullName(node->column->field().id));
  }
  return node->column->AppendBytes(bytes);
}

Status AvroPayloadDecoder::ReadDecimal(Node* node) {
  const std::string_view bytes = ReadRaw(*node);
  if (!cursor_.ok()) return cursor_.status();
  if (bytes.empty() || bytes.size() > kMaxDecimalBytes) return OutOfRange(*node);
  const auto unscaled = arrow::Decimal128::FromBigEndian(
      reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int32_t>(bytes.size()));
  if (!unscaled.ok()) return OutOfRange(*node);
  const Type& type = node->column->type();
  const auto value = unscaled->Rescale(node->schema->scale, type.scale());
  if (!value.ok() || !value->FitsInPrecision(type.precision())) return OutOfRange(*node);
  return node->column->AppendFixed(value->ToBytes());
}

Status AvroPayloadDecoder::ReadEnum(Node* node) {
  const int64_t symbol = cursor_.ReadInt();
  const std::vector<std::string>& symbols = node->schema->symbols;
  if (!cursor_.ok()) return cursor_.status();
  if (symbol < 0 || static_cast<size_t>(symbol) >= symbols.size()) {
    return Error(ErrorKind::kInvalidData, "Avro data is damaged: enum has no such symbol");
  }
  return node->column->AppendBytes(symbols[static_cast<size_t>(symbol)]);
}

Status AvroPayloadDecoder::ReadRecord(Node* node) {
  for (Node& child : node->children) ICEFRAME_RETURN_NOT_OK(ReadValue(&child));
  return CompleteStruct(*schema_, node->column);
}

Status AvroPayloadDecoder::ReadItems(Node* node) {
  const bool is_map = node->read == Read::kMap;
  const AvroSchema& items = *node->schema->items;
  const int64_t begin = node->column->next_offset();
  while (int64_t count = cursor_.ReadBlockCount(items.min_size + (is_map ? 1 : 0))) {
    for (; count > 0 && cursor_.ok(); --count) {
      if (is_map) {
        const std::string_view key = cursor_.ReadBytes();
        if (!IsAscii(key) && !IsUtf8(key)) {
          return Error(ErrorKind::kInvalidData, "Avro's text is not valid UTF-8: column ",
                       schema_->FullName(node->column->field().id));
        }
        ICEFRAME_RETURN_NOT_OK(node->column->children().front().AppendBytes(key));
      }
      ICEFRAME_RETURN_NOT_OK(ReadValue(&node->children.front()));
    }
  }
  if (is_map) ICEFRAME_RETURN_NOT_OK(CheckMapKeys(node, begin));
  return node->column->AppendNested();
}

Status AvroPayloadDecoder::CheckMapKeys(Node* node, int64_t begin) {
  const GrowingColumn& keys = node->column->children().front();
  if (!HasRepeated(keys, begin)) return Status::OK();
  return Error(ErrorKind::kSchemaMismatch, "duplicate key in a map: column ",
               schema_->FullName(node->column->field().id));
}

}  // namespace iceframe
