// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/identifier.h"

#include "iceframe/base/utf8.h"

namespace iceframe {

namespace {

constexpr size_t kMaxNameBytes = 255;

// Names are shown in errors, where control characters could forge lines.
std::string Shown(std::string_view name) {
  std::string shown;
  for (const char c : name.substr(0, kMaxNameBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return shown;
}

Status CheckNewName(std::string_view name, std::string_view what) {
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorKind::kInvalidArgument, what, " name ", why, ": '", Shown(name), "'");
  };
  if (name.empty()) return refuse("is empty");
  if (name.size() > kMaxNameBytes) return refuse("has more than 255 bytes");
  if (name == "." || name == "..") return refuse("means a folder, not a name");
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return refuse("holds a control character");
    if (c == '/' || c == '\\') return refuse("holds a slash or backslash");
    if (c == '.') return refuse("holds a dot");
  }
  if (!IsUtf8(name)) return Error(ErrorKind::kInvalidArgument, what, " name is not UTF-8");
  return Status::OK();
}

}  // namespace

std::string ToString(const Namespace& name_space) {
  std::string text;
  for (const std::string& level : name_space) {
    if (!text.empty()) text += '.';
    text += level;
  }
  return text;
}

Result<Namespace> ParseNamespace(std::string_view text) {
  Namespace levels;
  if (text.empty()) return levels;
  while (true) {
    const size_t dot = text.find('.');
    const std::string_view level = text.substr(0, dot);
    if (level.empty()) {
      return Error(ErrorKind::kInvalidArgument, "name has an empty part: '", Shown(text), "'");
    }
    levels.emplace_back(level);
    if (dot == std::string_view::npos) return levels;
    text.remove_prefix(dot + 1);
  }
}

std::string TableIdentifier::ToString() const {
  const std::string prefix = iceframe::ToString(name_space);
  return prefix.empty() ? name : prefix + "." + name;
}

Result<TableIdentifier> TableIdentifier::Parse(std::string_view text) {
  if (text.empty()) return Error(ErrorKind::kInvalidArgument, "table name is empty");
  auto levels = ParseNamespace(text);
  if (!levels.ok()) {
    return Error(ErrorKind::kInvalidArgument, "table name has an empty part: '", Shown(text), "'");
  }
  TableIdentifier identifier;
  identifier.name_space = std::move(levels).MoveValueUnsafe();
  identifier.name = std::move(identifier.name_space.back());
  identifier.name_space.pop_back();
  return identifier;
}

Status CheckNamespace(const Namespace& name_space) {
  if (name_space.empty()) return Error(ErrorKind::kInvalidArgument, "namespace is empty");
  for (const std::string& level : name_space) {
    if (level.empty()) {
      return Error(ErrorKind::kInvalidArgument, "namespace has an empty level: '",
                   Shown(ToString(name_space)), "'");
    }
  }
  return Status::OK();
}

Status CheckIdentifier(const TableIdentifier& identifier) {
  if (identifier.name.empty()) return Error(ErrorKind::kInvalidArgument, "table name is empty");
  if (identifier.name_space.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "table name has no namespace (write namespace.table): ", Shown(identifier.name));
  }
  return CheckNamespace(identifier.name_space);
}

Status CheckNewNamespace(const Namespace& name_space) {
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  for (const std::string& level : name_space) {
    ICEFRAME_RETURN_NOT_OK(CheckNewName(level, "namespace"));
  }
  if (ToString(name_space).size() > kMaxNameBytes) {
    return Error(ErrorKind::kInvalidArgument, "namespace name has more than 255 bytes: '",
                 Shown(ToString(name_space)), "'");
  }
  return Status::OK();
}

Status CheckNewIdentifier(const TableIdentifier& identifier) {
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_RETURN_NOT_OK(CheckNewNamespace(identifier.name_space));
  return CheckNewName(identifier.name, "table");
}

}  // namespace iceframe
