// SPDX-License-Identifier: Apache-2.0
#include "iceframe/net/http_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/http_peer.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::unique_ptr<HttpConnection> Connect(HttpOptions options = {}) {
  return HttpConnection::Make(std::move(options)).ValueOrDie();
}

TEST(HttpConnection, ManyRequestsShareAConnection) {
  HttpPeer peer([](const PeerRequest& request) {
    return PeerReply::With(200, request.method + request.body, "X-Odd:  a b \r\n");
  });
  const auto connection = Connect();
  HttpRequest post{.method = "POST", .url = peer.url() + "/p", .body = "hello"};
  post.headers = {{"X-Mine", "yes"}};
  for (int i = 0; i < 3; ++i) {
    const HttpExchange posted = connection->Send({}, post);
    ASSERT_TRUE(posted.status.ok()) << posted.status.ToString();
    EXPECT_EQ(posted.answer.status, 200);
    EXPECT_EQ(posted.answer.body, "POSThello");
    EXPECT_EQ(posted.answer.headers.at("x-odd"), "a b");
    const HttpExchange got = connection->Send({}, {.url = peer.url() + "/g?x=1"});
    EXPECT_EQ(got.answer.body, "GET");
    const HttpExchange gone = connection->Send({}, {.method = "DELETE", .url = peer.url()});
    EXPECT_EQ(gone.answer.body, "DELETE");
  }
  const auto requests = peer.requests();
  ASSERT_EQ(requests.size(), 9u);
  EXPECT_THAT(requests[0].headers, HasSubstr("X-Mine: yes\r\n"));
  EXPECT_THAT(requests[0].headers, Not(HasSubstr("Expect:")));
  EXPECT_THAT(requests[1].headers, Not(HasSubstr("X-Mine")));
  EXPECT_EQ(requests[1].target, "/g?x=1");
  for (const PeerRequest& request : requests) EXPECT_EQ(request.connection, 0);
}

TEST(HttpConnection, AnAnswerIsAnAnswerWhateverItsStatus) {
  HttpPeer peer([](const PeerRequest& request) {
    return request.target == "/moved" ? PeerReply::With(302, "", "Location: /elsewhere\r\n")
                                      : PeerReply::With(503, "busy");
  });
  const auto connection = Connect();
  EXPECT_EQ(connection->Send({}, {.url = peer.url()}).answer.status, 503);
  EXPECT_EQ(connection->Send({}, {.url = peer.url() + "/moved"}).answer.status, 302);
  EXPECT_EQ(connection->Send({}, {.method = "HEAD", .url = peer.url() + "/moved"}).answer.status,
            302);
  EXPECT_EQ(peer.requests().size(), 3u);
}

TEST(HttpConnection, ABodyIsSentOnceThoughItsConnectionIsLost) {
  HttpPeer peer([](const PeerRequest& request) {
    return request.method == "POST" ? PeerReply::Hangup() : PeerReply::With(200, "");
  });
  const auto connection = Connect();
  // From the second round on the connection is one that was used before.
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(connection->Send({}, {.url = peer.url()}).status.ok());
    const HttpExchange lost =
        connection->Send({}, {.method = "POST", .url = peer.url() + "/commit", .body = "x"});
    EXPECT_EQ(KindOf(lost.status), ErrorKind::kUnavailable) << lost.status.ToString();
    EXPECT_THAT(lost.status.message(), HasSubstr("POST " + peer.url() + "/commit"));
    EXPECT_TRUE(lost.may_have_arrived);
  }
  int num_posts = 0;
  for (const PeerRequest& request : peer.requests()) num_posts += request.method == "POST";
  EXPECT_EQ(num_posts, 3);
}

TEST(HttpConnection, SaysWhatHasNotArrived) {
  std::string url;
  {
    url = HttpPeer([](const PeerRequest&) { return PeerReply::Hangup(); }).url();
  }
  const auto connection = Connect();
  const HttpExchange exchange =
      connection->Send({}, {.method = "POST", .url = url + "/x?token=abc", .body = "x"});
  EXPECT_EQ(KindOf(exchange.status), ErrorKind::kUnavailable);
  EXPECT_FALSE(exchange.may_have_arrived);
  EXPECT_THAT(exchange.status.message(), Not(HasSubstr("abc")));
}

