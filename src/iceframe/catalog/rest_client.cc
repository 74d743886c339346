// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <random>
#include <utility>

#include "iceframe/base/ascii.h"
#include "iceframe/base/json.h"
#include "iceframe/catalog/rest_client_internal.h"

namespace iceframe {

namespace {

using std::chrono::milliseconds;

// How long a request is tried again, once the server has answered to one, and before.
constexpr milliseconds kPatience = std::chrono::seconds(30);
constexpr milliseconds kFirstPatience{500};
constexpr milliseconds kMinWait{50};
constexpr milliseconds kMaxWait = std::chrono::seconds(2);
// Of what a server says.
constexpr size_t kMaxReason = 500;
constexpr char kTraceparent[] = "traceparent";

// A connection as a pool keeps it. What was closed by the other side is opened again by a request.
class RestConnection final : public PooledConnection {
 public:
  explicit RestConnection(std::unique_ptr<HttpConnection> http) : http_(std::move(http)) {}
  Status Ping(const OperationContext& /*context*/) override { return Status::OK(); }
  Status Reset() override { return Status::OK(); }
  HttpConnection& http() { return *http_; }

 private:
  const std::unique_ptr<HttpConnection> http_;
};

// A random part of what doubles.
milliseconds WaitBefore(int retry) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int64_t most = std::min(kMinWait.count() << std::min(retry, 10), kMaxWait.count());
  return milliseconds(std::uniform_int_distribution<int64_t>(most / 4, most)(random));
}

// Of an answer that says so, in seconds.
std::optional<milliseconds> RetryAfter(const HttpAnswer& answer) {
  const auto found = answer.headers.find("retry-after");
  if (found == answer.headers.end()) return std::nullopt;
  int64_t seconds = 0;
  const std::string& text = found->second;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return milliseconds(std::min<int64_t>(seconds, 3600) * 1000);
}

bool IsBusy(long status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// Whether the same request may be sent again after that.
bool MayRetry(const RestRequest& request, const RestExchange& exchange) {
  if (!exchange.status.ok()) {
    const bool may_repeat = request.is_repeatable() || !exchange.may_be_done;
    return may_repeat && KindOf(exchange.status) == ErrorKind::kUnavailable;
  }
  if (!IsBusy(exchange.answer.status)) return false;
  return request.is_repeatable() || exchange.answer.status == 429;
}

std::string UrlOf(const RestConfig& config, const RestRequest& request) {
  std::string url = config.options.uri + "/v1/";
  if (!config.options.prefix.empty() && request.path != "config") {
    url += config.options.prefix + "/";
  }
  url += request.path;
  // In the order in which signatures have them.
  auto query = request.query;
  std::sort(query.begin(), query.end());
  char mark = '?';
  for (const auto& [name, value] : query) {
    url += mark + PercentEncode(name) + "=" + PercentEncode(value);
    mark = '&';
  }
  return url;
}

void Authorize(const RestOptions& options, const Secret& token, HttpRequest* http) {
  http->signature = options.signature;
  if (options.signature && !options.session_token.empty()) {
    http->headers.emplace_back("x-amz-security-token", options.session_token.Reveal());
  }
  if (token.empty()) return;
  // The signature takes the usual place.
  const char* name = options.signature ? "Original-Authorization" : "Authorization";
  http->headers.emplace_back(name, "Bearer " + token.Reveal());
}

// Makes what the server does a part of the operation's trace. Not where requests are signed:
// proxies may change the header, and the signature would not hold any more.
void NameTrace(const OperationContext& context, HttpRequest* http) {
  std::string parent = context.Traceparent();
  const bool has_one = std::ranges::any_of(
      http->headers, [](const auto& header) { return AsciiLower(header.first) == kTraceparent; });
  if (parent.empty() || has_one || http->signature) return;
  http->headers.emplace_back(kTraceparent, std::move(parent));
}

struct ErrorBody {
  std::string type;
  std::string message;
};

std::optional<ErrorBody> ErrorIn(const HttpAnswer& answer) {
  const Result<Json> json = Json::Parse(answer.body);
  const Json* error = json.ok() ? json->Find("error") : nullptr;
  if (error == nullptr || !error->is_object()) return std::nullopt;
  ErrorBody body;
  if (const Json* type = error->Find("type"); type != nullptr) body.type = type->text();
  if (const Json* message = error->Find("message"); message != nullptr) {
    body.message = RedactUri(message->text().substr(0, kMaxReason));
  }
  return body;
}

ErrorKind KindOfAnswer(long status, std::string_view type) {
  if (type == "NamespaceNotEmptyException") return ErrorKind::kInvalidArgument;
  switch (status) {
    case 401:
    case 403:
    case 419:
      return ErrorKind::kUnauthorized;
    case 404:
      return ErrorKind::kNotFound;
    case 405:
    case 406:
    case 501:
      return ErrorKind::kUnsupported;
    case 409:
      return ErrorKind::kAlreadyExists;
    case 429:
      return ErrorKind::kUnavailable;
    default:
      return status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kInvalidArgument;
  }
}

std::string_view RemedyOfAnswer(long status, bool is_catalogs) {
  if (status == 401 || status == 419) return " (keys: token, credential, rest.sigv4-enabled)";
  if (status == 403) return " (the server knows who asks, and does not allow it)";
  if (!is_catalogs && status < 500) {
    return " (it is not an Iceberg REST catalog's answer; keys: uri, prefix)";
  }
  return "";
}

}  // namespace

RestServer::RestServer(RestOptions options)
    : options_(std::move(options)),
      connections_(std::make_shared<ConnectionPool>(
          "rest catalog '" + options_.name + "' at " + options_.uri,
          [http = options_.http](
              const OperationContext&) -> Result<std::unique_ptr<PooledConnection>> {
            ICEFRAME_ASSIGN_OR_RETURN(auto connection, HttpConnection::Make(http));
            return std::make_unique<RestConnection>(std::move(connection));
          })),
      tokens_(options_) {}

Result<std::shared_ptr<const RestConfig>> RestServer::Config(
    const OperationContext& context, const std::shared_ptr<LeasedConnection>& leased) {
  {
    const std::lock_guard lock(mutex_);
    if (config_ != nullptr) return config_;
  }
  RestConfig before;
  before.options = options_;
  RestRequest request;
  request.path = "config";
  if (!options_.warehouse.empty()) request.query = {{"warehouse", options_.warehouse}};
  const RestExchange exchange = Send(context, before, leased, request);
  ICEFRAME_RETURN_NOT_OK(exchange.status);
  if (exchange.answer.status != 200) return ErrorOfRestAnswer(request, exchange.answer);
  ICEFRAME_ASSIGN_OR_RETURN(RestConfig config, ReadRestConfig(options_, exchange.answer.body));
  auto shared = std::make_shared<const RestConfig>(std::move(config));
  const std::lock_guard lock(mutex_);
  // Another thread may have been faster.
  if (config_ == nullptr) config_ = std::move(shared);
  return config_;
}

Properties RestServer::properties() const {
  const std::lock_guard lock(mutex_);
  return config_ != nullptr ? config_->options.properties : options_.properties;
}

RestExchange RestServer::SendOnce(const OperationContext& context, const RestConfig& config,
                                  const std::shared_ptr<LeasedConnection>& leased,
                                  const RestRequest& request, bool* is_token_refused) {
  RestExchange out;
  const auto send = [&]() -> Status {
    HttpRequest http;
    http.method = request.method;
    http.url = UrlOf(config, request);
    http.headers = request.headers;
    http.headers.emplace_back("Accept", "application/json");
    if (request.body) http.headers.emplace_back("Content-Type", "application/json");
    http.body = request.body;
    for (const auto& header : config.options.headers) http.headers.push_back(header);
    ICEFRAME_ASSIGN_OR_RETURN(const Secret token, tokens_.Current(context));
    Authorize(config.options, token, &http);
    NameTrace(context, &http);
    std::shared_ptr<LeasedConnection::Use> use;
    if (leased != nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(use, leased->BeginUse(context));
    }
    ConnectionLease lease;
    if (use == nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(lease, connections_->Acquire(context, {}));
    }
    auto& connection =
        static_cast<RestConnection&>(use != nullptr ? *use->connection() : lease.connection());
    HttpExchange exchange = connection.http().Send(context, http);
    out.may_be_done = exchange.may_have_arrived;
    out.answer = std::move(exchange.answer);
    *is_token_refused = exchange.status.ok() && out.answer.status == 401 && tokens_.Refuse(token);
    return exchange.status;
  };
  out.status = send();
  return out;
}

RestExchange RestServer::Send(const OperationContext& context, const RestConfig& config,
                              const std::shared_ptr<LeasedConnection>& leased,
                              const RestRequest& request) {
  const bool is_known = !config.endpoints.empty();
  const auto give_up_at = context.clock->SteadyNow() + (is_known ? kPatience : kFirstPatience);
  bool was_refused = false;
  for (int retry = 0;; ++retry) {
    bool is_token_refused = false;
    RestExchange exchange = SendOnce(context, config, leased, request, &is_token_refused);
    if (is_token_refused && !was_refused) {
      // It was not handled: a new token, once.
      was_refused = true;
      continue;
    }
    if (!MayRetry(request, exchange)) return exchange;
    const milliseconds wait = RetryAfter(exchange.answer).value_or(WaitBefore(retry));
    if (context.clock->SteadyNow() + wait > give_up_at) return exchange;
    if (const Status status = context.Sleep(wait); !status.ok()) {
      return RestExchange{status, exchange.may_be_done, {}};
    }
  }
}

std::string ErrorTypeOf(const HttpAnswer& answer) {
  const auto error = ErrorIn(answer);
  return error ? error->type : "";
}

Status ErrorOfRestAnswer(const RestRequest& request, const HttpAnswer& answer) {
  const auto error = ErrorIn(answer);
  // Answers to HEAD have no body.
  const bool is_catalogs = error.has_value() || request.method == "HEAD";
  const ErrorKind kind = !is_catalogs && answer.status == 404
                             ? ErrorKind::kInvalidArgument
                             : KindOfAnswer(answer.status, error ? error->type : "");
  return Error(kind, "REST catalog answered ", answer.status, " to ", request.method, " ",
               request.path, error && !error->message.empty() ? ": " + error->message : "",
               RemedyOfAnswer(answer.status, is_catalogs));
}

Result<Json> ParseRestBody(const RestRequest& request, const HttpAnswer& answer) {
  Result<Json> json = Json::Parse(answer.body);
  if (json.ok() && json->is_object()) return json;
  return Error(ErrorKind::kIo, "answer of the REST catalog can't be read: ", request.method, " ",
               request.path, json.ok() ? "" : ": " + json.status().message());
}

}  // namespace iceframe
