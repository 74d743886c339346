// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/settings.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <memory>
#include <utility>

#include "iceframe/base/ascii.h"
#include "iceframe/base/nearest_name.h"

namespace iceframe {

namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kMiB = 1024 * 1024;

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr auto kByteUnits = std::to_array<Unit>({
    {"", 1},
    {"b", 1},
    {"kb", 1'000},
    {"mb", 1'000'000},
    {"gb", 1'000'000'000},
    {"tb", 1'000'000'000'000},
    {"kib", 1024},
    {"mib", kMiB},
    {"gib", 1024 * kMiB},
    {"tib", 1024 * 1024 * kMiB},
});

constexpr auto kTimeUnits = std::to_array<Unit>({
    {"", 1},
    {"ms", 1},
    {"s", 1'000},
    {"min", 60'000},
    {"h", kHourMs},
    {"d", 24 * kHourMs},
});

// A whole number and one of the units.
Result<int64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units,
                              std::string_view example) {
  const std::string_view trimmed = Trim(text);
  int64_t number = 0;
  const auto [end, code] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  const std::string unit_name = AsciiLower(
      Trim(trimmed.substr(code == std::errc() ? static_cast<size_t>(end - trimmed.data()) : 0)));
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit_name; });
  int64_t product = 0;
  if (code != std::errc() || unit == units.end() || number < 0 ||
      __builtin_mul_overflow(number, unit->factor, &product)) {
    return Error(ErrorKind::kInvalidArgument, "not a whole number with a unit as in ", example,
                 ": '", text, "'");
  }
  return product;
}

std::string_view SourceWord(SettingSource source) {
  switch (source) {
    case SettingSource::kArgument:
      return "argument";
    case SettingSource::kEnvironment:
      return "environment variable";
    case SettingSource::kFile:
      return "key of the configuration file";
    case SettingSource::kTableProperty:
      return "table property";
    case SettingSource::kDefault:
      return "default";
  }
  return "default";
}

Status CheckBounds(const SettingDefinition& definition, int64_t value, std::string_view text) {
  if (value >= definition.min_value && value <= definition.max_value) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, "value is out of bounds (", definition.min_value,
               " to ", definition.max_value, "): '", text, "'");
}

Status CheckText(const SettingDefinition& definition, std::string_view text) {
  switch (definition.type) {
    case SettingType::kBool:
      return ParseBool(text).status();
    case SettingType::kInteger: {
      ICEFRAME_ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text));
      return CheckBounds(definition, value, text);
    }
    case SettingType::kBytes: {
      ICEFRAME_ASSIGN_OR_RETURN(const int64_t value, ParseBytes(text));
      return CheckBounds(definition, value, text);
    }
    case SettingType::kDuration: {
      ICEFRAME_ASSIGN_OR_RETURN(const auto value, ParseDuration(text));
      return CheckBounds(definition, value.count(), text);
    }
    case SettingType::kString:
      return Status::OK();
  }
  return Status::OK();
}

Status CheckValue(const SettingDefinition& definition, const std::string& text,
                  SettingSource source) {
  return WithContext(CheckText(definition, text), SourceWord(source),
                     source == SettingSource::kEnvironment ? EnvironmentNameOf(definition.name)
                                                           : std::string(definition.name));
}

Status UnknownSetting(SettingsList settings, std::string_view name, SettingSource source) {
  std::vector<std::string_view> names;
  for (const SettingDefinition& definition : settings) names.push_back(definition.name);
  return Error(ErrorKind::kInvalidArgument, "unknown setting: ", SourceWord(source), " '", name,
               "' (the nearest known one is '", NearestName(name, names), "')");
}

// Variables that begin like settings and belong to other parts.
constexpr auto kOtherVariables = std::to_array<std::string_view>({
    "ICEFRAME_BENCH_",
    "ICEFRAME_CONFIG",
    "ICEFRAME_CURL_LIBRARY",
    "ICEFRAME_KAFKA_LIBRARY",
    "ICEFRAME_LLM_",
    "ICEFRAME_MCP_",
    "ICEFRAME_POSTGRES_LIBRARY",
    "ICEFRAME_PYTHON",
    "ICEFRAME_SEED",
    "ICEFRAME_TEST_",
    "ICEFRAME_TOOLS",
});

