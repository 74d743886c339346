// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/catalog_config.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "iceframe/base/ascii.h"
#include "iceframe/base/nearest_name.h"
#include "iceframe/runtime/yaml_config.h"

namespace iceframe {

namespace {

constexpr std::string_view kPyIcebergPrefix = "pyiceberg_";
constexpr std::string_view kPyIcebergFile = ".pyiceberg.yaml";
constexpr std::string_view kHeaderVariable = "ICEBERG_HEADER_";

std::string Replace(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// The value of a key that is set and not empty.
std::optional<std::string> Given(const Properties& properties, std::string_view key) {
  const auto found = properties.find(key);
  if (found == properties.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

bool DescribesCatalog(const Properties& properties) {
  return Given(properties, "uri") || Given(properties, "type") ||
         Given(properties, "py-catalog-impl");
}

// Keys in lower case; of two that become equal the last one stays.
Json WithLowerKeys(const Json& tree) {
  if (!tree.is_object()) return tree;
  Json lowered = Json::Object();
  for (const auto& [key, value] : tree.members()) {
    const std::string name = AsciiLower(key);
    std::erase_if(lowered.members(), [&](const Json::Member& m) { return m.first == name; });
    lowered.Add(name, WithLowerKeys(value));
  }
  return lowered;
}

Json* Member(Json* tree, const std::string& key) {
  const auto found = std::find_if(tree->members().begin(), tree->members().end(),
                                  [&](const Json::Member& m) { return m.first == key; });
  return found == tree->members().end() ? nullptr : &found->second;
}

// "catalog__my_name__s3__endpoint" → {"catalog", "my-name", "s3.endpoint"}
std::vector<std::string> PathOfVariable(std::string_view key) {
  std::vector<std::string> parts;
  while (parts.size() < 2) {
    const size_t at = key.find("__");
    if (at == std::string_view::npos) break;
    parts.emplace_back(key.substr(0, at));
    key.remove_prefix(at + 2);
  }
  parts.emplace_back(key);
  for (std::string& part : parts) part = Replace(Replace(part, "__", "."), "_", "-");
  return parts;
}

Status SetPath(Json* tree, const std::vector<std::string>& path, const std::string& value,
               const std::string& variable) {
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    Json* next = Member(tree, path[i]);
    if (next == nullptr) {
      tree->Add(path[i], Json::Object());
      next = &tree->members().back().second;
    }
    if (!next->is_object()) {
      return Error(ErrorKind::kInvalidArgument,
                   "environment variable goes below a key that has a value: ", variable);
    }
    tree = next;
  }
  if (Json* leaf = Member(tree, path.back())) {
    *leaf = Json::String(value);
  } else {
    tree->Add(path.back(), Json::String(value));
  }
  return Status::OK();
}

// nullopt if there is no such section.
Result<std::optional<Properties>> Section(const Json& config, const std::string& name) {
  const Json* catalogs = config.Find("catalog");
  if (catalogs == nullptr) return std::optional<Properties>();
  if (!catalogs->is_object()) {
    return Error(ErrorKind::kInvalidArgument, "configuration key 'catalog' is no mapping");
  }
  const Json* section = catalogs->Find(AsciiLower(name));
  if (section == nullptr) return std::optional<Properties>();
  if (!section->is_object()) {
    return Error(ErrorKind::kInvalidArgument, "configuration key 'catalog.", name,
                 "' is no mapping");
  }
  auto flat = FlattenConfig(*section);
  if (!flat.ok()) return WithContext(flat.status(), "catalog", name);
  return std::optional<Properties>(std::move(flat).MoveValueUnsafe());
}

// A name without a section of its own is the embedded catalog's, unless sections show that catalogs
// are configured by name: then it is most likely mistyped, and must not open an empty catalog.
Status CheckNameIsConfigured(const Json& config, const std::string& name) {
  const Json* catalogs = config.Find("catalog");
  if (catalogs == nullptr || catalogs->members().empty()) return Status::OK();
  std::vector<std::string_view> names;
  for (const Json::Member& member : catalogs->members()) names.emplace_back(member.first);
  return Error(ErrorKind::kNotFound, "no catalog is configured under the name '", name,
               "' (the nearest one is '", NearestName(name, names), "')");
}

// ICEBERG_CATALOG_URI and its family describe one catalog.
Properties FromIcebergVariables(const Properties& environment) {
  constexpr auto kVariables = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"ICEBERG_CATALOG_URI", "uri"},
      {"ICEBERG_CATALOG_TYPE", "type"},
      {"ICEBERG_CATALOG_WAREHOUSE", "warehouse"},
      {"ICEBERG_WAREHOUSE", "warehouse"},
      {"ICEBERG_CATALOG_TOKEN", "token"},
      {"ICEBERG_TOKEN", "token"},
      {"ICEBERG_OAUTH2_SERVER_URI", "oauth2-server-uri"},
      {"ICEBERG_CREDENTIAL", "credential"},
  });
  Properties properties;
  for (const auto& [variable, key] : kVariables) {
    if (const auto value = Given(environment, variable)) properties[std::string(key)] = *value;
  }
  if (const auto value = Given(environment, "ICEBERG_CREDENTIAL_VENDING")) {
    const std::string word = AsciiLower(*value);
    const bool is_yes = word == "true" || word == "1" || word == "yes" || word == "on";
    const bool is_no = word == "false" || word == "0" || word == "no" || word == "off";
    if (!is_no) {
      properties["header.X-Iceberg-Access-Delegation"] = is_yes ? "vended-credentials" : *value;
    }
  }
  for (const auto& [variable, value] : environment) {
    if (!std::string_view(variable).starts_with(kHeaderVariable) || value.empty()) continue;
    const std::string header = variable.substr(kHeaderVariable.size());
    properties["header." + Replace(header, "_", "-")] = value;
  }
  return properties;
}

void MergeOver(const Properties& over, Properties* under) {
  for (const auto& [key, value] : over) {
    if (!value.empty() || !under->contains(key)) (*under)[key] = value;
  }
}

Result<std::string> DataFolder(const CatalogConfigSources& sources) {
  const auto xdg = Given(sources.environment, "XDG_DATA_HOME");
  if (xdg && xdg->starts_with('/')) return *xdg + "/iceframe";
  if (sources.home_folder.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "no catalog is configured, and there is no home folder for the embedded one (set "
                 "'uri' and 'warehouse')");
  }
  return sources.home_folder + "/.local/share/iceframe";
}

