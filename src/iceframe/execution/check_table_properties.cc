// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/check_table_properties.h"

#include <array>
#include <string_view>
#include <utility>

#include "iceframe/datafile/metrics_mode.h"
#include "iceframe/datafile/write_properties.h"

namespace iceframe {

namespace {

/// Read where they are used, and not settings.
constexpr std::pair<std::string_view, SettingType> kTyped[] = {
    {"commit.manifest-merge.enabled", SettingType::kBool},
    {"commit.manifest.min-count-to-merge", SettingType::kInteger},
    {"commit.manifest.target-size-bytes", SettingType::kBytes},
    {"history.expire.max-ref-age-ms", SettingType::kInteger},
    {"history.expire.max-snapshot-age-ms", SettingType::kInteger},
    {"history.expire.min-snapshots-to-keep", SettingType::kInteger},
    {"write.metadata.delete-after-commit.enabled", SettingType::kBool},
    {"write.metadata.previous-versions-max", SettingType::kInteger},
};

constexpr std::array<std::string_view, 3> kIsolationLevels = {
    "write.delete.isolation-level", "write.merge.isolation-level", "write.update.isolation-level"};

Status CheckType(SettingType type, std::string_view text) {
  switch (type) {
    case SettingType::kBool:
      return ParseBool(text).status();
    case SettingType::kInteger:
      return ParseInteger(text).status();
    case SettingType::kBytes:
      return ParseBytes(text).status();
    case SettingType::kDuration:
      return ParseDuration(text).status();
    case SettingType::kString:
      break;
  }
  return Status::OK();
}

Status CheckTyped(const Properties& properties) {
  for (const auto& [key, type] : kTyped) {
    const auto property = properties.find(std::string(key));
    if (property == properties.end()) continue;
    ICEFRAME_RETURN_NOT_OK(WithContext(CheckType(type, property->second), "table property", key));
  }
  return Status::OK();
}

Status CheckSettings(const Properties& properties, SettingsList settings) {
  const SettingsReader reader(settings, nullptr, &properties);
  for (const SettingDefinition& setting : settings) {
    if (!setting.is_table_property) continue;
    switch (setting.type) {
      case SettingType::kBool:
        ICEFRAME_RETURN_NOT_OK(reader.Bool(setting.name));
        break;
      case SettingType::kInteger:
        ICEFRAME_RETURN_NOT_OK(reader.Integer(setting.name));
        break;
      case SettingType::kBytes:
        ICEFRAME_RETURN_NOT_OK(reader.Bytes(setting.name));
        break;
      case SettingType::kDuration:
        ICEFRAME_RETURN_NOT_OK(reader.Duration(setting.name));
        break;
      case SettingType::kString:
        break;
    }
  }
  return Status::OK();
}

Status CheckIsolationLevels(const Properties& properties) {
  for (std::string_view key : kIsolationLevels) {
    const auto property = properties.find(std::string(key));
    if (property == properties.end() || property->second == "serializable" ||
        property->second == "snapshot") {
      continue;
    }
    return Error(ErrorKind::kInvalidArgument,
                 "table property is not serializable or snapshot: ", key, " = ", property->second);
  }
  return Status::OK();
}

}  // namespace

Status CheckTableProperties(const Schema& schema, const Properties& properties,
                            SettingsList settings) {
  ICEFRAME_RETURN_NOT_OK(WriteProperties::Parse(properties));
  ICEFRAME_RETURN_NOT_OK(MetricsConfig::Make(schema, properties));
  ICEFRAME_RETURN_NOT_OK(CheckSettings(properties, settings));
  ICEFRAME_RETURN_NOT_OK(CheckTyped(properties));
  return CheckIsolationLevels(properties);
}

}  // namespace iceframe
