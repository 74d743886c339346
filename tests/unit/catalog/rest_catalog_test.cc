// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/rest_catalog.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/format/table_metadata_json.h"

#include "support/catalog_samples.h"
#include "support/http_peer.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kConfig[] = R"({"defaults":{},"overrides":{}})";

std::string ErrorBody(const std::string& type, const std::string& message) {
  return R"({"error":{"type":")" + type + R"(","message":")" + message + R"(","code":0}})";
}

std::string TableBody(const std::string& extra = "") {
  NewTable table;
  table.table_uuid = "11111111-2222-4333-8444-555555555555";
  table.location = "s3://bucket/wh/t";
  table.schema = OneColumn();
  return R"({"metadata-location":"s3://bucket/wh/t/metadata/00000-a.metadata.json","metadata":)" +
         TableMetadataToJson(*MakeTableMetadata(table).ValueOrDie()) + extra + "}";
}

// A server that answers everything but /v1/config as the test says.
class RestCatalogTest : public ::testing::Test {
 protected:
  std::shared_ptr<Catalog> Open(HttpPeer::Handler handler, Properties properties = {},
                                const std::string& config = kConfig) {
    peer_ = std::make_unique<HttpPeer>(
        [handler = std::move(handler), config](const PeerRequest& request) {
          return request.target.starts_with("/v1/config") ? PeerReply::With(200, config)
                                                          : handler(request);
        });
    properties["uri"] = peer_->url() + "/";
    properties["name"] = "r";
    return MakeRestCatalog({.properties = properties}).ValueOrDie();
  }
  // Methods and targets that came after the configuration was asked for.
  std::vector<std::string> Asked() const {
    std::vector<std::string> asked;
    for (const PeerRequest& request : peer_->requests()) {
      if (!request.target.starts_with("/v1/config")) {
        asked.push_back(request.method + " " + request.target);
      }
    }
    return asked;
  }
  PeerRequest Last() const { return peer_->requests().back(); }

  CommitOutcome Commit(HttpPeer::Handler handler) {
    const auto catalog = Open(std::move(handler));
    LoadedTable table;
    table.identifier = {{"a"}, "t"};
    auto metadata = std::make_shared<TableMetadata>();
    metadata->table_uuid = "11111111-2222-4333-8444-555555555555";
    table.metadata = metadata;
    return catalog->CommitTable({}, SetProperty(table, "k", "v"));
  }

  std::unique_ptr<HttpPeer> peer_;
};

TEST_F(RestCatalogTest, NamesAreEncodedAndListsCollected) {
  const auto catalog = Open(
      [](const PeerRequest& request) {
        const bool is_first = request.target.ends_with("pageToken=");
        return PeerReply::With(
            200, is_first ? R"({"identifiers":[{"namespace":["a b","c/d"],"name":"z"}],
                                "next-page-token":"p 2"})"
                          : R"({"identifiers":[{"namespace":["a b","c/d"],"name":"y"}]})");
      },
      {{"rest-page-size", "1"}}, R"({"defaults":{},"overrides":{"prefix":"w/x"}})");
  const auto tables = catalog->ListTables({}, {"a b", "c/d"}).ValueOrDie();
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0].name, "y");
  EXPECT_THAT(
      Asked(),
      ElementsAre("GET /v1/w/x/namespaces/a%20b%1Fc%2Fd/tables?pageSize=1&pageToken=",
                  "GET /v1/w/x/namespaces/a%20b%1Fc%2Fd/tables?pageSize=1&pageToken=p%202"));
}

TEST_F(RestCatalogTest, APageThatNamesItselfEndsTheList) {
  const auto catalog = Open([](const PeerRequest&) {
    return PeerReply::With(200, R"({"namespaces":[["a"]],"next-page-token":"same"})");
  });
  EXPECT_EQ(KindOf(catalog->ListNamespaces({}, {}).status()), ErrorKind::kInvalidMetadata);
  EXPECT_EQ(Asked().size(), 2u);
}

