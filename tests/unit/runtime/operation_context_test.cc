// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_context.h"

#include <thread>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(OperationContext, CheckTellsCancelFromDeadline) {
  OperationContext context;
  EXPECT_TRUE(context.Check().ok());
  context.deadline = steady_clock::now() + milliseconds(60000);
  EXPECT_TRUE(context.Check().ok());
  context.deadline = steady_clock::now() - milliseconds(1);
  EXPECT_EQ(KindOf(context.Check()), ErrorKind::kTimeout);
  OperationContext copy = context;
  context.cancel.Cancel();
  EXPECT_EQ(KindOf(copy.Check()), ErrorKind::kCancelled);
}

TEST(OperationContext, SleepEndsAtTheDeadline) {
  OperationContext context;
  const auto begin = steady_clock::now();
  EXPECT_TRUE(context.Sleep(milliseconds(5)).ok());
  context.deadline = begin + milliseconds(30);
  EXPECT_EQ(KindOf(context.Sleep(milliseconds(60000))), ErrorKind::kTimeout);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(10000));
}

TEST(LogSink, HandsOutLinesOfItsLevelAndKeepsExceptionsIn) {
  std::vector<std::string> lines;
  OperationContext context;
  context.log = MakeLogSink(
      [&](LogLevel level, std::string_view component, std::string_view message) {
        lines.push_back(internal::Concatenate(ToString(level), " ", component, ": ", message));
        throw std::runtime_error("listener");
      },
      LogLevel::kWarning);
  context.Log(LogLevel::kInfo, "scan", "not wanted");
  context.Log(LogLevel::kWarning, "scan", "files left: ", 3);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], "warning scan: files left: 3");
}

}  // namespace
}  // namespace iceframe
