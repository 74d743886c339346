// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/json_fields.h"

#include <algorithm>
#include <utility>

namespace iceframe {
namespace {

/// Keys beyond that share one place: they cost no memory, and are found more slowly.
constexpr size_t kMaxUnknown = 1000;
/// The place of those keys; the first one is the start.
constexpr JsonFields::Place kOther = 1;

}  // namespace

JsonFields::JsonFields() : keys_(kOther + 1) {}

void JsonFields::Add(std::string_view name, int field) { AddKey(name, field); }

JsonFields::Place JsonFields::AddKey(std::string_view name, int field) {
  const auto place = static_cast<Place>(keys_.size());
  Key key;
  key.name = name;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
  });
  if (plain) key.quoted = "\"" + key.name + "\"";
  key.field = field;
  keys_.push_back(std::move(key));
  places_.emplace(name, place);
  return place;
}

JsonFields::Place JsonFields::Find(std::string_view name) {
  const auto found = places_.find(name);
  if (found != places_.end()) return found->second;
  if (num_unknown_ < kMaxUnknown) {
    ++num_unknown_;
    return AddKey(name, kUnknown);
  }
  keys_[kOther].name = name;
  return kOther;
}

bool JsonFields::ReadKey(JsonCursor* cursor, Place* place) {
  const Place expected = keys_[*place].next;
  const std::string& quoted = keys_[expected].quoted;
  if (!quoted.empty() && cursor->Take(quoted)) {
    *place = expected;
    return true;
  }
  std::string_view name;
  if (cursor->peek() != '"') return cursor->Malformed("a key");
  if (!cursor->ReadText(&scratch_, &name)) return false;
  const Place found = Find(name);
  keys_[*place].next = found;
  *place = found;
  return true;
}

}  // namespace iceframe