TEST_F(RestCatalogTest, CredentialsOfTheLongestPrefixCount) {
  const auto catalog = Open([](const PeerRequest&) {
    return PeerReply::With(200, TableBody(R"(,"config":{"s3.endpoint":"e","s3.region":"r"},
      "storage-credentials":[
        {"prefix":"s3://bucket/","config":{"s3.access-key-id":"short"}},
        {"prefix":"s3://bucket/wh/","config":{"s3.access-key-id":"long"}},
        {"prefix":"s3://bucket/wh/other/","config":{"s3.access-key-id":"other"}}])"));
  });
  const LoadedTable table = catalog->LoadTable({}, {{"a"}, "t"}).ValueOrDie();
  EXPECT_EQ(table.config,
            (Properties{{"s3.access-key-id", "long"}, {"s3.endpoint", "e"}, {"s3.region", "r"}}));
  EXPECT_EQ(table.metadata->location, "s3://bucket/wh/t");
  EXPECT_THAT(Last().headers, HasSubstr("X-Iceberg-Access-Delegation: vended-credentials"));
}

TEST_F(RestCatalogTest, WhatIsMissingIsSaidAsOfAnyCatalog) {
  const auto catalog = Open([](const PeerRequest& request) {
    const bool is_table = request.target.find("/tables/") != std::string::npos;
    return PeerReply::With(
        404, ErrorBody(is_table ? "NoSuchTableException" : "NoSuchNamespaceException", "none"));
  });
  const Status table = catalog->LoadTable({}, {{"a"}, "t"}).status();
  EXPECT_EQ(KindOf(table), ErrorKind::kNotFound);
  EXPECT_THAT(table.message(), HasSubstr("table does not exist: a.t"));
  const Status space = catalog->ListTables({}, {"a"}).status();
  EXPECT_THAT(space.message(), HasSubstr("namespace does not exist: a"));
  EXPECT_FALSE(catalog->TableExists({}, {{"a"}, "t"}).ValueOrDie());
}

TEST_F(RestCatalogTest, APageOfAnotherServerIsNoMissingTable) {
  const auto catalog =
      Open([](const PeerRequest&) { return PeerReply::With(404, "<html>nothing here</html>"); });
  const Status status = catalog->LoadTable({}, {{"a"}, "t"}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("not an Iceberg REST catalog's answer"));
}

TEST_F(RestCatalogTest, RefusalsAreSaidWithTheKeysToLookAt) {
  std::atomic<int> status = 401;
  const auto catalog = Open([&](const PeerRequest&) {
    return PeerReply::With(status, ErrorBody("NotAuthorizedException", "who are you?"));
  });
  for (const int code : {401, 403}) {
    status = code;
    const Status refused = catalog->LoadTable({}, {{"a"}, "t"}).status();
    EXPECT_EQ(KindOf(refused), ErrorKind::kUnauthorized);
    EXPECT_THAT(refused.message(), HasSubstr("answered " + std::to_string(code)));
    EXPECT_THAT(refused.message(), HasSubstr("namespaces/a/tables/t"));
    EXPECT_THAT(refused.message(), HasSubstr("who are you?"));
    EXPECT_EQ(KindOf(catalog->TableExists({}, {{"a"}, "t"}).status()), ErrorKind::kUnauthorized);
  }
}

TEST_F(RestCatalogTest, WhatOnlyAsksIsRepeated) {
  std::atomic<int> num_asked = 0;
  const auto catalog = Open([&](const PeerRequest&) {
    switch (num_asked++) {
      case 0:
        return PeerReply::Hangup();
      case 1:
        return PeerReply::With(503, "busy");
      case 2:
        return PeerReply::With(429, "slow down", "Retry-After: 0\r\n");
      default:
        return PeerReply::With(200, TableBody());
    }
  });
  EXPECT_TRUE(catalog->LoadTable({}, {{"a"}, "t"}).ok());
  EXPECT_EQ(num_asked, 4);
}

struct CommitCase {
  PeerReply reply;
  CommitOutcomeKind outcome;
  ErrorKind kind;
};

TEST_F(RestCatalogTest, CommitsAreSentOnceAndEndAsTheirAnswersProve) {
  const std::string said = ErrorBody("X", "why");
  const std::vector<CommitCase> cases = {
      {PeerReply::With(409, said), CommitOutcomeKind::kConflict, ErrorKind::kCommitConflict},
      {PeerReply::With(400, said), CommitOutcomeKind::kRejected, ErrorKind::kCommitRejected},
      {PeerReply::With(403, said), CommitOutcomeKind::kRejected, ErrorKind::kUnauthorized},
      {PeerReply::With(404, said), CommitOutcomeKind::kRejected, ErrorKind::kNotFound},
      {PeerReply::With(500, said), CommitOutcomeKind::kUnknown, ErrorKind::kCommitStateUnknown},
      {PeerReply::With(502, "x"), CommitOutcomeKind::kUnknown, ErrorKind::kCommitStateUnknown},
      {PeerReply::With(503, "x", "Retry-After: 0\r\n"), CommitOutcomeKind::kUnknown,
       ErrorKind::kCommitStateUnknown},
      {PeerReply::With(504, ""), CommitOutcomeKind::kUnknown, ErrorKind::kCommitStateUnknown},
      {PeerReply::Hangup(), CommitOutcomeKind::kUnknown, ErrorKind::kCommitStateUnknown},
      {PeerReply::With(200, "garbage"), CommitOutcomeKind::kUnknown,
       ErrorKind::kCommitStateUnknown},
      {PeerReply::With(200, TableBody().substr(0, 200)), CommitOutcomeKind::kUnknown,
       ErrorKind::kCommitStateUnknown},
      {{"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + TableBody(), true},
       CommitOutcomeKind::kUnknown,
       ErrorKind::kCommitStateUnknown},
  };
  for (const CommitCase& one : cases) {
    const CommitOutcome outcome = Commit([&](const PeerRequest&) { return one.reply; });
    EXPECT_EQ(outcome.kind, one.outcome) << one.reply.bytes;
    EXPECT_EQ(KindOf(outcome.status), one.kind) << outcome.status.ToString();
    EXPECT_THAT(Asked(), ElementsAre("POST /v1/namespaces/a/tables/t")) << one.reply.bytes;
  }
}

TEST_F(RestCatalogTest, ACommitSaysWhatMustHoldAndWhatChanges) {
  const CommitOutcome outcome =
      Commit([](const PeerRequest&) { return PeerReply::With(200, TableBody()); });
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kCommitted);
  EXPECT_EQ(outcome.table->metadata_location, "s3://bucket/wh/t/metadata/00000-a.metadata.json");
  const Json body = Json::Parse(Last().body).ValueOrDie();
  EXPECT_EQ(body.Find("requirements")->Dump(),
            R"([{"type":"assert-table-uuid","uuid":"11111111-2222-4333-8444-555555555555"}])");
  EXPECT_EQ(body.Find("updates")->Dump(), R"([{"action":"set-properties","updates":{"k":"v"}}])");
}

TEST_F(RestCatalogTest, OtherChangesWhoseAnswerIsLostAreUnknown) {
  const auto catalog = Open([](const PeerRequest&) { return PeerReply::Hangup(); });
  EXPECT_EQ(KindOf(catalog->UpdateNamespaceProperties({}, {"a"}, {{"k", "v"}}, {})),
            ErrorKind::kCommitStateUnknown);
  EXPECT_EQ(KindOf(catalog->RenameTable({}, {{"a"}, "t"}, {{"a"}, "u"})),
            ErrorKind::kCommitStateUnknown);
  EXPECT_EQ(Asked().size(), 2u);
}

TEST_F(RestCatalogTest, ANamespaceWhoseAnswerIsLostIsLookedFor) {
  std::atomic<int> num_lost = 2;
  std::atomic<bool> is_there = false;
  const auto catalog = Open([&](const PeerRequest& request) {
    if (request.method == "POST" && --num_lost >= 0) return PeerReply::Hangup();
    if (request.method == "POST") {
      is_there = true;
      return PeerReply::With(504, "");
    }
    return is_there ? PeerReply::With(200, R"({"namespace":["a"],"properties":{"k":"v","x":"y"}})")
                    : PeerReply::With(404, ErrorBody("NoSuchNamespaceException", "none"));
  });
  EXPECT_TRUE(catalog->CreateNamespace({}, {"a"}, {{"k", "v"}}).ok());
  EXPECT_EQ(Asked().size(), 6u);
  is_there = false;
  num_lost = 99;
  EXPECT_EQ(KindOf(catalog->CreateNamespace({}, {"a"}, {})), ErrorKind::kCommitStateUnknown);
}

TEST_F(RestCatalogTest, ACreationWhoseAnswerIsLostIsLookedFor) {
  std::atomic<bool> is_there = false;
  std::atomic<bool> lands = true;
  const auto catalog = Open([&](const PeerRequest& request) {
    if (request.method == "POST") {
      is_there = lands.load();
      return PeerReply::With(503, "busy");
    }
    return is_there ? PeerReply::With(200, TableBody())
                    : PeerReply::With(404, ErrorBody("NoSuchTableException", "none"));
  });
  const auto created = catalog->CreateTable({}, NewTableRequest("a.t"));
  ASSERT_TRUE(created.ok()) << created.status().ToString();
  EXPECT_EQ(created->metadata->location, "s3://bucket/wh/t");
  EXPECT_THAT(Asked(),
              ElementsAre("POST /v1/namespaces/a/tables", "GET /v1/namespaces/a/tables/t"));
  is_there = false;
  CreateTableRequest other = NewTableRequest("a.t");
  other.schema = OneColumn(Type::String());
  EXPECT_EQ(KindOf(catalog->CreateTable({}, other).status()), ErrorKind::kCommitStateUnknown)
      << "another table of that name";
  lands = false;
  EXPECT_EQ(KindOf(catalog->CreateTable({}, NewTableRequest("a.t")).status()),
            ErrorKind::kCommitStateUnknown);
}

TEST_F(RestCatalogTest, ADropWhoseAnswerIsLostIsLookedFor) {
  std::atomic<bool> lands = true;
  const auto catalog = Open([&](const PeerRequest& request) {
    if (request.method == "DELETE") return PeerReply::Hangup();
    return lands ? PeerReply::With(404, ErrorBody("NoSuchTableException", "none"))
                 : PeerReply::With(200, TableBody());
  });
  EXPECT_TRUE(catalog->DropTable({}, {{"a"}, "t"}, false).ok());
  lands = false;
  EXPECT_EQ(KindOf(catalog->DropTable({}, {{"a"}, "t"}, false)), ErrorKind::kCommitStateUnknown);
}

TEST_F(RestCatalogTest, TheServersOverridesWinAndItsDefaultsLose) {
  const auto catalog =
      Open([](const PeerRequest&) { return PeerReply::With(200, R"({"namespaces":[]})"); },
           {{"header.X-Mine", "mine"}, {"warehouse", "w h"}},
           R"({"defaults":{"header.X-Mine":"default","header.X-More":"more"},
          "overrides":{"prefix":"p"}})");
  EXPECT_TRUE(catalog->ListNamespaces({}, {}).ok());
  EXPECT_EQ(peer_->requests()[0].target, "/v1/config?warehouse=w%20h");
  EXPECT_THAT(Last().target, HasSubstr("/v1/p/namespaces"));
  EXPECT_THAT(Last().headers, HasSubstr("X-Mine: mine"));
  EXPECT_THAT(Last().headers, HasSubstr("X-More: more"));
}

