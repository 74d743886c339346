// SPDX-License-Identifier: Apache-2.0
// What the layers declare, joined at the front door: nothing is left out.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/all_counters.h"
#include "iceframe/all_settings.h"
#include "iceframe/operation_kinds.h"

namespace iceframe {
namespace {

std::string SourceFile(const std::string& path) {
  return std::string(ICEFRAME_TESTS_DIR "/../") + path;
}

std::string TextOf(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// What the first group of `pattern` finds in the headers of all layers.
std::set<std::string> DeclaredInLayers(const std::regex& pattern) {
  std::set<std::string> declared;
  const std::filesystem::path source = SourceFile("src/iceframe");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source)) {
    if (entry.path().extension() != ".h" || entry.path().parent_path() == source) continue;
    const std::string text = TextOf(entry.path());
    for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end;
         ++match) {
      declared.insert((*match)[1]);
    }
  }
  return declared;
}

TEST(AllCounters, HoldThoseOfEveryLayer) {
  const auto layers = DeclaredInLayers(std::regex(R"(\nstruct LayerCounters<(\w+)>)"));
  EXPECT_THAT(layers, ::testing::Contains("PlanningCount"));
  const std::string joined = TextOf(SourceFile("src/iceframe/all_counters.cc"));
  for (const std::string& layer : layers) {
    EXPECT_TRUE(std::regex_search(joined, std::regex("[<,\\s]" + layer + "[>,]")))
        << layer << " is not joined in all_counters.cc";
  }
}

TEST(AllCounters, HaveNamesAndMetricsOfTheirOwn) {
  std::set<std::string> series;
  for (const OperationCount count : AllCounters()) {
    const CounterDefinition& definition = count.definition();
    EXPECT_TRUE(std::regex_match(std::string(count.name()), std::regex("[a-z_]+")));
    EXPECT_TRUE(
        std::regex_match(std::string(definition.metric), std::regex("iceframe_[a-z_]+_total")))
        << definition.metric;
    std::string one(definition.metric);
    for (const CounterLabel& label : definition.labels) {
      one += "," + std::string(label.name) + "=" + std::string(label.value);
    }
    EXPECT_TRUE(series.insert(one).second) << one;
  }
  EXPECT_EQ(series.size(), AllCounters().size());
}

std::string CountersTable() {
  std::string table = "| counted | metric |\n|---|---|\n";
  for (const OperationCount count : AllCounters()) {
    std::string labels;
    for (const CounterLabel& label : count.definition().labels) {
      if (label.name.empty()) continue;
      labels += (labels.empty() ? "" : ",") + std::string(label.name) + "=\"" +
                std::string(label.value) + "\"";
    }
    if (!labels.empty()) labels = "{" + labels + "}";
    table += "| `" + std::string(count.name()) + "` | `" + std::string(count.definition().metric) +
             labels + "` |\n";
  }
  return table;
}

TEST(AllCounters, AreWhatTheDocumentationSays) {
  const std::string page = TextOf(SourceFile("docs/operations.md"));
  EXPECT_NE(page.find("\n" + CountersTable()), std::string::npos)
      << "docs/operations.md must hold this table:\n"
      << CountersTable();
  for (const OperationKind kind : kOperationKinds) {
    EXPECT_NE(page.find("`" + std::string(kind.name) + "`"), std::string::npos) << kind.name;
  }
}

TEST(AllSettings, HoldThoseOfEveryLayer) {
  const auto lists = DeclaredInLayers(
      std::regex(R"(\ninline constexpr auto (k\w+) = std::to_array<SettingDefinition>)"));
  EXPECT_THAT(lists, ::testing::Contains("kCommitSettings"));
  const std::string joined = TextOf(SourceFile("src/iceframe/all_settings.cc"));
  for (const std::string& list : lists) {
    EXPECT_TRUE(std::regex_search(joined, std::regex("[(,\\s]" + list + "[),]")))
        << list << " is not joined in all_settings.cc";
  }
}

TEST(AllSettings, AreSortedAndTheirDefaultsValid) {
  std::set<std::string> variables;
  std::string_view previous;
  for (const SettingDefinition& definition : AllSettings()) {
    EXPECT_LT(previous, definition.name);
    previous = definition.name;
    EXPECT_FALSE(definition.description.empty()) << definition.name;
    EXPECT_TRUE(variables.insert(EnvironmentNameOf(definition.name)).second) << definition.name;
    SettingsSources sources;
    sources.arguments[std::string(definition.name)] = std::string(definition.default_text);
    EXPECT_TRUE(ResolveSettings(AllSettings(), sources).ok())
        << ResolveSettings(AllSettings(), sources).status().ToString();
    EXPECT_EQ(FindSetting(AllSettings(), definition.name), &definition);
  }
  EXPECT_EQ(FindSetting(AllSettings(), "nothing"), nullptr);
}

std::string SettingsTable() {
  std::string table =
      "| setting | type | default | table property | meaning |\n|---|---|---|---|---|\n";
  for (const SettingDefinition& setting : AllSettings()) {
    table += "| `" + std::string(setting.name) + "` | " + std::string(ToString(setting.type)) +
             " | `" + std::string(setting.default_text) + "` | " +
             (setting.is_table_property ? "yes" : "no") + " | " + std::string(setting.description) +
             " |\n";
  }
  return table;
}

TEST(AllSettings, AreWhatTheDocumentationSays) {
  const std::string page = TextOf(SourceFile("docs/settings.md"));
  EXPECT_NE(page.find("\n" + SettingsTable()), std::string::npos)
      << "docs/settings.md must hold this table:\n"
      << SettingsTable();
}

}  // namespace
}  // namespace iceframe
