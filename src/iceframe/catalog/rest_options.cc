// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <initializer_list>

#include "iceframe/base/json.h"
#include "iceframe/catalog/rest_options_internal.h"
#include "iceframe/runtime/settings.h"

namespace iceframe {

namespace {

constexpr std::string_view kHeaderPrefix = "header.";
constexpr std::string_view kDelegation = "X-Iceberg-Access-Delegation";
constexpr std::string_view kAllowHttpCredentials = "rest.allow-http-credentials";

constexpr auto kRestKeys = std::to_array<std::string_view>({
    "audience",
    "credential",
    "namespace-separator",
    "oauth2-server-uri",
    "prefix",
    "client.access-key-id",
    "client.region",
    "client.secret-access-key",
    "client.session-token",
    "resource",
    "rest-page-size",
    "rest.access-key-id",
    "rest.allow-http-credentials",
    "rest.authorization-url",
    "rest.client.connection-timeout-ms",
    "rest.client.socket-timeout-ms",
    "rest.page-size",
    "rest.secret-access-key",
    "rest.session-token",
    "rest.signing-name",
    "rest.signing-region",
    "rest.sigv4-enabled",
    "scope",
    "snapshot-loading-mode",
    "ssl.cabundle",
    "ssl.client.cert",
    "ssl.client.key",
    "token",
    "uri",
    "warehouse",
});

// What a server that lists none has.
constexpr auto kEndpoints = std::to_array<std::string_view>({
    "GET /v1/config",
    "GET /v1/{prefix}/namespaces",
    "POST /v1/{prefix}/namespaces",
    "GET /v1/{prefix}/namespaces/{namespace}",
    "DELETE /v1/{prefix}/namespaces/{namespace}",
    "POST /v1/{prefix}/namespaces/{namespace}/properties",
    "GET /v1/{prefix}/namespaces/{namespace}/tables",
    "POST /v1/{prefix}/namespaces/{namespace}/tables",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/namespaces/{namespace}/register",
    "POST /v1/{prefix}/tables/rename",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
    "POST /v1/{prefix}/transactions/commit",
});

std::string WithoutSlashes(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

Result<bool> Flag(const Properties& properties, std::string_view key) {
  const std::string text = ValueOf(properties, key);
  if (text.empty()) return false;
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(const bool value, ParseBool(text), "key", std::string(key));
  return value;
}

Result<std::optional<int64_t>> Number(const Properties& properties, std::string_view key) {
  const std::string text = ValueOf(properties, key);
  if (text.empty()) return std::optional<int64_t>();
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size() && value > 0) {
    return std::optional<int64_t>(value);
  }
  return Error(ErrorKind::kInvalidArgument, key, " must be a positive whole number, got '", text,
               "'");
}

Status ReadTimeouts(const Properties& properties, HttpOptions* out) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto connect,
                            Number(properties, "rest.client.connection-timeout-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(const auto answer, Number(properties, "rest.client.socket-timeout-ms"));
  if (connect) out->connect_timeout = std::chrono::milliseconds(*connect);
  if (answer) out->timeout = std::chrono::milliseconds(*answer);
  return Status::OK();
}

Properties HeadersIn(const Properties& properties) {
  Properties headers = {{std::string(kDelegation), "vended-credentials"}};
  for (const auto& [key, value] : properties) {
    if (!std::string_view(key).starts_with(kHeaderPrefix)) continue;
    const std::string name = key.substr(kHeaderPrefix.size());
    const auto is_same = [&](const auto& header) {
      return std::equal(name.begin(), name.end(), header.first.begin(), header.first.end(),
                        [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    };
    std::erase_if(headers, is_same);
    headers[name] = value;
  }
  return headers;
}

bool HasAuthorization(const Properties& headers) {
  return std::any_of(headers.begin(), headers.end(),
                     [](const auto& header) { return IsSecretKey(header.first); });
}

Status CheckIsPrivate(const RestOptions& options, std::string_view url) {
  const bool has_secret =
      !options.token.empty() || !options.credential.empty() || HasAuthorization(options.headers);
  if (!has_secret || url.starts_with("https://") || IsLoopbackHost(HostOfUrl(url))) {
    return Status::OK();
  }
  ICEFRAME_ASSIGN_OR_RETURN(const bool is_allowed, Flag(options.properties, kAllowHttpCredentials));
  if (is_allowed) return Status::OK();
  return Error(ErrorKind::kInvalidArgument,
               "credentials would go to the REST catalog unencrypted: ", RedactUri(url),
               " (use https://…, or set ", kAllowHttpCredentials, " to true)");
}

// The first that is set: of keys, else a variable of the process.
std::string FirstOf(const Properties& properties, std::initializer_list<std::string_view> keys,
                    const char* variable) {
  for (const std::string_view key : keys) {
    if (std::string text = ValueOf(properties, key); !text.empty()) return text;
  }
  const char* value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

Status ReadSignature(const Properties& properties, RestOptions* out) {
  ICEFRAME_ASSIGN_OR_RETURN(const bool is_signed, Flag(properties, "rest.sigv4-enabled"));
  if (!is_signed) return Status::OK();
  HttpSignature signature;
  signature.region = FirstOf(properties, {"rest.signing-region", "client.region"}, "AWS_REGION");
  signature.service = ValueOf(properties, "rest.signing-name");
  if (signature.service.empty()) signature.service = "execute-api";
  signature.access_key_id =
      FirstOf(properties, {"rest.access-key-id", "client.access-key-id"}, "AWS_ACCESS_KEY_ID");
  signature.secret_access_key = Secret(FirstOf(
      properties, {"rest.secret-access-key", "client.secret-access-key"}, "AWS_SECRET_ACCESS_KEY"));
  out->session_token = Secret(
      FirstOf(properties, {"rest.session-token", "client.session-token"}, "AWS_SESSION_TOKEN"));
  const bool is_complete = !signature.region.empty() && !signature.access_key_id.empty() &&
                           !signature.secret_access_key.empty();
  if (!is_complete) {
    return Error(ErrorKind::kInvalidArgument,
                 "requests to the REST catalog can't be signed without rest.signing-region, "
                 "rest.access-key-id and rest.secret-access-key (or client.…, or AWS_…)");
  }
  out->signature = std::move(signature);
  return Status::OK();
}

Status ReadCredentials(const Properties& properties, RestOptions* out) {
  out->token = Secret(ValueOf(properties, "token"));
  out->credential = Secret(ValueOf(properties, "credential"));
  out->token_uri = ValueOf(properties, "oauth2-server-uri");
  if (out->token_uri.empty()) out->token_uri = ValueOf(properties, "rest.authorization-url");
  if (const std::string scope = ValueOf(properties, "scope"); !scope.empty()) out->scope = scope;
  out->audience = ValueOf(properties, "audience");
  out->resource = ValueOf(properties, "resource");
  ICEFRAME_RETURN_NOT_OK(ReadSignature(properties, out));
  ICEFRAME_RETURN_NOT_OK(CheckIsPrivate(*out, out->uri));
  if (out->token_uri.empty()) return Status::OK();
  ICEFRAME_RETURN_NOT_OK(CheckHttpUrl("oauth2-server-uri", out->token_uri));
  return CheckIsPrivate(*out, out->token_uri);
}

Result<Properties> StringsIn(const Json& json, std::string_view key) {
  Properties strings;
  const Json* member = json.Find(key);
  if (member == nullptr) return strings;
  for (const auto& [name, value] : member->members()) {
    if (!value.is_null()) strings[name] = value.is_string() ? value.text() : value.Dump();
  }
  return strings;
}

}  // namespace

bool IsRestKey(std::string_view key) {
  return key.starts_with(kHeaderPrefix) ||
         std::find(kRestKeys.begin(), kRestKeys.end(), key) != kRestKeys.end();
}

Result<RestOptions> ReadRestOptions(const Properties& properties) {
  RestOptions options;
  options.properties = properties;
  options.name = ValueOf(properties, "name");
  options.uri = WithoutSlashes(ValueOf(properties, "uri"));
  if (options.uri.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "catalog of type rest has no 'uri' (for example http://localhost:8181)");
  }
  ICEFRAME_RETURN_NOT_OK(CheckHttpUrl("the uri of a REST catalog", options.uri));
  options.warehouse = ValueOf(properties, "warehouse");
  options.prefix = ValueOf(properties, "prefix");
  while (options.prefix.starts_with('/')) options.prefix.erase(0, 1);
  options.prefix = WithoutSlashes(options.prefix);
  if (const std::string text = ValueOf(properties, "namespace-separator"); !text.empty()) {
    options.namespace_separator = PercentEncode(PercentDecode(text));
  }
  ICEFRAME_ASSIGN_OR_RETURN(options.page_size, Number(properties, "rest-page-size"));
  if (!options.page_size) {
    ICEFRAME_ASSIGN_OR_RETURN(options.page_size, Number(properties, "rest.page-size"));
  }
  const std::string mode = ValueOf(properties, "snapshot-loading-mode");
  options.wants_refs_only = mode == "refs" || mode == "REFS";
  options.headers = HeadersIn(properties);
  options.http.ca_file = ValueOf(properties, "ssl.cabundle");
  options.http.client_certificate = ValueOf(properties, "ssl.client.cert");
  options.http.client_key = ValueOf(properties, "ssl.client.key");
  ICEFRAME_RETURN_NOT_OK(ReadTimeouts(properties, &options.http));
  ICEFRAME_RETURN_NOT_OK(ReadCredentials(properties, &options));
  return options;
}

Result<RestConfig> ReadRestConfig(const RestOptions& options, std::string_view body) {
  const Result<Json> json = Json::Parse(body);
  const bool is_config = json.ok() && json->is_object() &&
                         (json->Find("defaults") != nullptr || json->Find("overrides") != nullptr);
  if (!is_config) {
    return Error(ErrorKind::kInvalidArgument,
                 "no Iceberg REST catalog answers at this uri: ", options.uri,
                 " (its answer to /v1/config is another one)");
  }
  ICEFRAME_ASSIGN_OR_RETURN(Properties merged, StringsIn(*json, "overrides"));
  ICEFRAME_ASSIGN_OR_RETURN(const Properties defaults, StringsIn(*json, "defaults"));
  // The first that is put in stays.
  merged.insert(options.properties.begin(), options.properties.end());
  merged.insert(defaults.begin(), defaults.end());
  merged["name"] = options.name;
  RestConfig config;
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(config.options, ReadRestOptions(merged),
                                    "configuration given by", options.uri);
  if (options.uri.starts_with("https://") && !config.options.uri.starts_with("https://")) {
    return Error(ErrorKind::kInvalidArgument,
                 "the REST catalog asks to be talked to unencrypted: ", config.options.uri);
  }
  config.takes_idempotency_keys = json->Find("idempotency-key-lifetime") != nullptr;
  if (const Json* listed = json->Find("endpoints"); listed != nullptr) {
    for (const Json& endpoint : listed->items()) config.endpoints.insert(endpoint.text());
  }
  if (config.endpoints.empty()) config.endpoints.insert(kEndpoints.begin(), kEndpoints.end());
  return config;
}

}  // namespace iceframe
