// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "iceframe/catalog/sqlite_uri_internal.h"

namespace iceframe {
namespace {

TEST(SqliteUri, TakesTheFormsOfSqlAlchemy) {
  EXPECT_EQ(SqlitePathOfUri("sqlite:///a/b.db").ValueOrDie(), "a/b.db");
  EXPECT_EQ(SqlitePathOfUri("sqlite:////tmp/a b.db").ValueOrDie(), "/tmp/a b.db");
  EXPECT_EQ(SqlitePathOfUri("sqlite:///:memory:").ValueOrDie(), ":memory:");
  EXPECT_EQ(SqlitePathOfUri("sqlite://").ValueOrDie(), ":memory:");
  EXPECT_EQ(SqlitePathOfUri("sqlite+pysqlite:////x.db?timeout=5").ValueOrDie(), "/x.db");
  EXPECT_FALSE(SqlitePathOfUri("sqlite:///x.db?mode=ro").ok());
  EXPECT_FALSE(SqlitePathOfUri("sqlite://host/x.db").ok());
  EXPECT_FALSE(SqlitePathOfUri("postgresql://x").ok());
}

}  // namespace
}  // namespace iceframe
