// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/avro_schema.h"

#include <map>
#include <unordered_map>

#include "iceframe/base/json.h"

namespace iceframe {

namespace {

// More than any real file has; keeps sums of sizes far from overflow.
constexpr int64_t kMaxFixedSize = int64_t{1} << 31;

std::optional<AvroKind> PrimitiveKind(std::string_view name) {
  if (name == "null") return AvroKind::kNull;
  if (name == "boolean") return AvroKind::kBoolean;
  if (name == "int") return AvroKind::kInt;
  if (name == "long") return AvroKind::kLong;
  if (name == "float") return AvroKind::kFloat;
  if (name == "double") return AvroKind::kDouble;
  if (name == "bytes") return AvroKind::kBytes;
  if (name == "string") return AvroKind::kString;
  return std::nullopt;
}

std::string FullName(std::string_view name, std::string_view name_space) {
  if (name_space.empty() || name.find('.') != std::string_view::npos) return std::string(name);
  return std::string(name_space) + "." + std::string(name);
}

std::string_view NamespaceOf(std::string_view full_name) {
  auto dot = full_name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : full_name.substr(0, dot);
}

Result<std::optional<FieldId>> OptionalId(const Json& json, std::string_view key) {
  const Json* id = json.Find(key);
  if (id == nullptr) return std::nullopt;
  ICEFRAME_ASSIGN_OR_RETURN(FieldId value, id->AsInt32());
  return std::optional<FieldId>(value);
}

}  // namespace

// Builds the nodes of one document.
class AvroSchemaParser {
 public:
  explicit AvroSchemaParser(AvroSchemaDocument* document) : document_(document) {}

  Result<const AvroSchema*> Parse(const Json& json, std::string_view name_space) {
    if (json.is_string()) return ParseName(json.text(), name_space);
    if (json.is_array()) return ParseUnion(json, name_space);
    if (!json.is_object()) {
      return Error(ErrorKind::kInvalidData, "Avro schema is neither a name, a list nor an object");
    }
    ICEFRAME_ASSIGN_OR_RETURN(const Json* type, json.Get("type"));
    if (!type->is_string()) return Parse(*type, name_space);
    const std::string& kind = type->text();
    if (kind == "record" || kind == "error") return ParseRecord(json, name_space);
    if (kind == "enum") return ParseEnum(json, name_space);
    if (kind == "fixed") return ParseFixed(json, name_space);
    if (kind == "array" || kind == "map") return ParseContainer(json, kind, name_space);
    if (auto primitive = PrimitiveKind(kind)) {
      AvroSchema* node = NewNode(*primitive);
      ICEFRAME_RETURN_NOT_OK(ParseLogicalType(json, node));
      return node;
    }
    return ParseName(kind, name_space);
  }

 private:
  AvroSchema* NewNode(AvroKind kind) {
    document_->nodes_.emplace_back();
    document_->nodes_.back().kind = kind;
    return &document_->nodes_.back();
  }

  Result<const AvroSchema*> ParseName(const std::string& name, std::string_view name_space) {
    if (auto kind = PrimitiveKind(name)) return NewNode(*kind);
    auto found = named_.find(FullName(name, name_space));
    if (found == named_.end()) found = named_.find(name);
    if (found == named_.end()) {
      return Error(ErrorKind::kInvalidData, "Avro schema names an unknown type: ", name);
    }
    return found->second;
  }

  Result<const AvroSchema*> ParseUnion(const Json& json, std::string_view name_space) {
    AvroSchema* node = NewNode(AvroKind::kUnion);
    for (const Json& item : json.items()) {
      if (item.is_array()) {
        return Error(ErrorKind::kInvalidData, "Avro union holds a union directly");
      }
      ICEFRAME_ASSIGN_OR_RETURN(const AvroSchema* branch, Parse(item, name_space));
      node->branches.push_back(branch);
    }
    if (node->branches.empty()) {
      return Error(ErrorKind::kInvalidData, "Avro union has no branch");
    }
    return node;
  }

