// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/poison_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/types/arrow_schema.h"

#include "unit/streaming/decoder_testing.h"

namespace iceframe {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

PoisonMessages MakePoison(OnPoison action, double max_ratio = 0.5) {
  return PoisonMessages::Make({.action = action, .max_ratio = max_ratio}, "shop", TestPool())
      .ValueOrDie();
}

Message At(int64_t offset) {
  Message message = PayloadMessage("{\xff");
  message.topic = "events";
  message.partition = 2;
  message.offset = offset;
  return message;
}

RejectedMessage Rejected(size_t index) {
  return {index, Error(ErrorKind::kInvalidData, "malformed")};
}

TEST(PoisonMessages, DeadLettersKeepTheMessage) {
  PoisonMessages poison = MakePoison(OnPoison::kDeadLetter);
  std::vector<Message> messages = {At(7), At(8), At(9)};
  messages[2].key = "k";
  messages[2].timestamp_ms = 1'700'000'000'123;
  messages[0].payload = std::nullopt;
  messages[0].timestamp_ms = std::numeric_limits<int64_t>::max();
  ASSERT_TRUE(poison.Take(messages, {Rejected(0), Rejected(2)}).ok());
  EXPECT_EQ(poison.num_poisoned(), 2);
  EXPECT_GT(poison.dead_letters()->num_bytes(), 0);
  const auto rows = poison.dead_letters()->Finish().ValueOrDie();
  EXPECT_TRUE(rows->schema()->Equals(*ToArrowSchema(*DeadLetterSchema()).ValueOrDie()));
  EXPECT_THAT(RowsOf(*rows),
              ElementsAre(R"({"topic":"events","partition":2,"offset":7,"timestamp":null,)"
                          R"("key":null,"payload":null,"error":"malformed","stream_id":"shop"})",
                          R"({"topic":"events","partition":2,"offset":9,)"
                          R"("timestamp":"2023-11-14 22:13:20.123000Z","key":"6b",)"
                          R"("payload":"7bff","error":"malformed","stream_id":"shop"})"));
  EXPECT_EQ(poison.dead_letters()->num_rows(), 0);
  EXPECT_EQ(poison.dead_letters()->num_bytes(), 0);
}

TEST(PoisonMessages, FailingNamesTheMessage) {
  PoisonMessages poison = MakePoison(OnPoison::kFail);
  const std::vector<Message> messages = {At(7), At(8)};
  ASSERT_TRUE(poison.Take(messages, {}).ok());
  const Status status = poison.Take(messages, {Rejected(1)});
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidData);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("malformed"), HasSubstr("events"), HasSubstr("8")));
  EXPECT_EQ(poison.dead_letters(), nullptr);
}

TEST(PoisonMessages, SkippedOnesAreCounted) {
  PoisonMessages poison = MakePoison(OnPoison::kSkip);
  ASSERT_TRUE(poison.Take(std::vector<Message>{At(7), At(8)}, {Rejected(0)}).ok());
  EXPECT_EQ(poison.num_poisoned(), 1);
  EXPECT_EQ(poison.dead_letters(), nullptr);
}

/// How many messages of a stream are taken of which every n-th is poison.
size_t NumTaken(double max_ratio, size_t every, size_t num_messages) {
  PoisonMessages poison = MakePoison(OnPoison::kSkip, max_ratio);
  const std::vector<Message> one = {At(7)};
  for (size_t i = 0; i < num_messages; ++i) {
    const bool poisoned = (i + 1) % every == 0;
    if (!poison.Take(one, poisoned ? std::vector{Rejected(0)} : std::vector<RejectedMessage>())
             .ok()) {
      return i;
    }
  }
  return num_messages;
}

TEST(PoisonMessages, TooManyEndTheStream) {
  EXPECT_EQ(NumTaken(0.5, 1, 5'000), 999U);
  EXPECT_EQ(NumTaken(0.5, 2, 5'000), 5'000U);
  EXPECT_EQ(NumTaken(0.01, 100, 50'000), 50'000U);
  EXPECT_EQ(NumTaken(0.009, 100, 50'000), 999U);
  EXPECT_EQ(NumTaken(0, 2'000, 5'000), 1'999U);
  EXPECT_EQ(NumTaken(1, 1, 5'000), 5'000U);
}

TEST(PoisonMessages, ManyGoodOnesHideNoLaterFlood) {
  PoisonMessages poison = MakePoison(OnPoison::kSkip);
  const std::vector<Message> good(100'000, At(7));
  ASSERT_TRUE(poison.Take(good, {}).ok());
  const std::vector<Message> bad(2'000, At(8));
  std::vector<RejectedMessage> rejected;
  for (size_t i = 0; i < bad.size(); ++i) rejected.push_back(Rejected(i));
  const Status status = poison.Take(bad, rejected);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("too many"), HasSubstr("malformed")));
}

TEST(PoisonMessages, RefusesWhatIsNoRatio) {
  for (const double ratio : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(KindOf(PoisonMessages::Make({.max_ratio = ratio}, "", TestPool()).status()),
              ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace iceframe
