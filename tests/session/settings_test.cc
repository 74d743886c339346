// SPDX-License-Identifier: Apache-2.0
// Settings of a session reach what they name: the process's threads, the session's memory.
#include "iceframe/runtime/configure_executor.h"
#include "iceframe/runtime/executor.h"

#include "session/lake.h"

namespace iceframe {
namespace {

class SessionThreads : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(ConfigureExecutor({})); }
  void TearDown() override { ASSERT_OK(ConfigureExecutor({})); }

  TempFolder folder_;
  Executor& executor_ = Executor::Process();
};

TEST_F(SessionThreads, AreThoseOfTheProcessAsTheFirstToNameThemSays) {
  const int num_io_threads = executor_.num_io_threads();
  ASSERT_OK(OpenLake(folder_.path(), {}, {{"executor.num_threads", "3"}}).status());
  EXPECT_EQ(executor_.num_cpu_threads(), 3);
  EXPECT_EQ(executor_.num_io_threads(), num_io_threads);
  ASSERT_OK(OpenLake(folder_.path(), {}, {{"executor.num_io_threads", "5"}}).status());
  ASSERT_OK(OpenLake(folder_.path()).status());
  EXPECT_EQ(executor_.num_cpu_threads(), 3);
  EXPECT_EQ(executor_.num_io_threads(), 5);
}

TEST_F(SessionThreads, OfAnotherNumberAreRefused) {
  ASSERT_OK_AND_ASSIGN(auto first, OpenLake(folder_.path(), {}, {{"executor.num_threads", "3"}}));
  const Status other = OpenLake(folder_.path(), {}, {{"executor.num_threads", "2"}}).status();
  EXPECT_EQ(KindOf(other), ErrorKind::kInvalidArgument) << other.ToString();
  EXPECT_NE(other.message().find("ConfigureExecutor"), std::string::npos) << other.ToString();
  EXPECT_EQ(executor_.num_cpu_threads(), 3);
  ASSERT_OK(ConfigureExecutor({.num_threads = 2}));
  ASSERT_OK(OpenLake(folder_.path(), {}, {{"executor.num_threads", "2"}}).status());
  EXPECT_EQ(executor_.num_cpu_threads(), 2);
}

TEST_F(SessionThreads, OneOfEachKindIsEnough) {
  ASSERT_OK_AND_ASSIGN(auto session,
                       OpenLake(folder_.path(), {},
                                {{"executor.num_threads", "1"}, {"executor.num_io_threads", "1"}}));
  ASSERT_OK(session->CreateTable(session->NewOperation(), "t", IdSchema(), {}).status());
  for (int64_t i = 0; i < 5; ++i) {
    const auto rows = Rows(10 * i, 10 * i + 10);
    ASSERT_OK(session->Append(session->NewOperation(), "t", *rows, {}).status());
  }
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(*session, "t"));
  EXPECT_EQ(ids.size(), 50U);
}

TEST(SessionSettings, TheMemoryLimitIsTheSessions) {
  TempFolder folder;
  ASSERT_OK_AND_ASSIGN(auto limited, OpenLake(folder.path(), {}, {{"memory.limit", "64MiB"}}));
  ASSERT_OK_AND_ASSIGN(auto other, OpenLake(folder.path()));
  EXPECT_EQ(limited->memory()->limit_bytes(), int64_t{64} << 20);
  EXPECT_EQ(other->memory()->limit_bytes(), std::nullopt);
  const OperationContext operation = limited->NewOperation();
  ASSERT_OK(operation.memory->Reserve(int64_t{64} << 20));
  EXPECT_EQ(KindOf(limited->NewOperation().memory->Reserve(1)), ErrorKind::kResourceExhausted);
  EXPECT_TRUE(other->memory()->Reserve(1).ok());
  other->memory()->Release(1);
  operation.memory->Release(int64_t{64} << 20);
}

}  // namespace
}  // namespace iceframe
