// SPDX-License-Identifier: Apache-2.0
// What is configured of a REST catalog: by its user, and by its server's defaults and overrides.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/base/secret.h"
#include "iceframe/net/http_connection.h"

namespace iceframe {

struct RestOptions {
  std::string name;
  /// Without a slash at its end.
  std::string uri;
  /// As the server knows it: a name, or a location.
  std::string warehouse;
  /// Between "/v1/" and the rest of a path; empty: none.
  std::string prefix;
  /// Between the levels of a namespace in paths and queries, percent-encoded.
  std::string namespace_separator = "%1F";
  /// Of lists; nullopt: as the server likes.
  std::optional<int64_t> page_size;
  /// Of tables, only the snapshots that refs name are asked for.
  bool wants_refs_only = false;
  /// Sent with every request.
  Properties headers;

  Secret token;
  /// "client id:client secret", or a secret alone.
  Secret credential;
  /// Where tokens come from; empty: the server itself.
  std::string token_uri;
  std::string scope = "catalog";
  std::string audience;
  std::string resource;

  /// How requests are signed; nullopt: they are not.
  std::optional<HttpSignature> signature;
  /// That goes with the signature's keys.
  Secret session_token;

  HttpOptions http;
  /// All of them.
  Properties properties;
};

/// Reads the keys of PyIceberg's and Java's REST catalogs.
/// Errors: InvalidArgument for values that can't be meant, and for credentials that would go over
/// the network unencrypted.
Result<RestOptions> ReadRestOptions(const Properties& properties);

/// The keys that ReadRestOptions takes.
bool IsRestKey(std::string_view key);

/// What the server says of itself, and the options that follow from it.
struct RestConfig {
  RestOptions options;
  /// "GET /v1/{prefix}/namespaces/{namespace}" …
  std::set<std::string, std::less<>> endpoints;
  /// Whether it takes keys by which it knows a request that comes twice.
  bool takes_idempotency_keys = false;

  bool Offers(std::string_view endpoint) const { return endpoints.contains(endpoint); }
};

/// Reads an answer to GET /v1/config: its defaults go below what is configured, its overrides
/// above. A server that lists no endpoints has those that every one has.
/// Errors: InvalidArgument for another answer, and for overrides that would give what is secret to
/// others.
Result<RestConfig> ReadRestConfig(const RestOptions& options, std::string_view body);

}  // namespace iceframe
