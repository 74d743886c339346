// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/json_payload_decoder.h"

#include <algorithm>
#include <utility>

#include "iceframe/base/json.h"
#include "iceframe/base/utf8.h"
#include "iceframe/streaming/json_columns.h"

namespace iceframe {
namespace {

/// The depth of the document itself.
constexpr int kTopLevel = 1;
constexpr size_t kMaxValues = size_t{16} << 20;
/// Of messages that columns are added for.
constexpr size_t kMaxWideningBytes = size_t{1} << 20;
/// Of a value in an error.
constexpr size_t kMaxShownBytes = 60;

/// Whether it is null, or an array or object of such.
bool HoldsNothing(const Json& value) {
  return value.is_null() || ((value.is_array() || value.is_object()) &&
                             std::ranges::all_of(value.items(), HoldsNothing) &&
                             std::ranges::all_of(value.members(), [](const Json::Member& member) {
                               return HoldsNothing(member.second);
                             }));
}

}  // namespace

JsonPayloadDecoder::JsonPayloadDecoder(std::shared_ptr<const Schema> schema, GrowingColumn* row,
                                       const std::vector<bool>& is_taken, SchemaEvolution evolution)
    : schema_(std::move(schema)), refuses_unknown_(evolution != SchemaEvolution::kOff) {
  root_ = MakeNode(row);
  root_.fields = JsonFields();
  for (size_t i = 0; i < root_.children.size(); ++i) {
    const std::string& name = root_.children[i].column->field().name;
    if (is_taken[i]) {
      taken_.push_back(name);
    } else {
      root_.fields.Add(name, static_cast<int>(i));
    }
  }
}

JsonPayloadDecoder::Node JsonPayloadDecoder::MakeNode(GrowingColumn* column) {
  Node node;
  node.column = column;
  for (GrowingColumn& child : column->children()) {
    node.fields.Add(child.field().name, static_cast<int>(node.children.size()));
    node.children.push_back(MakeNode(&child));
  }
  return node;
}

Status JsonPayloadDecoder::Decode(std::string_view payload) {
  num_values_ = 0;
  if (!cursor_.Begin(payload)) return cursor_.status();
  cursor_.SkipSpace();
  if (cursor_.peek() != '{') {
    if (cursor_.SkipValue(kTopLevel)) cursor_.Malformed("an object");
    return cursor_.status();
  }
  if (ReadStruct(&root_, kTopLevel)) cursor_.ReadEnd();
  return cursor_.status();
}

bool JsonPayloadDecoder::Reject(Node* node, std::string_view what, std::string_view value) {
  const NestedField& field = node->column->field();
  std::string shown(value.substr(0, kMaxShownBytes));
  if (value.size() > kMaxShownBytes) shown += "…";
  return cursor_.Fail(Error(ErrorKind::kSchemaMismatch, what, ": column ",
                            schema_->FullName(field.id), " (", field.type.ToString(), ")",
                            value.empty() ? "" : ": ", EscapeInvalidUtf8(std::move(shown))));
}

bool JsonPayloadDecoder::NotOfType(Node* node) {
  const char* start = cursor_.position();
  // A value that ends nowhere is the greater fault.
  if (!cursor_.SkipValue(kTopLevel)) return false;
  return Reject(node, "value is not of the column's type",
                {start, static_cast<size_t>(cursor_.position() - start)});
}

bool JsonPayloadDecoder::CheckTaken(const Result<Taken>& taken, Node* node, const char* start) {
  if (taken.ok() && *taken == Taken::kYes) return true;
  if (!taken.ok()) return cursor_.Fail(taken.status());
  const std::string_view value(start, static_cast<size_t>(cursor_.position() - start));
  return Reject(node,
                *taken == Taken::kNotOfType ? "value is not of the column's type"
                                            : "value can't be kept exactly, or is out of range",
                value);
}

bool JsonPayloadDecoder::ReadValue(Node* node, int depth) {
  if (depth > JsonCursor::kMaxDepth) return cursor_.SkipValue(depth);
  if (++num_values_ > kMaxValues) {
    return cursor_.Fail(
        Error(ErrorKind::kInvalidData, "JSON holds too many values, at most ", kMaxValues));
  }
  if (cursor_.peek() == 'n') return ReadNull(node);
  switch (node->column->type().id()) {
    case TypeId::kString:
      return ReadString(node);
    case TypeId::kBoolean:
      return ReadBoolean(node);
    case TypeId::kInt:
    case TypeId::kLong:
      return ReadNumber(node);
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
      return cursor_.peek() == '"' ? ReadText(node) : ReadNumber(node);
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
      return ReadText(node);
    case TypeId::kStruct:
      return cursor_.peek() == '{' ? ReadStruct(node, depth) : NotOfType(node);
    case TypeId::kList:
      return ReadList(node, depth);
    case TypeId::kMap:
      return ReadMap(node, depth);
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      break;
  }
  return NotOfType(node);
}

bool JsonPayloadDecoder::ReadNull(Node* node) {
  if (!cursor_.ReadWord("null")) return false;
  if (node->column->field().required) return Reject(node, "column is required, and null is given");
  return Check(node->column->AppendNull());
}

bool JsonPayloadDecoder::ReadBoolean(Node* node) {
  if (cursor_.Take("true")) return Check(node->column->AppendFixed(uint8_t{1}));
  if (cursor_.Take("false")) return Check(node->column->AppendFixed(uint8_t{0}));
  return NotOfType(node);
}

bool JsonPayloadDecoder::ReadNumber(Node* node) {
  const char first = cursor_.peek();
  if (first != '-' && (first < '0' || first > '9')) return NotOfType(node);
  const char* start = cursor_.position();
  JsonNumber number;
  return cursor_.ReadNumber(&number) && CheckTaken(AppendNumber(number, node->column), node, start);
}

bool JsonPayloadDecoder::ReadString(Node* node) {
  if (cursor_.peek() != '"') return NotOfType(node);
  int64_t num_bytes = 0;
  if (!cursor_.BoundText(&num_bytes)) return false;
  if (!Check(node->column->ReserveBytes(num_bytes))) return false;
  return cursor_.CopyText(node->column->next_bytes(), &num_bytes) &&
         Check(node->column->AppendReserved(num_bytes));
}

bool JsonPayloadDecoder::ReadText(Node* node) {
  if (cursor_.peek() != '"') return NotOfType(node);
  const char* start = cursor_.position();
  std::string_view text;
  return cursor_.ReadText(&scratch_, &text) &&
         CheckTaken(AppendText(text, node->column), node, start);
}

bool JsonPayloadDecoder::ReadStruct(Node* node, int depth) {
  cursor_.Take('{');
  JsonFields::Place place = JsonFields::kStart;
  cursor_.SkipSpace();
  if (!cursor_.Take('}')) {
    do {
      cursor_.SkipSpace();
      if (!node->fields.ReadKey(&cursor_, &place)) return false;
      cursor_.SkipSpace();
      if (!cursor_.Take(':')) return cursor_.Malformed("a colon");
      cursor_.SkipSpace();
      if (!ReadMember(node, place, depth + 1)) return false;
      cursor_.SkipSpace();
    } while (cursor_.Take(','));
    if (!cursor_.Take('}')) return cursor_.Malformed("a comma or }");
  }
  return Check(CompleteStruct(*schema_, node->column));
}

bool JsonPayloadDecoder::ReadMember(Node* node, JsonFields::Place place, int depth) {
  const int field = node->fields.FieldAt(place);
  if (field == JsonFields::kUnknown) return PassUnknown(node, place, depth);
  Node* child = &node->children[static_cast<size_t>(field)];
  if (child->column->length() != node->column->length()) {
    return cursor_.Fail(Error(ErrorKind::kInvalidData,
                              "duplicate key in JSON object: ", node->fields.NameAt(place)));
  }
  return ReadValue(child, depth);
}

bool JsonPayloadDecoder::PassUnknown(Node* node, JsonFields::Place place, int depth) {
  const char* start = cursor_.position();
  if (!cursor_.SkipValue(depth)) return false;
  if (!refuses_unknown_) return true;
  const std::string_view value(start, static_cast<size_t>(cursor_.position() - start));
  const std::string_view name = node->fields.NameAt(place);
  if (value == "null" || (node == &root_ && std::ranges::find(taken_, name) != taken_.end())) {
    return true;
  }
  // Null and what holds nothing else ask for no column.
  if (value.size() <= kMaxWideningBytes) {
    const Result<Json> parsed = Json::Parse(value);
    if (parsed.ok() && HoldsNothing(*parsed)) return true;
  }
  std::string path = schema_->FullName(node->column->field().id);
  if (!path.empty()) path += '.';
  return cursor_.Fail(
      Error(ErrorKind::kSchemaMismatch, "the table has no column for a field: ", path, name));
}

void JsonPayloadDecoder::Widen(std::string_view payload, SchemaEvolution evolution,
                               std::vector<NestedField>* fields) const {
  if (payload.size() > kMaxWideningBytes) return;
  Result<Json> object = Json::Parse(payload);
  if (!object.ok() || !object->is_object()) return;
  std::erase_if(object->members(), [this](const Json::Member& member) {
    return std::ranges::find(taken_, member.first) != taken_.end();
  });
  AddColumnsOf(*object, evolution, fields);
}

bool JsonPayloadDecoder::ReadList(Node* node, int depth) {
  if (!cursor_.Take('[')) return NotOfType(node);
  cursor_.SkipSpace();
  if (!cursor_.Take(']')) {
    do {
      cursor_.SkipSpace();
      if (!ReadValue(&node->children.front(), depth + 1)) return false;
      cursor_.SkipSpace();
    } while (cursor_.Take(','));
    if (!cursor_.Take(']')) return cursor_.Malformed("a comma or ]");
  }
  return Check(node->column->AppendNested());
}

bool JsonPayloadDecoder::ReadMap(Node* node, int depth) {
  const int64_t begin = node->column->next_offset();
  const bool is_object = cursor_.peek() == '{';
  const char end = is_object ? '}' : ']';
  if (!cursor_.Take('{') && !cursor_.Take('[')) return NotOfType(node);
  cursor_.SkipSpace();
  if (!cursor_.Take(end)) {
    do {
      cursor_.SkipSpace();
      if (is_object ? !ReadMapMember(node, depth + 1) : !ReadMapEntry(node, depth + 1)) {
        return false;
      }
      cursor_.SkipSpace();
    } while (cursor_.Take(','));
    if (!cursor_.Take(end)) return cursor_.Malformed(is_object ? "a comma or }" : "a comma or ]");
  }
  return CheckKeys(node, begin) && Check(node->column->AppendNested());
}

bool JsonPayloadDecoder::ReadMapMember(Node* node, int depth) {
  Node* key = &node->children[0];
  const char* start = cursor_.position();
  std::string_view text;
  if (cursor_.peek() != '"') return cursor_.Malformed("a key");
  if (!cursor_.ReadText(&scratch_, &text)) return false;
  if (!CheckTaken(AppendKey(text, key->column), key, start)) return false;
  cursor_.SkipSpace();
  if (!cursor_.Take(':')) return cursor_.Malformed("a colon");
  cursor_.SkipSpace();
  return ReadValue(&node->children[1], depth);
}

bool JsonPayloadDecoder::ReadMapEntry(Node* node, int depth) {
  if (cursor_.Take('{')) return ReadMapEntryMember(node, depth + 1);
  if (!cursor_.Take('[')) return NotOfType(node);
  cursor_.SkipSpace();
  if (!ReadValue(&node->children[0], depth + 1)) return false;
  cursor_.SkipSpace();
  if (!cursor_.Take(',')) return cursor_.Malformed("a comma and the key's value");
  cursor_.SkipSpace();
  if (!ReadValue(&node->children[1], depth + 1)) return false;
  cursor_.SkipSpace();
  return cursor_.Take(']') || cursor_.Malformed("the end of a key and its value");
}

bool JsonPayloadDecoder::ReadMapEntryMember(Node* node, int depth) {
  const int64_t num_entries = node->children[0].column->length();
  JsonFields::Place place = JsonFields::kStart;
  do {
    cursor_.SkipSpace();
    if (!node->fields.ReadKey(&cursor_, &place)) return false;
    cursor_.SkipSpace();
    if (!cursor_.Take(':')) return cursor_.Malformed("a colon");
    cursor_.SkipSpace();
    const int field = node->fields.FieldAt(place);
    if (field == JsonFields::kUnknown) return cursor_.Malformed("a key named key or value");
    Node* child = &node->children[static_cast<size_t>(field)];
    if (child->column->length() != num_entries) {
      return cursor_.Malformed("key and value once each");
    }
    if (!ReadValue(child, depth)) return false;
    cursor_.SkipSpace();
  } while (cursor_.Take(','));
  if (!cursor_.Take('}')) return cursor_.Malformed("a comma or }");
  for (const Node& child : node->children) {
    if (child.column->length() != num_entries + 1) return Reject(node, "map entry lacks a part");
  }
  return true;
}

bool JsonPayloadDecoder::CheckKeys(Node* node, int64_t begin) {
  const GrowingColumn& keys = *node->children[0].column;
  if (keys.type().is_nested() || !HasRepeated(keys, begin)) return true;
  return Reject(node, "duplicate key in a map");
}

}  // namespace iceframe