TEST_F(RestCatalogTest, WhatDidNotChangeIsNotReadAgain) {
  std::string tag = "t1";
  std::string extra = R"(,"config":{"a":"1"})";
  const auto catalog = Open([&](const PeerRequest& request) {
    if (request.headers.find("If-None-Match: \"" + tag + "\"\r\n") != std::string::npos) {
      return PeerReply::With(304, "");
    }
    return PeerReply::With(200, TableBody(extra), "ETag: \"" + tag + "\"\r\n");
  });
  const auto load = [&] { return catalog->LoadTable({}, {{"a"}, "t"}).ValueOrDie(); };
  const LoadedTable first = load();
  EXPECT_EQ(load().metadata, first.metadata);
  EXPECT_EQ(load().config, (Properties{{"a", "1"}}));
  tag = "t2";
  const LoadedTable changed = load();
  EXPECT_NE(changed.metadata, first.metadata);
  EXPECT_EQ(load().metadata, changed.metadata);
  // Another table is asked for anew, and so is one with keys, which end.
  tag = "t3";
  extra = R"(,"config":{"s3.secret-access-key":"s"})";
  EXPECT_NE(load().metadata, load().metadata);
  EXPECT_THAT(Last().headers, Not(HasSubstr("If-None-Match")));
}

TEST_F(RestCatalogTest, StoresFollowTheServersConfiguration) {
  // What can't be right names the key that a store was made by.
  const auto error_of = [&](const Properties& own, std::string config) {
    const auto catalog =
        Open([](const PeerRequest&) { return PeerReply::With(200, TableBody()); }, own, config);
    const LoadedTable table = catalog->LoadTable({}, {{"a"}, "t"}).ValueOrDie();
    return catalog->FileIOFor(table).status().message();
  };
  const std::string bad = R"({"s3.connect-timeout":"server's"})";
  EXPECT_THAT(error_of({}, R"({"defaults":)" + bad + R"(,"overrides":{}})"), HasSubstr("server's"));
  const Properties own = {{"s3.connect-timeout", "own"}};
  EXPECT_THAT(error_of(own, R"({"defaults":)" + bad + R"(,"overrides":{}})"), HasSubstr("own"));
  EXPECT_THAT(error_of(own, R"({"defaults":{},"overrides":)" + bad + "}"), HasSubstr("server's"));
}