constexpr std::string_view kVariablePrefix = "ICEFRAME_";

Status AddFrom(SettingsList settings, const Properties& properties, SettingSource source,
               std::map<std::string_view, SettingValue>* values) {
  for (const auto& [name, text] : properties) {
    const SettingDefinition* definition = FindSetting(settings, name);
    if (definition == nullptr) return UnknownSetting(settings, name, source);
    ICEFRAME_RETURN_NOT_OK(CheckValue(*definition, text, source));
    (*values)[definition->name] = SettingValue{definition, text, source};
  }
  return Status::OK();
}

bool IsOfAnotherPart(std::string_view variable) {
  return std::any_of(kOtherVariables.begin(), kOtherVariables.end(),
                     [&](std::string_view other) { return variable.starts_with(other); });
}

const SettingDefinition* SettingOfVariable(SettingsList settings, std::string_view variable) {
  const auto setting = std::find_if(
      settings.begin(), settings.end(),
      [&](const SettingDefinition& s) { return EnvironmentNameOf(s.name) == variable; });
  return setting == settings.end() ? nullptr : &*setting;
}

Status AddFromEnvironment(SettingsList settings, const Properties& environment,
                          std::map<std::string_view, SettingValue>* values) {
  for (const auto& [name, text] : environment) {
    if (!name.starts_with(kVariablePrefix)) continue;
    const SettingDefinition* setting = SettingOfVariable(settings, name);
    if (setting == nullptr) continue;
    ICEFRAME_RETURN_NOT_OK(CheckValue(*setting, text, SettingSource::kEnvironment));
    (*values)[setting->name] = SettingValue{setting, text, SettingSource::kEnvironment};
  }
  return Status::OK();
}

}  // namespace

std::string_view ToString(SettingType type) {
  switch (type) {
    case SettingType::kBool:
      return "bool";
    case SettingType::kInteger:
      return "integer";
    case SettingType::kBytes:
      return "bytes";
    case SettingType::kDuration:
      return "duration";
    case SettingType::kString:
      return "string";
  }
  return "string";
}

std::string_view ToString(SettingSource source) {
  switch (source) {
    case SettingSource::kDefault:
      return "default";
    case SettingSource::kTableProperty:
      return "table property";
    case SettingSource::kFile:
      return "file";
    case SettingSource::kEnvironment:
      return "environment";
    case SettingSource::kArgument:
      return "argument";
  }
  return "default";
}

const SettingDefinition* FindSetting(SettingsList settings, std::string_view name) {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const SettingDefinition& s) { return s.name == name; });
  return found != settings.end() ? &*found : nullptr;
}

std::string EnvironmentNameOf(std::string_view setting) {
  std::string name(kVariablePrefix);
  for (const char c : setting) {
    const auto byte = static_cast<unsigned char>(c);
    name += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
  }
  return name;
}

Result<std::vector<SettingValue>> ResolveSettings(SettingsList settings,
                                                  const SettingsSources& sources) {
  std::map<std::string_view, SettingValue> values;
  ICEFRAME_RETURN_NOT_OK(AddFrom(settings, sources.file, SettingSource::kFile, &values));
  ICEFRAME_RETURN_NOT_OK(AddFromEnvironment(settings, sources.environment, &values));
  ICEFRAME_RETURN_NOT_OK(AddFrom(settings, sources.arguments, SettingSource::kArgument, &values));
  std::vector<SettingValue> resolved;
  for (auto& [name, value] : values) resolved.push_back(std::move(value));
  return resolved;
}

std::vector<UnknownVariable> UnknownVariables(SettingsList settings,
                                              const Properties& environment) {
  std::vector<std::string> variables;
  for (const SettingDefinition& definition : settings) {
    variables.push_back(EnvironmentNameOf(definition.name));
  }
  const std::vector<std::string_view> known(variables.begin(), variables.end());
  std::vector<UnknownVariable> unknown;
  for (const auto& [name, text] : environment) {
    const bool is_unknown = name.starts_with(kVariablePrefix) && !IsOfAnotherPart(name) &&
                            SettingOfVariable(settings, name) == nullptr;
    if (is_unknown) unknown.push_back({name, std::string(NearestName(name, known))});
  }
  return unknown;
}

