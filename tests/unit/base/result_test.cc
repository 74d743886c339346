// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/result.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(Error, KeepsKindThroughContext) {
  Status status = Error(ErrorKind::kCommitConflict, "table changed: ", "db.t");
  status = WithContext(status, "catalog", "prod");
  EXPECT_EQ(KindOf(status), ErrorKind::kCommitConflict);
  EXPECT_EQ(status.message(), "table changed: db.t [catalog: prod]");
  EXPECT_EQ(ContextOf(status), (std::vector<ErrorContext>{{"catalog", "prod"}}));
}

TEST(Error, MapsArrowCodes) {
  EXPECT_EQ(KindOf(Status::OutOfMemory("x")), ErrorKind::kResourceExhausted);
  EXPECT_EQ(KindOf(Status::IOError("x")), ErrorKind::kIo);
  EXPECT_EQ(KindOf(WithContext(Status::Cancelled("x"), "a", "b")), ErrorKind::kCancelled);
}

TEST(Error, OkStaysOk) { EXPECT_TRUE(WithContext(Status::OK(), "a", "b").ok()); }

}  // namespace
}  // namespace iceframe
