// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/secret.h"

#include <sstream>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(Secret, PrintsAsStars) {
  std::ostringstream stream;
  stream << Secret("hunter2") << Secret();
  EXPECT_EQ(stream.str(), "***");
  EXPECT_EQ(Secret("hunter2").Reveal(), "hunter2");
}

TEST(Secret, KeysThatHoldCredentials) {
  for (const char* key : {"token",
                          "credential",
                          "client-secret",
                          "s3.secret-access-key",
                          "s3.access-key-id",
                          "s3.session-token",
                          "adls.account-key",
                          "adls.connection-string",
                          "adls.connection_string",
                          "adls.sas-token.account",
                          "gcs.oauth2.token",
                          "header.Authorization",
                          "Header.X-Api",
                          "ssl.key",
                          "password",
                          "JDBC.PASSWORD",
                          "db_pwd",
                          "api_key",
                          "keys",
                          "AccountKey"}) {
    EXPECT_TRUE(IsSecretKey(key)) << key;
  }
  for (const char* key : {"uri", "warehouse", "type", "s3.region", "s3.endpoint", "monkey",
                          "author", "headers-size", "write.parquet.compression-codec"}) {
    EXPECT_FALSE(IsSecretKey(key)) << key;
  }
}

TEST(Secret, PropertiesAreRedactedByKeyAndByContent) {
  const Properties redacted =
      RedactProperties({{"token", "abc"},
                        {"s3.region", "eu-north-1"},
                        {"uri", "postgresql://ada:pw@db:5432/x?sslmode=on&password=pw"}});
  EXPECT_EQ(redacted.at("token"), "***");
  EXPECT_EQ(redacted.at("s3.region"), "eu-north-1");
  EXPECT_EQ(redacted.at("uri"), "postgresql://***@db:5432/x?sslmode=on&password=***");
}

TEST(Secret, UrisLoseUserInfoAndSecretParameters) {
  EXPECT_EQ(RedactUri("https://host/a@b?x=1"), "https://host/a@b?x=1");
  EXPECT_EQ(RedactUri("http://u:p@ss@host"), "http://***@host");
  EXPECT_EQ(RedactUri("postgres://u:p/w@host/db"), "postgres://***@host/db");
  EXPECT_EQ(RedactUri("http://host:80/x@y"), "http://host:80/x@y");
  EXPECT_EQ(RedactUri("see https://a:b@c and https://d:e@f"),
            "see https://***@c and https://***@f");
  EXPECT_EQ(RedactUri("s3://b/k?X-Amz-Signature=abc&X-Amz-Date=1"),
            "s3://b/k?X-Amz-Signature=***&X-Amz-Date=1");
  EXPECT_EQ(RedactUri("host=db user=ada password='p w' dbname=x"),
            "host=db user=ada password=*** dbname=x");
  EXPECT_EQ(RedactUri("AccountName=a;AccountKey=xyz==;Suffix=core"),
            "AccountName=a;AccountKey=***;Suffix=core");
  EXPECT_EQ(RedactUri("/w/t/data/key=3/a.parquet"), "/w/t/data/key=3/a.parquet");
  EXPECT_EQ(RedactUri(""), "");
  EXPECT_EQ(RedactUri("://@"), "://@");
  EXPECT_EQ(RedactUri("token="), "token=***");
}

}  // namespace
}  // namespace iceframe
