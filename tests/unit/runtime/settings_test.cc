// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/settings.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/runtime_settings.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

// Two layers' lists; the names are those of real settings, so that tests read well.
constexpr auto kTable = std::to_array<SettingDefinition>({
    {"commit.retry.num-retries", SettingType::kInteger, "4", 0, 100, true, "Retries."},
    {"commit.retry.min-wait-ms", SettingType::kDuration, "100", 0, kMaxSettingMs, true, "Wait."},
    {"commit.retry.max-wait-ms", SettingType::kDuration, "60000", 0, kMaxSettingMs, true, "Wait."},
    {"catalog.lock_timeout", SettingType::kDuration, "60s", 0, kMaxSettingMs, false, "Wait."},
});
constexpr auto kSettings = JoinSettings(kTable, kRuntimeSettings);

TEST(JoinSettings, SortsByNameAndKeepsAll) {
  ASSERT_EQ(kSettings.size(), kTable.size() + kRuntimeSettings.size());
  EXPECT_TRUE(std::is_sorted(kSettings.begin(), kSettings.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  EXPECT_EQ(FindSetting(kSettings, "memory.limit")->type, SettingType::kBytes);
  EXPECT_EQ(FindSetting(kTable, "memory.limit"), nullptr);
}

TEST(Settings, ArgumentWinsOverEnvironmentOverFile) {
  SettingsSources sources;
  sources.file = {
      {"memory.limit", "1MiB"}, {"executor.num_threads", "1"}, {"catalog.lock_timeout", "1s"}};
  sources.environment = {
      {"ICEFRAME_MEMORY_LIMIT", "2MiB"}, {"ICEFRAME_EXECUTOR_NUM_THREADS", "2"}, {"HOME", "/root"}};
  sources.arguments = {{"memory.limit", "3MiB"}};
  const auto values = ResolveSettings(kSettings, sources).ValueOrDie();
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0].definition->name, "catalog.lock_timeout");
  EXPECT_EQ(values[0].source, SettingSource::kFile);
  EXPECT_EQ(values[1].text, "2");
  EXPECT_EQ(values[1].source, SettingSource::kEnvironment);
  EXPECT_EQ(values[2].text, "3MiB");
  EXPECT_EQ(values[2].source, SettingSource::kArgument);
}

TEST(Settings, RefusesAnUnknownNameWithTheNearestOne) {
  SettingsSources sources;
  sources.arguments = {{"memory.limt", "1"}};
  Status status = ResolveSettings(kSettings, sources).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("'memory.limt'"));
  EXPECT_THAT(status.message(), HasSubstr("'memory.limit'"));
  sources.file = std::exchange(sources.arguments, {});
  status = ResolveSettings(kSettings, sources).status();
  EXPECT_THAT(status.message(), HasSubstr("'memory.limit'"));
}

TEST(Settings, UnknownVariablesStopNothingAndAreToldWithTheNearestOne) {
  SettingsSources sources;
  sources.environment = {{"ICEFRAME_MEMORY_LIMT", "1"},
                         {"ICEFRAME_MEMORY_LIMIT", "1GiB"},
                         {"ICEFRAME_LLM_MODEL", "x"},
                         {"PATH", "/bin"}};
  EXPECT_EQ(ResolveSettings(kSettings, sources).ValueOrDie().size(), 1U);
  const auto unknown = UnknownVariables(kSettings, sources.environment);
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_EQ(unknown[0].name, "ICEFRAME_MEMORY_LIMT");
  EXPECT_EQ(unknown[0].nearest, "ICEFRAME_MEMORY_LIMIT");
}

TEST(Settings, LeavesVariablesOfOtherPartsAlone) {
  SettingsSources sources;
  sources.environment = {{"ICEFRAME_LLM_MODEL", "x"}, {"ICEFRAME_MCP_READ_ONLY", "1"}};
  EXPECT_TRUE(ResolveSettings(kSettings, sources).ValueOrDie().empty());
}

TEST(Settings, RefusesValuesOutOfTypeOrBoundsNamingTheSource) {
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"executor.num_threads", "many"},
                                                        {"executor.num_threads", "1.5"},
                                                        {"executor.num_threads", "-1"},
                                                        {"executor.num_io_threads", "0"},
                                                        {"memory.limit", "12 parsecs"},
                                                        {"memory.limit", "9223372036854775807KiB"},
                                                        {"catalog.lock_timeout", ""},
                                                        {"catalog.lock_timeout", "25h"}}) {
    SettingsSources sources;
    sources.environment = {{EnvironmentNameOf(name), text}};
    const Status status = ResolveSettings(kSettings, sources).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << name << "=" << text;
    EXPECT_THAT(status.message(), HasSubstr(EnvironmentNameOf(name)));
  }
}

TEST(SettingsReader, TakesTheSessionThenTheTableThenTheDefault) {
  const Properties session = {{"commit.retry.num-retries", "7"}};
  const Properties table = {{"commit.retry.num-retries", "9"},
                            {"commit.retry.min-wait-ms", "5"},
                            {"commit.retry.max-wait-ms", ""},
                            {"memory.limit", "1"}};
  const SettingsReader reader(kSettings, &session, &table);
  EXPECT_EQ(reader.Integer("commit.retry.num-retries").ValueOrDie(), 7);
  EXPECT_EQ(reader.Duration("commit.retry.min-wait-ms").ValueOrDie().count(), 5);
  EXPECT_EQ(reader.Duration("commit.retry.max-wait-ms").ValueOrDie().count(), 60'000);
  EXPECT_EQ(reader.Bytes("memory.limit").ValueOrDie(), 0) << "is no table property";
  EXPECT_EQ(SettingsReader(kSettings, nullptr).Integer("commit.retry.num-retries").ValueOrDie(), 4);
}

TEST(SettingsReader, RefusesTheWrongTypeAndBadTableProperties) {
  const Properties table = {{"commit.retry.num-retries", "often"}};
  const SettingsReader reader(kSettings, nullptr, &table);
  EXPECT_FALSE(reader.Bytes("commit.retry.num-retries").ok());
  const Status status = reader.Integer("commit.retry.num-retries").status();
  EXPECT_THAT(status.message(), HasSubstr("table property: commit.retry.num-retries"));
  EXPECT_FALSE(reader.Integer("no.such").ok());
}

TEST(SettingValues, SizesAndTimesTakeUnits) {
  EXPECT_EQ(ParseBytes("64MiB").ValueOrDie(), 64 * 1024 * 1024);
  EXPECT_EQ(ParseBytes(" 2 gb ").ValueOrDie(), 2'000'000'000);
  EXPECT_EQ(ParseBytes("17").ValueOrDie(), 17);
  EXPECT_EQ(ParseDuration("250").ValueOrDie().count(), 250);
  EXPECT_EQ(ParseDuration("10min").ValueOrDie().count(), 600'000);
  EXPECT_FALSE(ParseBytes("-1").ok());
  EXPECT_FALSE(ParseBytes("MiB").ok());
  EXPECT_TRUE(ParseBool("Yes").ValueOrDie());
  EXPECT_FALSE(ParseBool("OFF").ValueOrDie());
  EXPECT_FALSE(ParseBool("maybe").ok());
}

}  // namespace
}  // namespace iceframe