TEST_F(RestCatalogTest, TokensOfCredentialsAreAskedForOnceAndRenewedWhenRefused) {
  std::atomic<int> num_tokens = 0;
  const auto catalog = Open(
      [&](const PeerRequest& request) {
        if (request.target == "/v1/oauth/tokens") {
          const std::string token = "t" + std::to_string(++num_tokens);
          return PeerReply::With(200, R"({"access_token":")" + token + R"(","token_type":"bearer",
                                          "expires_in":3600})");
        }
        // The first one is taken back.
        const bool is_good = request.headers.find("Bearer t1\r\n") == std::string::npos ||
                             request.target.find("parent") == std::string::npos;
        return is_good ? PeerReply::With(200, R"({"namespaces":[]})")
                       : PeerReply::With(401, ErrorBody("NotAuthorizedException", "expired"));
      },
      {{"credential", "me:s&cret"}, {"scope", "all of it"}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(catalog->ListNamespaces({}, {}).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_tokens, 1);
  EXPECT_TRUE(catalog->ListNamespaces({}, {"a"}).ok());
  EXPECT_EQ(num_tokens, 2);
  for (const PeerRequest& request : peer_->requests()) {
    if (request.target != "/v1/oauth/tokens") continue;
    EXPECT_EQ(
        request.body,
        "grant_type=client_credentials&client_id=me&client_secret=s%26cret&scope=all%20of%20it");
  }
}

TEST_F(RestCatalogTest, RequestsAreSignedWhereAsked) {
  const auto catalog = Open([](const PeerRequest&) { return PeerReply::With(204, ""); },
                            {{"rest.sigv4-enabled", "true"},
                             {"rest.signing-region", "eu-central-1"},
                             {"rest.signing-name", "glue"},
                             {"rest.access-key-id", "AKID"},
                             {"rest.secret-access-key", "canary-7f3a"},
                             {"rest.session-token", "sess"}});
  EXPECT_TRUE(catalog->CreateNamespace({}, {"a"}, {}).ok());
  EXPECT_TRUE(catalog->DropNamespace({}, {"a"}).ok());
  for (const PeerRequest& request : peer_->requests()) {
    EXPECT_THAT(request.headers, HasSubstr("Authorization: AWS4-HMAC-SHA256 Credential=AKID/"));
    EXPECT_THAT(request.headers, HasSubstr("/eu-central-1/glue/aws4_request"));
    EXPECT_THAT(request.headers, HasSubstr("x-amz-security-token: sess"));
    EXPECT_THAT(request.headers, Not(HasSubstr("canary-7f3a")));
  }
  EXPECT_EQ(peer_->requests()[1].body, R"({"namespace":["a"],"properties":{}})");
  EXPECT_EQ(KindOf(MakeRestCatalog({.properties = {{"uri", "https://h"},
                                                   {"rest.sigv4-enabled", "true"},
                                                   {"rest.signing-region", "r"},
                                                   {"rest.access-key-id", "x"}}})
                       .status()),
            ErrorKind::kInvalidArgument);
}

TEST_F(RestCatalogTest, SecretsShowNowhere) {
  const std::string secret = "canary-7f3a";
  const auto catalog = Open(
      [](const PeerRequest& request) {
        return request.target == "/v1/oauth/tokens"
                   ? PeerReply::With(400, R"({"error":"invalid_client"})")
                   : PeerReply::With(403, ErrorBody("ForbiddenException", "no"));
      },
      {{"credential", "me:" + secret}, {"header.X-Api-Key", secret}});
  std::string seen = catalog->ToString() + catalog->name();
  const Status status = catalog->ListNamespaces({}, {}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnauthorized);
  EXPECT_THAT(status.message(), HasSubstr("invalid_client"));
  seen += status.ToString() + catalog->CreateNamespace({}, {"a"}, {}).ToString();
  EXPECT_THAT(seen, Not(HasSubstr(secret)));
}

TEST(RestCatalogOptionsTest, CredentialsDontGoOverTheNetworkUnencrypted) {
  const auto make = [](Properties properties) {
    return MakeRestCatalog({.properties = std::move(properties)}).status();
  };
  const std::string far = "http://catalog.example.com";
  EXPECT_TRUE(make({{"uri", far}}).ok());
  EXPECT_TRUE(make({{"uri", "https://catalog.example.com"}, {"token", "x"}}).ok());
  EXPECT_TRUE(make({{"uri", far}, {"token", "x"}, {"rest.allow-http-credentials", "true"}}).ok());
  for (const std::string key : {"token", "credential", "header.Authorization"}) {
    const Status status = make({{"uri", far}, {key, "x"}});
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << key;
    EXPECT_THAT(status.message(), HasSubstr("unencrypted"));
  }
  EXPECT_EQ(KindOf(make({{"uri", "https://h"}, {"token", "x"}, {"oauth2-server-uri", far}})),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(make({})), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(make({{"uri", "catalog:8181"}})), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
