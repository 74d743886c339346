// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/configure_executor.h"

#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/executor.h"
#include "iceframe/runtime/runtime_settings.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

class ConfigureExecutorTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(ConfigureExecutor({}).ok()); }
  void TearDown() override { ASSERT_TRUE(ConfigureExecutor({}).ok()); }

  static Status Apply(const Properties& settings) {
    return ApplyExecutorSettings(SettingsReader(kRuntimeSettings, &settings));
  }
  static std::pair<int, int> Now() {
    return {Executor::Process().num_cpu_threads(), Executor::Process().num_io_threads()};
  }
};

TEST_F(ConfigureExecutorTest, WhatIsNotGivenIsTheDefault) {
  const auto defaults = Now();
  ASSERT_TRUE(ConfigureExecutor({.num_threads = 3, .num_io_threads = 5}).ok());
  EXPECT_EQ(Now(), std::pair(3, 5));
  ASSERT_TRUE(ConfigureExecutor({.num_io_threads = 6}).ok());
  EXPECT_EQ(Now(), std::pair(defaults.first, 6));
  EXPECT_EQ(KindOf(ConfigureExecutor({.num_threads = -1})), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(ConfigureExecutor({.num_io_threads = 0})), ErrorKind::kInvalidArgument);
  EXPECT_EQ(Now(), std::pair(defaults.first, 6));
}

TEST_F(ConfigureExecutorTest, TheFirstSettingsChooseForTheProcess) {
  const auto defaults = Now();
  ASSERT_TRUE(Apply({}).ok());
  EXPECT_EQ(Now(), defaults);
  ASSERT_TRUE(Apply({{"executor.num_threads", "3"}}).ok());
  EXPECT_EQ(Now(), std::pair(3, defaults.second));
  ASSERT_TRUE(Apply({{"executor.num_threads", "3"}, {"executor.num_io_threads", "7"}}).ok());
  EXPECT_EQ(Now(), std::pair(3, 7));
  ASSERT_TRUE(Apply({}).ok());
  const Status refused = Apply({{"executor.num_threads", "4"}});
  EXPECT_EQ(KindOf(refused), ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("executor.num_threads can't be 4"));
  EXPECT_THAT(refused.message(), HasSubstr("set to 3 before"));
  EXPECT_EQ(Now(), std::pair(3, 7));
}

TEST_F(ConfigureExecutorTest, RefusedSettingsChangeNothing) {
  const auto defaults = Now();
  ASSERT_TRUE(Apply({{"executor.num_io_threads", "7"}}).ok());
  EXPECT_FALSE(Apply({{"executor.num_threads", "3"}, {"executor.num_io_threads", "8"}}).ok());
  EXPECT_EQ(Now(), std::pair(defaults.first, 7));
  EXPECT_TRUE(Apply({{"executor.num_threads", "2"}}).ok()) << "3 was not settled";
}

TEST_F(ConfigureExecutorTest, TheCallIsForAllAndMayComeAgain) {
  ASSERT_TRUE(ConfigureExecutor({.num_threads = 2}).ok());
  EXPECT_FALSE(Apply({{"executor.num_threads", "3"}}).ok());
  ASSERT_TRUE(ConfigureExecutor({.num_threads = 3}).ok());
  EXPECT_TRUE(Apply({{"executor.num_threads", "3"}}).ok());
  ASSERT_TRUE(ConfigureExecutor({}).ok());
  EXPECT_TRUE(Apply({{"executor.num_threads", "4"}}).ok());
  EXPECT_EQ(Now().first, 4);
}

TEST_F(ConfigureExecutorTest, OfManyAtOnceOneChooses) {
  std::vector<std::thread> threads;
  std::vector<Status> results(8);
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back(
        [&, i] { results[i] = Apply({{"executor.num_threads", std::to_string(i + 1)}}); });
  }
  for (std::thread& thread : threads) thread.join();
  int num_chosen = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i].ok()) continue;
    ++num_chosen;
    EXPECT_EQ(Now().first, static_cast<int>(i + 1));
  }
  EXPECT_EQ(num_chosen, 1);
}

}  // namespace
}  // namespace iceframe