Result<std::shared_ptr<const Properties>> MakeSettings(SettingsList settings,
                                                       const SettingsSources& sources) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto values, ResolveSettings(settings, sources));
  auto texts = std::make_shared<Properties>();
  for (const SettingValue& value : values) texts->emplace(value.definition->name, value.text);
  return texts;
}

Result<SettingValue> SettingsReader::Find(std::string_view name) const {
  const SettingDefinition* definition = FindSetting(settings_, name);
  if (definition == nullptr) return UnknownSetting(settings_, name, SettingSource::kArgument);
  if (session_ != nullptr) {
    if (const auto found = session_->find(name); found != session_->end()) {
      return SettingValue{definition, found->second, SettingSource::kArgument};
    }
  }
  if (definition->is_table_property && table_properties_ != nullptr) {
    const auto found = table_properties_->find(name);
    if (found != table_properties_->end() && !found->second.empty()) {
      return SettingValue{definition, found->second, SettingSource::kTableProperty};
    }
  }
  return SettingValue{definition, std::string(definition->default_text), SettingSource::kDefault};
}

Result<int64_t> SettingsReader::Number(std::string_view name, SettingType type) const {
  ICEFRAME_ASSIGN_OR_RETURN(const SettingValue value, Find(name));
  if (value.definition->type != type) {
    return Error(ErrorKind::kInvalidArgument, "setting is of another type: ", name, " is ",
                 ToString(value.definition->type), ", not ", ToString(type));
  }
  ICEFRAME_RETURN_NOT_OK(CheckValue(*value.definition, value.text, value.source));
  if (type == SettingType::kBytes) return ParseBytes(value.text);
  if (type == SettingType::kInteger) return ParseInteger(value.text);
  ICEFRAME_ASSIGN_OR_RETURN(const auto duration, ParseDuration(value.text));
  return duration.count();
}

Result<bool> SettingsReader::Bool(std::string_view name) const {
  ICEFRAME_ASSIGN_OR_RETURN(const SettingValue value, Find(name));
  ICEFRAME_RETURN_NOT_OK(CheckValue(*value.definition, value.text, value.source));
  return ParseBool(value.text);
}

Result<int64_t> SettingsReader::Integer(std::string_view name) const {
  return Number(name, SettingType::kInteger);
}

Result<int64_t> SettingsReader::Bytes(std::string_view name) const {
  return Number(name, SettingType::kBytes);
}

Result<std::chrono::milliseconds> SettingsReader::Duration(std::string_view name) const {
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t count, Number(name, SettingType::kDuration));
  return std::chrono::milliseconds(count);
}

Result<std::string> SettingsReader::String(std::string_view name) const {
  ICEFRAME_ASSIGN_OR_RETURN(const SettingValue value, Find(name));
  return value.text;
}

Result<bool> ParseBool(std::string_view text) {
  const std::string word = AsciiLower(Trim(text));
  if (word == "true" || word == "yes" || word == "on" || word == "1" || word == "t" ||
      word == "y") {
    return true;
  }
  if (word == "false" || word == "no" || word == "off" || word == "0" || word == "f" ||
      word == "n") {
    return false;
  }
  return Error(ErrorKind::kInvalidArgument, "not a bool (true or false): '", text, "'");
}

Result<int64_t> ParseInteger(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  int64_t value = 0;
  const auto [end, code] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (code != std::errc() || end != trimmed.data() + trimmed.size()) {
    return Error(ErrorKind::kInvalidArgument, "not a whole number: '", text, "'");
  }
  return value;
}

Result<int64_t> ParseBytes(std::string_view text) {
  return ParseWithUnit(text, kByteUnits, "'64MiB'");
}

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t count, ParseWithUnit(text, kTimeUnits, "'5s'"));
  return std::chrono::milliseconds(count);
}

}  // namespace iceframe
