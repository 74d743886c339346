// SPDX-License-Identifier: Apache-2.0
// Settings: their types, defaults and sources. What can be set, each layer declares in a list of
// its own (runtime_settings.h for this one); the front door joins them (all_settings.h).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"

namespace iceframe {

enum class SettingType : uint8_t {
  kBool,
  kInteger,
  /// A size: "1048576", "64MiB", "2 GB".
  kBytes,
  /// A time: "250ms", "5s", "10min", "2h"; a plain number is in milliseconds.
  kDuration,
  kString,
};
std::string_view ToString(SettingType type);

/// Where a value came from; a later one of this list wins over an earlier one.
enum class SettingSource : uint8_t { kDefault, kTableProperty, kFile, kEnvironment, kArgument };
std::string_view ToString(SettingSource source);

struct SettingDefinition {
  std::string_view name;
  SettingType type = SettingType::kString;
  std::string_view default_text;
  /// Bounds of numbers, sizes (bytes) and durations (milliseconds).
  int64_t min_value = 0;
  int64_t max_value = 0;
  /// Whether a table property of the same name gives the value where nothing else does.
  bool is_table_property = false;
  std::string_view description;
};

inline constexpr int64_t kMaxSettingMs = 24 * 3'600'000;

/// The settings of one layer, or of all.
using SettingsList = std::span<const SettingDefinition>;

/// Several lists as one, sorted by name. Does not compile where two settings have the same name.
template <size_t... kSizes>
consteval auto JoinSettings(const std::array<SettingDefinition, kSizes>&... lists) {
  std::array<SettingDefinition, (kSizes + ...)> joined;
  size_t size = 0;
  const auto insert = [&](const SettingDefinition& setting) {
    size_t place = size++;
    for (; place > 0 && setting.name < joined[place - 1].name; --place) {
      joined[place] = joined[place - 1];
    }
    joined[place] = setting;
  };
  const auto append = [&](const auto& list) {
    for (const SettingDefinition& setting : list) insert(setting);
  };
  (append(lists), ...);
  for (size_t i = 1; i < joined.size(); ++i) {
    if (joined[i - 1].name == joined[i].name) throw "two settings have the same name";
  }
  return joined;
}

/// Returns the setting of that name, or nullptr.
const SettingDefinition* FindSetting(SettingsList settings, std::string_view name);
/// Returns the variable that sets it: "memory.limit" → "ICEFRAME_MEMORY_LIMIT".
std::string EnvironmentNameOf(std::string_view setting);

struct SettingValue {
  const SettingDefinition* definition = nullptr;
  std::string text;
  SettingSource source = SettingSource::kDefault;
};

/// What settings are made from; each may be empty.
struct SettingsSources {
  Properties arguments;
  /// All variables of the process; those that don't begin with ICEFRAME_ are left alone.
  Properties environment;
  /// The file's keys, nested ones joined by dots.
  Properties file;
};

/// Returns those of `settings` that some source sets, each by the source that wins, sorted by name.
/// Errors: InvalidArgument for an unknown name in the arguments or the file (with the nearest one),
/// or a value that its type and bounds don't allow; both say which source it was. Variables that
/// name no setting are left out: see UnknownVariables.
Result<std::vector<SettingValue>> ResolveSettings(SettingsList settings,
                                                  const SettingsSources& sources);

/// A variable that begins as those of settings do, and the one that was most likely meant.
struct UnknownVariable {
  std::string name;
  std::string nearest;
};
/// Returns the variables that look like a setting's and are none's, nor of another part.
std::vector<UnknownVariable> UnknownVariables(SettingsList settings, const Properties& environment);

/// As ResolveSettings, in the form that an OperationContext carries.
Result<std::shared_ptr<const Properties>> MakeSettings(SettingsList settings,
                                                       const SettingsSources& sources);

/// Reads those of `settings` by name and type: the session's value, else the table's property, else
/// the default. Keeps pointers only; either of the two may be nullptr. An empty property counts as
/// not set.
/// Errors: InvalidArgument for an unknown name, another type or a value that can't be read.
class SettingsReader {
 public:
  SettingsReader(SettingsList settings, const Properties* session,
                 const Properties* table_properties = nullptr)
      : settings_(settings), session_(session), table_properties_(table_properties) {}

  Result<SettingValue> Find(std::string_view name) const;
  Result<bool> Bool(std::string_view name) const;
  Result<int64_t> Integer(std::string_view name) const;
  Result<int64_t> Bytes(std::string_view name) const;
  Result<std::chrono::milliseconds> Duration(std::string_view name) const;
  Result<std::string> String(std::string_view name) const;

 private:
  Result<int64_t> Number(std::string_view name, SettingType type) const;

  SettingsList settings_;
  const Properties* session_;
  const Properties* table_properties_;
};

/// true/false, yes/no, on/off, 1/0 in any case. Errors: InvalidArgument.
Result<bool> ParseBool(std::string_view text);
/// Errors: InvalidArgument, also for what doesn't fit into int64.
Result<int64_t> ParseInteger(std::string_view text);
/// Errors: InvalidArgument.
Result<int64_t> ParseBytes(std::string_view text);
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

}  // namespace iceframe
