// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/trace_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/thread_number.h"

namespace iceframe {
namespace {

using ::testing::MatchesRegex;

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";

class TraceRecorderTest : public ::testing::Test {
 protected:
  OperationStart Begin() {
    OperationStart start{++last_id_, {"scan", true}, {"t"}, 0, ThisThreadNumber()};
    EXPECT_TRUE(recorder_.OnBegin(start).ok());
    return start;
  }

  Trace End(OperationStart start) {
    OperationEnd end;
    end.start = std::move(start);
    EXPECT_TRUE(recorder_.OnEnd(end).ok());
    return recorder_.Take(std::chrono::milliseconds(0)).at(0);
  }

  TraceRecorder recorder_;
  int64_t last_id_ = 0;
};

TEST_F(TraceRecorderTest, NoIdsAreGivenUnasked) {
  recorder_.SetParent(kParent);
  const OperationStart start = Begin();
  EXPECT_EQ(recorder_.Traceparent(start), "");
  const Trace trace = End(start);
  EXPECT_EQ(trace.parent, kParent);
  EXPECT_EQ(trace.own, "");
}

TEST_F(TraceRecorderTest, AnOperationIsASpanOfItsParentsTrace) {
  recorder_.GiveIds(1);
  recorder_.SetParent(kParent);
  const OperationStart start = Begin();
  const std::string own = recorder_.Traceparent(start);
  EXPECT_THAT(own, MatchesRegex("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-03"));
  EXPECT_NE(own, kParent);
  EXPECT_EQ(End(start).own, own);
  EXPECT_EQ(recorder_.Traceparent(start), "");
}

TEST_F(TraceRecorderTest, WithoutAParentATraceBegins) {
  recorder_.GiveIds(0);
  const std::string first = recorder_.Traceparent(Begin());
  const std::string second = recorder_.Traceparent(Begin());
  EXPECT_THAT(first, MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-00"));
  EXPECT_NE(first.substr(0, 35), second.substr(0, 35));
}

TEST_F(TraceRecorderTest, WhatIsNoTraceparentIsNeverSent) {
  recorder_.GiveIds(1);
  std::string cut = kParent;
  cut.pop_back();
  std::string broken = kParent;
  broken[10] = '\n';
  for (const std::string& parent : {std::string("job 7"), cut, broken}) {
    recorder_.SetParent(parent);
    const OperationStart start = Begin();
    EXPECT_EQ(recorder_.Traceparent(start), "") << parent;
    EXPECT_EQ(End(start).parent, parent);
  }
}

}  // namespace
}  // namespace iceframe
