// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/postgres_errors_internal.h"
#include "iceframe/catalog/postgres_uri_internal.h"

namespace iceframe {
namespace {

using Parameters = std::map<std::string, std::string>;
using testing::HasSubstr;
using testing::Not;

Parameters Parsed(const std::string& uri, const Properties& properties = {}) {
  const auto address = ParsePostgresUri(uri, properties);
  EXPECT_TRUE(address.ok()) << address.status();
  return address.ok() ? address->parameters : Parameters{};
}

TEST(PostgresUri, DriversAreNoMatter) {
  const Parameters expected = {{"user", "me"},
                               {"password", "pass"},
                               {"host", "db.example"},
                               {"port", "5433"},
                               {"dbname", "lake"}};
  for (const char* scheme : {"postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg",
                             "postgresql+asyncpg"}) {
    const std::string uri = std::string(scheme) + "://me:pass@db.example:5433/lake";
    EXPECT_TRUE(IsPostgresUri(uri));
    EXPECT_EQ(Parsed(uri), expected) << scheme;
  }
  EXPECT_FALSE(IsPostgresUri("sqlite:///c.db"));
  EXPECT_FALSE(IsPostgresUri("postgresqlite://h/d"));
  EXPECT_FALSE(IsPostgresUri("postgresql"));
}

TEST(PostgresUri, WhatIsLeftOutIsLibpqs) {
  EXPECT_EQ(Parsed("postgresql://"), Parameters{});
  EXPECT_EQ(Parsed("postgresql:///lake"), (Parameters{{"dbname", "lake"}}));
  EXPECT_EQ(Parsed("postgresql:///lake?host=/run/pg&sslmode=require"),
            (Parameters{{"dbname", "lake"}, {"host", "/run/pg"}, {"sslmode", "require"}}));
}

TEST(PostgresUri, EscapesAndHosts) {
  EXPECT_EQ(Parsed("postgresql://u%40x:p%2Fw%3A%40@h/d"),
            (Parameters{{"user", "u@x"}, {"password", "p/w:@"}, {"host", "h"}, {"dbname", "d"}}));
  EXPECT_EQ(Parsed("postgresql://u:p/w@h/d").at("password"), "p/w") << "as SQLAlchemy takes it";
  EXPECT_EQ(Parsed("postgresql://u:50%@h/d").at("password"), "50%");
  EXPECT_EQ(Parsed("postgresql://a:1,[::1]:2,c/d"),
            (Parameters{{"host", "a,::1,c"}, {"port", "1,2,"}, {"dbname", "d"}}));
}

TEST(PostgresUri, OfJdbc) {
  EXPECT_EQ(Parsed("jdbc:postgresql://h:1/d?user=me&password=pass&ssl=true&ApplicationName=a"),
            (Parameters{{"host", "h"},
                        {"port", "1"},
                        {"dbname", "d"},
                        {"user", "me"},
                        {"password", "pass"},
                        {"sslmode", "verify-full"},
                        {"application_name", "a"}}));
  EXPECT_EQ(Parsed("jdbc:postgresql:d", {{"jdbc.user", "me"}, {"jdbc.password", "pass"}}),
            (Parameters{{"dbname", "d"}, {"user", "me"}, {"password", "pass"}}));
  EXPECT_EQ(Parsed("jdbc:postgresql://h/d?prepareThreshold=0&currentSchema=s"),
            (Parameters{{"host", "h"}, {"dbname", "d"}, {"options", " -csearch_path=s"}}));
}

TEST(PostgresUri, ConnectTimeoutIsOurs) {
  const auto address = ParsePostgresUri("postgresql://h/d?connect_timeout=3", {});
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->connect_timeout, std::chrono::seconds(3));
  EXPECT_FALSE(address->parameters.contains("connect_timeout"));
}

TEST(PostgresUri, NothingSecretIsShown) {
  const auto address = ParsePostgresUri("postgresql://me:canary@h:1/d?sslpassword=canary", {});
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->shown, "postgresql://me@h:1/d");
  for (const char* uri : {"postgresql://me:canary@h:x1/d", "mysql://me:canary@h/d",
                          "postgresql://me:canary@h/d?connect_timeout=canary"}) {
    const Status status = ParsePostgresUri(uri, {}).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument);
    EXPECT_THAT(status.message(), Not(HasSubstr("canary")));
  }
}

TEST(PostgresErrors, WhatTheyMean) {
  EXPECT_EQ(KindOfSqlState("23505"), ErrorKind::kAlreadyExists);
  EXPECT_EQ(KindOfSqlState("40001"), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfSqlState("40P01"), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfSqlState("28P01"), ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOfSqlState("42501"), ErrorKind::kUnauthorized);
  EXPECT_EQ(KindOfSqlState("53300"), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfSqlState("53100"), ErrorKind::kResourceExhausted);
  EXPECT_EQ(KindOfSqlState("XX000"), ErrorKind::kIo);
  EXPECT_EQ(KindOfSqlState(""), ErrorKind::kUnavailable);
  EXPECT_TRUE(EndsConnection("FATAL", "57P01"));
  EXPECT_TRUE(EndsConnection("", ""));
  EXPECT_FALSE(EndsConnection("ERROR", "23505"));
}

TEST(PostgresErrors, OfAConnectionThatFailed) {
  const std::string message =
      "connection to server at \"127.0.0.1\", port 1 failed: FATAL:  28P01: password "
      "authentication failed for user \"me\"\nLOCATION:  auth_failed, auth.c:335\n";
  EXPECT_EQ(SqlStateIn(message), "28P01");
  EXPECT_EQ(ShownConnectError(message),
            "connection to server at \"127.0.0.1\", port 1 failed: FATAL: password authentication "
            "failed for user \"me\"");
  EXPECT_EQ(SqlStateIn("could not translate host name \"h\": no such name\n"), "");
}

}  // namespace
}  // namespace iceframe