  // Some writers define the same named type twice; the later definition counts from there on.
  Result<AvroSchema*> NewNamed(AvroKind kind, const Json& json, std::string_view name_space) {
    ICEFRAME_ASSIGN_OR_RETURN(const Json* name, json.Get("name"));
    ICEFRAME_ASSIGN_OR_RETURN(std::string text, name->AsString());
    std::string own_namespace(name_space);
    if (const Json* given = json.Find("namespace")) {
      ICEFRAME_ASSIGN_OR_RETURN(own_namespace, given->AsString());
    }
    AvroSchema* node = NewNode(kind);
    node->name = FullName(text, own_namespace);
    named_[node->name] = node;
    return node;
  }

  Result<const AvroSchema*> ParseRecord(const Json& json, std::string_view name_space) {
    ICEFRAME_ASSIGN_OR_RETURN(AvroSchema * node, NewNamed(AvroKind::kRecord, json, name_space));
    ICEFRAME_ASSIGN_OR_RETURN(const Json* fields, json.Get("fields"));
    if (!fields->is_array()) {
      return Error(ErrorKind::kInvalidData, "Avro record has no list of fields: ", node->name);
    }
    const std::string inner(NamespaceOf(node->name));
    for (const Json& item : fields->items()) {
      AvroField field;
      ICEFRAME_ASSIGN_OR_RETURN(const Json* name, item.Get("name"));
      ICEFRAME_ASSIGN_OR_RETURN(field.name, name->AsString());
      ICEFRAME_ASSIGN_OR_RETURN(field.field_id, OptionalId(item, "field-id"));
      ICEFRAME_ASSIGN_OR_RETURN(const Json* type, item.Get("type"));
      ICEFRAME_ASSIGN_OR_RETURN(field.type, Parse(*type, inner));
      node->fields.push_back(std::move(field));
    }
    ICEFRAME_RETURN_NOT_OK(ParseLogicalType(json, node));
    return node;
  }

  Result<const AvroSchema*> ParseEnum(const Json& json, std::string_view name_space) {
    ICEFRAME_ASSIGN_OR_RETURN(AvroSchema * node, NewNamed(AvroKind::kEnum, json, name_space));
    ICEFRAME_ASSIGN_OR_RETURN(const Json* symbols, json.Get("symbols"));
    for (const Json& item : symbols->items()) {
      ICEFRAME_ASSIGN_OR_RETURN(std::string symbol, item.AsString());
      node->symbols.push_back(std::move(symbol));
    }
    return node;
  }

  Result<const AvroSchema*> ParseFixed(const Json& json, std::string_view name_space) {
    ICEFRAME_ASSIGN_OR_RETURN(AvroSchema * node, NewNamed(AvroKind::kFixed, json, name_space));
    ICEFRAME_ASSIGN_OR_RETURN(const Json* size, json.Get("size"));
    ICEFRAME_ASSIGN_OR_RETURN(node->size, size->AsInt64());
    if (node->size < 0 || node->size > kMaxFixedSize) {
      return Error(ErrorKind::kInvalidData, "Avro fixed has an impossible size: ", node->size);
    }
    ICEFRAME_RETURN_NOT_OK(ParseLogicalType(json, node));
    return node;
  }

  Result<const AvroSchema*> ParseContainer(const Json& json, std::string_view kind,
                                           std::string_view name_space) {
    const bool is_array = kind == "array";
    AvroSchema* node = NewNode(is_array ? AvroKind::kArray : AvroKind::kMap);
    ICEFRAME_ASSIGN_OR_RETURN(const Json* items, json.Get(is_array ? "items" : "values"));
    ICEFRAME_ASSIGN_OR_RETURN(node->items, Parse(*items, name_space));
    ICEFRAME_ASSIGN_OR_RETURN(node->element_id, OptionalId(json, "element-id"));
    ICEFRAME_ASSIGN_OR_RETURN(node->key_id, OptionalId(json, "key-id"));
    ICEFRAME_ASSIGN_OR_RETURN(node->value_id, OptionalId(json, "value-id"));
    ICEFRAME_RETURN_NOT_OK(ParseLogicalType(json, node));
    return node;
  }

