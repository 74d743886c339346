// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/load_settings.h"

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "iceframe/runtime/settings.h"
#include "iceframe/runtime/yaml_config.h"

namespace iceframe {

namespace {

constexpr char kConfigVariable[] = "ICEFRAME_CONFIG";

// Tells of each variable once in a process, however many sessions are opened.
void WarnOfUnknownVariables(SettingsList settings, const Properties& environment, LogSink* log) {
  static std::mutex mutex;
  static std::set<std::string> told;
  if (log == nullptr || !log->IsEnabled(LogLevel::kWarning)) return;
  for (const UnknownVariable& variable : UnknownVariables(settings, environment)) {
    {
      const std::lock_guard lock(mutex);
      if (!told.insert(variable.name).second) continue;
    }
    log->Log(LogLevel::kWarning, "settings",
             "environment variable names no setting and is ignored: " + variable.name +
                 " (the nearest known one is " + variable.nearest + ")");
  }
}

}  // namespace

Result<std::shared_ptr<const Properties>> LoadSettings(SettingsList settings,
                                                       const Properties& arguments,
                                                       const CatalogConfigSources& process,
                                                       LogSink* log) {
  SettingsSources sources;
  sources.arguments = arguments;
  sources.environment = process.environment;
  std::string path = process.home_folder + "/.iceframe.yaml";
  if (auto named = sources.environment.find(kConfigVariable); named != sources.environment.end()) {
    path = named->second;
    sources.environment.erase(named);
  }
  WarnOfUnknownVariables(settings, sources.environment, log);
  ICEFRAME_ASSIGN_OR_RETURN(std::optional<std::string> text, process.read_file(path));
  if (text) {
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(Json tree, ParseYamlConfig(*text), "file", path);
    ICEFRAME_ASSIGN_OR_RETURN(sources.file, FlattenConfig(tree));
  }
  return MakeSettings(settings, sources);
}

}  // namespace iceframe