TEST(HttpConnection, AnAnswerThatIsCutIsNone) {
  HttpPeer peer([](const PeerRequest&) {
    return PeerReply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", true};
  });
  const HttpExchange exchange =
      Connect()->Send({}, {.method = "POST", .url = peer.url(), .body = "x"});
  EXPECT_FALSE(exchange.status.ok());
  EXPECT_TRUE(exchange.may_have_arrived);
}

TEST(HttpConnection, ALargeAnswerIsRefused) {
  HttpPeer peer([](const PeerRequest&) { return PeerReply::With(200, std::string(2000, 'x')); });
  HttpOptions options;
  options.max_answer_bytes = 1999;
  const HttpExchange exchange = Connect(options)->Send({}, {.url = peer.url()});
  EXPECT_EQ(KindOf(exchange.status), ErrorKind::kResourceExhausted);
  EXPECT_THAT(exchange.status.message(), HasSubstr("1999 bytes"));
  options.max_answer_bytes = 2000;
  EXPECT_TRUE(Connect(options)->Send({}, {.url = peer.url()}).status.ok());
}

TEST(HttpConnection, EndsWhenItsOperationIsCancelled) {
  OperationContext context;
  HttpPeer peer([&](const PeerRequest&) {
    context.cancel.Cancel();
    return PeerReply{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf", false};
  });
  const auto connection = Connect();
  const HttpExchange exchange = connection->Send(context, {.url = peer.url()});
  EXPECT_EQ(KindOf(exchange.status), ErrorKind::kCancelled);
  EXPECT_TRUE(exchange.may_have_arrived);
  EXPECT_EQ(KindOf(connection->Send(context, {.url = peer.url()}).status), ErrorKind::kCancelled);
}

TEST(HttpConnection, RefusesHeadersWithLineBreaks) {
  HttpPeer peer([](const PeerRequest&) { return PeerReply::With(200, ""); });
  HttpRequest request{.url = peer.url()};
  request.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(KindOf(Connect()->Send({}, request).status), ErrorKind::kInvalidArgument);
  EXPECT_TRUE(peer.requests().empty());
}

TEST(Url, EncodesWhatPathsCantHold) {
  EXPECT_EQ(PercentEncode("a b/ü%\x1f"), "a%20b%2F%C3%BC%25%1F");
  EXPECT_EQ(PercentEncode("Az09-._~"), "Az09-._~");
  EXPECT_EQ(PercentDecode("a%20b%2f%C3%BC%25%1F"), "a b/ü%\x1f");
  EXPECT_EQ(PercentDecode("%"), "%");
  EXPECT_EQ(PercentDecode("%2"), "%2");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
}

TEST(Url, FindsHosts) {
  EXPECT_EQ(HostOfUrl("https://Example.COM:8080/x"), "example.com");
  EXPECT_EQ(HostOfUrl("http://[::1]:80/x"), "[::1]");
  EXPECT_EQ(HostOfUrl("http://user@h/x@y"), "h");
  EXPECT_TRUE(IsLoopbackHost("127.0.0.1"));
  EXPECT_TRUE(IsLoopbackHost("localhost"));
  EXPECT_TRUE(IsLoopbackHost("[::1]"));
  EXPECT_FALSE(IsLoopbackHost("127.0.0.1.example.com"));
  EXPECT_FALSE(IsLoopbackHost("10.0.0.1"));
}

TEST(Url, TakesHttpAlone) {
  EXPECT_TRUE(CheckHttpUrl("the url", "https://host/path").ok());
  EXPECT_TRUE(CheckHttpUrl("the url", "http://host:1").ok());
  for (const std::string url : {"", "host", "ftp://host", "http://", "http://a b", "http://a?x=1",
                                "http://u:p@host", "http://a\r\nb"}) {
    const Status status = CheckHttpUrl("the url", url);
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument) << url;
    EXPECT_THAT(status.message(), Not(HasSubstr("u:p")));
  }
}

}  // namespace
}  // namespace iceframe