  static Status ParseLogicalType(const Json& json, AvroSchema* node) {
    const Json* logical = json.Find("logicalType");
    if (logical == nullptr || !logical->is_string()) return Status::OK();
    node->logical_type = logical->text();
    if (const Json* precision = json.Find("precision")) {
      ICEFRAME_ASSIGN_OR_RETURN(node->precision, precision->AsInt32());
    }
    if (const Json* scale = json.Find("scale")) {
      ICEFRAME_ASSIGN_OR_RETURN(node->scale, scale->AsInt32());
    }
    if (const Json* adjust = json.Find("adjust-to-utc")) {
      if (adjust->is_bool()) {
        ICEFRAME_ASSIGN_OR_RETURN(node->adjust_to_utc, adjust->AsBool());
      }
    }
    return Status::OK();
  }

  AvroSchemaDocument* document_;
  std::map<std::string, const AvroSchema*, std::less<>> named_;
};

namespace {

// Fills in min_size and is_empty, each node once. A type met again on its own path counts as
// "at least nothing", which holds for any datum.
class SizeBounds {
 public:
  void Visit(AvroSchema* node) {
    auto [state, is_new] = states_.try_emplace(node, false);
    if (!is_new) return;
    switch (node->kind) {
      case AvroKind::kNull:
        node->is_empty = true;
        break;
      case AvroKind::kFloat:
        node->min_size = 4;
        break;
      case AvroKind::kDouble:
        node->min_size = 8;
        break;
      case AvroKind::kFixed:
        node->min_size = node->size;
        node->is_empty = node->size == 0;
        break;
      case AvroKind::kRecord:
        VisitRecord(node);
        break;
      case AvroKind::kArray:
      case AvroKind::kMap:
        Visit(Mutable(node->items));
        node->min_size = 1;
        break;
      case AvroKind::kUnion:
        for (const AvroSchema* branch : node->branches) Visit(Mutable(branch));
        node->min_size = 1;
        break;
      case AvroKind::kBoolean:
      case AvroKind::kInt:
      case AvroKind::kLong:
      case AvroKind::kBytes:
      case AvroKind::kString:
      case AvroKind::kEnum:
        node->min_size = 1;
        break;
    }
  }

 private:
  // All nodes belong to the document that is being built.
  static AvroSchema* Mutable(const AvroSchema* node) { return const_cast<AvroSchema*>(node); }

  void VisitRecord(AvroSchema* node) {
    int64_t sum = 0;
    bool all_empty = true;
    for (const AvroField& field : node->fields) {
      Visit(Mutable(field.type));
      sum = std::min(sum + field.type->min_size, kMaxFixedSize);
      all_empty = all_empty && field.type->is_empty;
    }
    node->min_size = sum;
    node->is_empty = all_empty;
  }

  std::unordered_map<const AvroSchema*, bool> states_;
};

}  // namespace

Result<std::shared_ptr<const AvroSchemaDocument>> AvroSchemaDocument::Parse(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(Json json, Json::Parse(text));
  std::shared_ptr<AvroSchemaDocument> document(new AvroSchemaDocument());
  AvroSchemaParser parser(document.get());
  auto root = parser.Parse(json, "");
  if (!root.ok()) {
    return Error(ErrorKind::kInvalidData, "Avro schema is not valid: ", root.status().message());
  }
  document->root_ = *root;
  SizeBounds().Visit(const_cast<AvroSchema*>(document->root_));
  return std::shared_ptr<const AvroSchemaDocument>(std::move(document));
}

std::string_view ToString(AvroKind kind) {
  switch (kind) {
    case AvroKind::kNull:
      return "null";
    case AvroKind::kBoolean:
      return "boolean";
    case AvroKind::kInt:
      return "int";
    case AvroKind::kLong:
      return "long";
    case AvroKind::kFloat:
      return "float";
    case AvroKind::kDouble:
      return "double";
    case AvroKind::kBytes:
      return "bytes";
    case AvroKind::kString:
      return "string";
    case AvroKind::kFixed:
      return "fixed";
    case AvroKind::kEnum:
      return "enum";
    case AvroKind::kRecord:
      return "record";
    case AvroKind::kArray:
      return "array";
    case AvroKind::kMap:
      return "map";
    case AvroKind::kUnion:
      return "union";
  }
  return "?";
}

}  // namespace iceframe
