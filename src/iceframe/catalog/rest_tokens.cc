// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <utility>

#include "iceframe/base/json.h"
#include "iceframe/catalog/rest_tokens_internal.h"
#include "iceframe/net/http_connection.h"
#include "iceframe/runtime/wait.h"

namespace iceframe {

namespace {

void AddField(std::string_view name, std::string_view value, std::string* form) {
  if (value.empty()) return;
  if (!form->empty()) *form += '&';
  *form += std::string(name) + "=" + PercentEncode(value);
}

std::string FormOf(const RestOptions& options) {
  const std::string& credential = options.credential.Reveal();
  const size_t colon = credential.find(':');
  std::string form;
  AddField("grant_type", "client_credentials", &form);
  if (colon != std::string::npos) AddField("client_id", credential.substr(0, colon), &form);
  AddField("client_secret", colon == std::string::npos ? credential : credential.substr(colon + 1),
           &form);
  AddField("scope", options.scope, &form);
  AddField("audience", options.audience, &form);
  AddField("resource", options.resource, &form);
  return form;
}

// What a refusal says, which never holds the credentials.
std::string ReasonIn(const HttpAnswer& answer) {
  const Result<Json> json = Json::Parse(answer.body);
  if (!json.ok()) return "";
  const Json* error = json->Find("error");
  const Json* description = json->Find("error_description");
  std::string reason = error != nullptr ? ": " + error->text() : "";
  if (description != nullptr) reason += ": " + description->text().substr(0, 200);
  return reason;
}

}  // namespace

Result<RestTokens::Token> RestTokens::Ask(const OperationContext& context) const {
  // Its own: who asks for a token may hold the last connection of the pool.
  ICEFRAME_ASSIGN_OR_RETURN(const auto connection, HttpConnection::Make(options_.http));
  HttpRequest request;
  request.method = "POST";
  request.url = options_.token_uri.empty() ? options_.uri + "/v1/oauth/tokens" : options_.token_uri;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.body = FormOf(options_);
  const auto start = context.clock->SteadyNow();
  const HttpExchange exchange = connection->Send(context, request);
  ICEFRAME_RETURN_NOT_OK(exchange.status);
  const HttpAnswer& answer = exchange.answer;
  if (answer.status != 200) {
    const bool is_passing = answer.status >= 500 || answer.status == 429;
    return Error(is_passing ? ErrorKind::kUnavailable : ErrorKind::kUnauthorized,
                 "no token for the REST catalog: ", RedactUri(request.url), " answered ",
                 answer.status, ReasonIn(answer), " (keys: credential, scope, oauth2-server-uri)");
  }
  const Result<Json> json = Json::Parse(answer.body);
  const Json* text = json.ok() ? json->Find("access_token") : nullptr;
  if (text == nullptr || text->text().empty()) {
    return Error(ErrorKind::kUnauthorized,
                 "no token for the REST catalog: the answer has none: ", RedactUri(request.url));
  }
  Token token{Secret(text->text()), std::nullopt};
  const Json* life = json->Find("expires_in");
  const int64_t seconds = life == nullptr ? 0 : life->AsInt64().ValueOr(0);
  // At four fifths of its life.
  if (seconds > 0)
    token.renew_at =
        start + std::chrono::milliseconds(std::min<int64_t>(seconds, 1'000'000'000) * 800);
  return token;
}

Result<Secret> RestTokens::Current(const OperationContext& context) {
  if (options_.credential.empty()) return options_.token;
  Flight flight = Flight::Make();
  bool is_leader = false;
  {
    const std::lock_guard lock(mutex_);
    if (token_ && (!token_->renew_at || context.clock->SteadyNow() < *token_->renew_at)) {
      return token_->text;
    }
    // Who asked in the parent is not in this process.
    is_leader = !flight_ || process_ != ForkGeneration();
    process_ = ForkGeneration();
    if (is_leader) {
      flight_ = flight;
    } else {
      flight = *flight_;
    }
  }
  if (!is_leader) {
    Result<Secret> theirs = Await(context, flight);
    // A leader that was cancelled says nothing of us.
    const bool is_theirs_alone = !theirs.ok() && context.Check().ok() &&
                                 (KindOf(theirs.status()) == ErrorKind::kCancelled ||
                                  KindOf(theirs.status()) == ErrorKind::kTimeout);
    return is_theirs_alone ? Current(context) : theirs;
  }
  const Result<Token> token = Ask(context);
  {
    const std::lock_guard lock(mutex_);
    if (token.ok()) token_ = *token;
    flight_.reset();
  }
  const Result<Secret> result = token.ok() ? Result<Secret>(token->text) : token.status();
  flight.MarkFinished(result);
  return result;
}

bool RestTokens::Refuse(const Secret& token) {
  if (options_.credential.empty()) return false;
  const std::lock_guard lock(mutex_);
  if (token_ && token_->text == token) token_.reset();
  return true;
}

}  // namespace iceframe
