// SPDX-License-Identifier: Apache-2.0
// Requests over HTTP, one after the other, on a connection that stays open between them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/secret.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

struct HttpOptions {
  /// CA certificates for TLS; empty: FindCaCertificates', else libcurl's own.
  std::string ca_file = {};
  /// The client's certificate and its key, PEM files; empty: none.
  std::string client_certificate = {};
  std::string client_key = {};
  /// "user:password"; empty: none.
  Secret basic_auth = {};
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  /// For one answer, from the first byte that is sent to the last one that comes.
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  /// Of a body, inflated.
  int64_t max_answer_bytes = int64_t{256} << 20;
};

/// Signs a request as AWS asks (Signature Version 4). Its path's parts and query must need no
/// encoding.
struct HttpSignature {
  std::string region;
  std::string service;
  std::string access_key_id;
  Secret secret_access_key;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  /// Names and values.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<std::string> body = {};
  std::optional<HttpSignature> signature = {};
};

struct HttpAnswer {
  long status = 0;
  /// By names in lower case; of equal ones the last.
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;
};

/// How an exchange ended: with an answer, or with the reason why there is none.
struct HttpExchange {
  Status status;
  /// Whether the other side may have got the request.
  bool may_have_arrived = false;
  HttpAnswer answer;
};

/// An HTTP connection. It is opened by the first request and again whenever it was lost; HTTP/2 is
/// spoken over TLS where it is offered. Used by one thread at a time; void in a forked child.
///
/// A request with a body is sent once, whatever happens. Redirects are answers as others are.
class HttpConnection {
 public:
  /// Loads libcurl. Errors: Unsupported without it.
  static Result<std::unique_ptr<HttpConnection>> Make(HttpOptions options);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// False in a child of the process that made it.
  bool belongs_to_this_process() const;

  /// Sends a request and waits for the whole answer, whatever its status.
  /// Errors, in `status`: Unavailable where nobody answers, or not in time; Io for a certificate
  /// that can't be trusted; ResourceExhausted for an answer that is too large; InvalidArgument for
  /// a header with a line break; Cancelled, Timeout of the context. They name method, host and
  /// path.
  HttpExchange Send(const OperationContext& context, const HttpRequest& request);

 private:
  class Transfer;
  HttpConnection();

  struct Handles;
  std::unique_ptr<Handles> handles_;
  HttpOptions options_;
};

/// Returns `text` with everything but letters, digits and "-._~" as %XX, for a part of a path or a
/// value of a query.
std::string PercentEncode(std::string_view text);
/// Returns what PercentEncode was given; a % without two digits stays.
std::string PercentDecode(std::string_view text);

/// Returns a URL's host in lower case, without its port; empty if it has none.
std::string HostOfUrl(std::string_view url);
/// Returns whether the host is this machine itself, by its name or address.
bool IsLoopbackHost(std::string_view host);

/// Errors: InvalidArgument, saying of `what` the URL is, if it is not http://… or https://…, has a
/// user in it, or a query.
Status CheckHttpUrl(std::string_view what, const std::string& url);

}  // namespace iceframe
