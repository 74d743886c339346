// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/io/s3_errors_internal.h"

namespace iceframe::internal {
namespace {

using testing::HasSubstr;

constexpr char kLocation[] = "s3://bucket/key";

ErrorKind KindOfText(const std::string& text) {
  const Status status = TranslateS3Error(Status::IOError(text), kLocation);
  EXPECT_THAT(status.message(), HasSubstr(kLocation));
  return KindOf(status);
}

TEST(S3Errors, SayWhatTheStoreMeant) {
  EXPECT_EQ(KindOfText("When reading: AWS Error NO_SUCH_KEY during GetObject operation: The "
                       "specified key does not exist. (HTTP status 404)"),
            ErrorKind::kNotFound);
  EXPECT_EQ(KindOfText("AWS Error NO_SUCH_BUCKET during PutObject operation: x"),
            ErrorKind::kNotFound);
  EXPECT_EQ(KindOfText("AWS Error ACCESS_DENIED during PutObject operation: Access Denied. (HTTP "
                       "status 403)"),
            ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOfText("AWS Error UNKNOWN (HTTP status 400) during HeadObject operation: "
                       "ExpiredToken: it ended (HTTP status 400)"),
            ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOfText("AWS Error SLOW_DOWN during PutObject operation: x (HTTP status 503)"),
            ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfText("AWS Error NETWORK_CONNECTION during GetObject operation: curlCode: 7"),
            ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfText("AWS Error UNKNOWN during GetObject operation: x (HTTP status 418)"),
            ErrorKind::kIo);
}

TEST(S3Errors, LeaveWhatIsNoAnswerOfS3) {
  EXPECT_TRUE(TranslateS3Error(Status::OK(), kLocation).ok());
  EXPECT_TRUE(TranslateS3Error(Status::OutOfMemory("x"), kLocation).IsOutOfMemory());
  const Status ours = Error(ErrorKind::kNotFound, "file does not exist: x");
  EXPECT_EQ(TranslateS3Error(ours, kLocation).message(), ours.message());
}

}  // namespace
}  // namespace iceframe::internal
