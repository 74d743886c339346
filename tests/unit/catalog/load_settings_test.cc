// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/load_settings.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/catalog_settings.h"
#include "iceframe/runtime/runtime_settings.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

constexpr auto kSettings = JoinSettings(kRuntimeSettings, kCatalogSettings);

class CapturedLog final : public LogSink {
 public:
  bool IsEnabled(LogLevel) const override { return true; }
  void Log(LogLevel, std::string_view, std::string_view message) override {
    lines.emplace_back(message);
  }
  std::vector<std::string> lines;
};

class LoadSettingsTest : public ::testing::Test {
 protected:
  LoadSettingsTest() {
    process_.home_folder = "/users/me";
    process_.read_file = [this](const std::string& path) -> Result<std::optional<std::string>> {
      const auto found = files_.find(path);
      if (found == files_.end()) return std::optional<std::string>();
      return std::optional<std::string>(found->second);
    };
  }
  Properties Load(const Properties& arguments) {
    const auto settings = LoadSettings(kSettings, arguments, process_, &log_);
    EXPECT_TRUE(settings.ok()) << settings.status().ToString();
    return settings.ok() ? **settings : Properties();
  }

  std::map<std::string, std::string> files_;
  CatalogConfigSources process_;
  CapturedLog log_;
};

TEST_F(LoadSettingsTest, ArgumentsGoBeforeVariablesBeforeTheFile) {
  files_["/users/me/.iceframe.yaml"] =
      "memory:\n  limit: 1GiB\nexecutor.num_threads: 3\ncatalog.lock_timeout: 5s\n";
  process_.environment = {{"ICEFRAME_EXECUTOR_NUM_THREADS", "4"},
                          {"ICEFRAME_MEMORY_LIMIT", "2GiB"}};
  EXPECT_EQ(Load({{"memory.limit", "3GiB"}}), (Properties{{"catalog.lock_timeout", "5s"},
                                                          {"executor.num_threads", "4"},
                                                          {"memory.limit", "3GiB"}}));
  process_.environment = {{"ICEFRAME_CONFIG", "/elsewhere.yaml"}};
  EXPECT_EQ(Load({}), Properties{});
  files_["/elsewhere.yaml"] = "memory.limit: 4GiB\n";
  EXPECT_EQ(Load({}), (Properties{{"memory.limit", "4GiB"}}));
}

TEST_F(LoadSettingsTest, NamesTheFileThatIsNotYaml) {
  files_["/users/me/.iceframe.yaml"] = "memory: [";
  EXPECT_THAT(LoadSettings(kSettings, {}, process_, nullptr).status().message(),
              HasSubstr("/users/me/.iceframe.yaml"));
}

TEST_F(LoadSettingsTest, WarnsOnceOfAVariableThatIsNoSetting) {
  process_.environment = {{"ICEFRAME_MEMORY_LIMITS", "1GiB"}};
  EXPECT_EQ(Load({}), Properties{});
  EXPECT_EQ(Load({}), Properties{});
  ASSERT_EQ(log_.lines.size(), 1U);
  EXPECT_THAT(log_.lines[0], HasSubstr("ICEFRAME_MEMORY_LIMITS"));
  EXPECT_THAT(log_.lines[0], HasSubstr("ICEFRAME_MEMORY_LIMIT)"));
}

}  // namespace
}  // namespace iceframe
