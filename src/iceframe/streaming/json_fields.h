// SPDX-License-Identifier: Apache-2.0
// Finds the fields of a struct by the keys of JSON objects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "iceframe/streaming/json_cursor.h"

namespace iceframe {

/// The keys of one struct. A producer writes its keys in the same order message after message: the
/// key that followed another one last time is tried first, with its quotes, against the text.
class JsonFields {
 public:
  static constexpr int kUnknown = -1;

  JsonFields();
  /// Adds a field of the struct, by its position.
  void Add(std::string_view name, int field);

  /// Where a search stands: the key found last.
  using Place = uint32_t;
  static constexpr Place kStart = 0;

  /// Goes past a key; `place` becomes its own. Returns false where there is none.
  bool ReadKey(JsonCursor* cursor, Place* place);
  /// The field of the key found last, or kUnknown.
  int FieldAt(Place place) const { return keys_[place].field; }
  /// Its name.
  std::string_view NameAt(Place place) const { return keys_[place].name; }

 private:
  struct Key {
    std::string name;
    /// As it stands in a text; empty where it would have to be escaped.
    std::string quoted;
    int field = kUnknown;
    Place next = kStart;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  Place Find(std::string_view name);
  Place AddKey(std::string_view name, int field);

  std::vector<Key> keys_;
  std::unordered_map<std::string, Place, Hash, std::equal_to<>> places_;
  size_t num_unknown_ = 0;
  std::string scratch_;
};

}  // namespace iceframe
