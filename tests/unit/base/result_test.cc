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

TEST(Error, MessagesAreUtf8WhateverTheyQuote) {
  const Status status =
      Error(ErrorKind::kInvalidMetadata, "codec is not supported: ", "def\xeclate");
  EXPECT_EQ(status.message(), "codec is not supported: def\\xeclate");
  const Status placed = WithContext(Status::IOError("\xff"), "file", "a\xfe");
  EXPECT_EQ(placed.message(), "\\xff [file: a\\xfe]");
  EXPECT_EQ(ContextOf(placed), (std::vector<ErrorContext>{{"file", "a\\xfe"}}));
}

TEST(Error, OkStaysOk) { EXPECT_TRUE(WithContext(Status::OK(), "a", "b").ok()); }

}  // namespace
}  // namespace iceframe