Result<std::optional<std::string>> ReadTextFile(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) return std::optional<std::string>();
  std::ifstream stream(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (stream.bad() || !stream.is_open()) {
    return Error(ErrorKind::kIo, "configuration file can't be read: ", path);
  }
  return std::optional<std::string>(std::move(text));
}

std::string HomeFolder(const Properties& environment) {
  if (const auto home = environment.find("HOME"); home != environment.end()) return home->second;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) != 0) return "";
  return found == nullptr || found->pw_dir == nullptr ? "" : found->pw_dir;
}

}  // namespace

Result<Json> LoadPyIcebergConfig(const CatalogConfigSources& sources) {
  Json config = Json::Object();
  for (const std::string& folder : {Given(sources.environment, "PYICEBERG_HOME").value_or(""),
                                    sources.home_folder, sources.current_folder}) {
    if (folder.empty() || !sources.read_file) continue;
    const std::string path = (std::filesystem::path(folder) / kPyIcebergFile).string();
    ICEFRAME_ASSIGN_OR_RETURN(const auto text, sources.read_file(path));
    if (!text) continue;
    auto tree = ParseYamlConfig(*text);
    if (!tree.ok()) return WithContext(tree.status(), "file", path);
    config = WithLowerKeys(*tree);
    if (!config.members().empty()) break;
  }
  for (const auto& [variable, value] : sources.environment) {
    const std::string lower = AsciiLower(variable);
    if (!std::string_view(lower).starts_with(kPyIcebergPrefix)) continue;
    const auto path = PathOfVariable(std::string_view(lower).substr(kPyIcebergPrefix.size()));
    ICEFRAME_RETURN_NOT_OK(SetPath(&config, path, value, variable));
  }
  return config;
}

Result<CatalogConfig> ResolveCatalogConfig(const CatalogConfigSources& sources) {
  const Properties& arguments = sources.arguments;
  ICEFRAME_ASSIGN_OR_RETURN(const Json config, LoadPyIcebergConfig(sources));
  const auto given_name = Given(arguments, "name");
  std::string name = given_name.value_or(std::string(kDefaultCatalogName));
  ICEFRAME_ASSIGN_OR_RETURN(const auto section, Section(config, name));
  Properties properties;
  if (section && (given_name || !DescribesCatalog(arguments))) properties = *section;

  if (!DescribesCatalog(arguments) && !(given_name && section)) {
    // A set of its own: a token in it never goes to another catalog's address.
    const Properties variables = FromIcebergVariables(sources.environment);
    if (DescribesCatalog(variables)) properties = variables;
  }
  if (!given_name && !DescribesCatalog(arguments) && !DescribesCatalog(properties)) {
    const Json* default_name = config.Find("default-catalog");
    const std::string other =
        default_name != nullptr && default_name->is_string() ? default_name->text() : "default";
    ICEFRAME_ASSIGN_OR_RETURN(const auto default_section, Section(config, other));
    if (default_section && DescribesCatalog(*default_section)) {
      properties = *default_section;
      name = other;
    }
  }
  MergeOver(arguments, &properties);
  properties["name"] = name;
  if (DescribesCatalog(properties)) return CatalogConfig{std::move(properties), ""};
  if (given_name && !section) ICEFRAME_RETURN_NOT_OK(CheckNameIsConfigured(config, name));

  ICEFRAME_ASSIGN_OR_RETURN(const std::string folder, DataFolder(sources));
  properties["type"] = "sql";
  properties["uri"] = "sqlite:///" + folder + "/catalog.db";
  if (!Given(properties, "warehouse")) properties["warehouse"] = folder + "/warehouse";
  return CatalogConfig{std::move(properties), folder};
}

Result<CatalogConfigSources> ProcessCatalogConfigSources(Properties arguments) {
  CatalogConfigSources sources;
  sources.arguments = std::move(arguments);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    sources.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  sources.home_folder = HomeFolder(sources.environment);
  std::error_code code;
  sources.current_folder = std::filesystem::current_path(code).string();
  sources.read_file = ReadTextFile;
  return sources;
}

}  // namespace iceframe
