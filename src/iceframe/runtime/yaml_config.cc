// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/yaml_config.h"

#include <yaml.h>

#include <cstddef>
#include <utility>

namespace iceframe {

namespace {

constexpr int kMaxDepth = 32;
constexpr size_t kMaxBytes = 1024 * 1024;

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }

  yaml_event_t* get() { return &event_; }
  yaml_event_type_t type() const { return event_.type; }
  const yaml_mark_t& mark() const { return event_.start_mark; }

  bool has_anchor_or_tag() const {
    switch (event_.type) {
      case YAML_SCALAR_EVENT:
        return event_.data.scalar.anchor != nullptr || event_.data.scalar.tag != nullptr;
      case YAML_SEQUENCE_START_EVENT:
        return event_.data.sequence_start.anchor != nullptr ||
               event_.data.sequence_start.tag != nullptr;
      case YAML_MAPPING_START_EVENT:
        return event_.data.mapping_start.anchor != nullptr ||
               event_.data.mapping_start.tag != nullptr;
      default:
        return false;
    }
  }

  std::string text() const {
    return std::string(reinterpret_cast<const char*>(event_.data.scalar.value),
                       event_.data.scalar.length);
  }

 private:
  yaml_event_t event_{};
};

Status YamlError(std::string_view what, const yaml_mark_t& mark) {
  return Error(ErrorKind::kInvalidArgument, "configuration file is not as it must be: ", what,
               " at line ", mark.line + 1, ", column ", mark.column + 1);
}

class Parser {
 public:
  Parser() = default;
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() {
    if (initialized_) yaml_parser_delete(&parser_);
  }

  Result<Json> Parse(std::string_view text) {
    initialized_ = yaml_parser_initialize(&parser_) == 1;
    if (!initialized_) return Error(ErrorKind::kResourceExhausted, "no memory for a YAML parser");
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
    ICEFRAME_RETURN_NOT_OK(Expect(YAML_STREAM_START_EVENT, "no stream"));
    Event event;
    ICEFRAME_RETURN_NOT_OK(Next(&event));
    if (event.type() == YAML_STREAM_END_EVENT) return Json::Object();
    Event root;
    ICEFRAME_RETURN_NOT_OK(Next(&root));
    // "# only a comment" and "---" give an empty scalar.
    const bool is_empty = root.type() == YAML_SCALAR_EVENT && root.text().empty();
    if (!is_empty && root.type() != YAML_MAPPING_START_EVENT) {
      return YamlError("the root is no mapping", root.mark());
    }
    Json tree = Json::Object();
    if (!is_empty) {
      ICEFRAME_ASSIGN_OR_RETURN(tree, Node(root, 0));
    }
    ICEFRAME_RETURN_NOT_OK(Expect(YAML_DOCUMENT_END_EVENT, "more than one root"));
    ICEFRAME_RETURN_NOT_OK(Expect(YAML_STREAM_END_EVENT, "more than one document"));
    return tree;
  }

 private:
  Status Next(Event* event) {
    if (yaml_parser_parse(&parser_, event->get()) == 1) return Status::OK();
    return YamlError(parser_.problem == nullptr ? "not YAML" : parser_.problem,
                     parser_.problem_mark);
  }

  Status Expect(yaml_event_type_t type, std::string_view otherwise) {
    Event event;
    ICEFRAME_RETURN_NOT_OK(Next(&event));
    return event.type() == type ? Status::OK() : YamlError(otherwise, event.mark());
  }

  Result<Json> Node(const Event& start, int depth) {
    if (depth > kMaxDepth) return YamlError("nested too deep", start.mark());
    if (start.has_anchor_or_tag()) {
      return YamlError("anchors and tags are not supported", start.mark());
    }
    switch (start.type()) {
      case YAML_SCALAR_EVENT:
        return Json::String(start.text());
      case YAML_MAPPING_START_EVENT:
        return Mapping(depth);
      case YAML_SEQUENCE_START_EVENT:
        return Sequence(depth);
      case YAML_ALIAS_EVENT:
        return YamlError("aliases are not supported", start.mark());
      default:
        return YamlError("unexpected end", start.mark());
    }
  }

  Result<Json> Mapping(int depth) {
    Json mapping = Json::Object();
    while (true) {
      Event key;
      ICEFRAME_RETURN_NOT_OK(Next(&key));
      if (key.type() == YAML_MAPPING_END_EVENT) return mapping;
      if (key.type() != YAML_SCALAR_EVENT || key.has_anchor_or_tag()) {
        return YamlError("a key is no plain text", key.mark());
      }
      std::string name = key.text();
      if (mapping.Find(name) != nullptr) return YamlError("duplicate key", key.mark());
      Event value;
      ICEFRAME_RETURN_NOT_OK(Next(&value));
      ICEFRAME_ASSIGN_OR_RETURN(Json node, Node(value, depth + 1));
      mapping.Add(std::move(name), std::move(node));
    }
  }

  Result<Json> Sequence(int depth) {
    Json sequence = Json::Array();
    while (true) {
      Event item;
      ICEFRAME_RETURN_NOT_OK(Next(&item));
      if (item.type() == YAML_SEQUENCE_END_EVENT) return sequence;
      ICEFRAME_ASSIGN_OR_RETURN(Json node, Node(item, depth + 1));
      sequence.Append(std::move(node));
    }
  }

  yaml_parser_t parser_{};
  bool initialized_ = false;
};

Status FlattenInto(const Json& node, const std::string& prefix, Properties* flat) {
  for (const auto& [key, value] : node.members()) {
    const std::string name = prefix.empty() ? key : prefix + "." + key;
    if (value.is_object()) {
      ICEFRAME_RETURN_NOT_OK(FlattenInto(value, name, flat));
    } else if (!value.is_string()) {
      return Error(ErrorKind::kInvalidArgument,
                   "configuration value is a list, not a text: ", name);
    } else if (!flat->emplace(name, value.text()).second) {
      return Error(ErrorKind::kInvalidArgument, "configuration key is given twice: ", name);
    }
  }
  return Status::OK();
}

}  // namespace

Result<Json> ParseYamlConfig(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Error(ErrorKind::kInvalidArgument, "configuration file is too large: ", text.size(),
                 " bytes, at most ", kMaxBytes);
  }
  return Parser().Parse(text);
}

Result<Properties> FlattenConfig(const Json& tree) {
  Properties flat;
  ICEFRAME_RETURN_NOT_OK(FlattenInto(tree, "", &flat));
  return flat;
}

}  // namespace iceframe
