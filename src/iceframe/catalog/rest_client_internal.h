// SPDX-License-Identifier: Apache-2.0
// Requests to the server of a REST catalog, and what its answers mean.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/connection_pool.h"
#include "iceframe/catalog/leased_connection.h"
#include "iceframe/catalog/rest_options_internal.h"
#include "iceframe/catalog/rest_tagged_tables_internal.h"
#include "iceframe/catalog/rest_tokens_internal.h"
#include "iceframe/net/http_connection.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

struct RestRequest {
  std::string method = "GET";
  /// After the prefix: "namespaces/a%1Fb/tables".
  std::string path;
  /// Names and values, not encoded yet.
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// JSON.
  std::optional<std::string> body = {};

  /// Whether asking twice is no other than asking once.
  bool is_repeatable() const { return method == "GET" || method == "HEAD"; }
};

/// An answer to a request, or why there is none.
struct RestExchange {
  Status status;
  /// Whether the server may have done what was asked; false: it has not.
  bool may_be_done = false;
  HttpAnswer answer;
};

/// The server as all catalogs over it share it: configuration, tokens, connections. Thread-safe.
class RestServer {
 public:
  explicit RestServer(RestOptions options);

  /// As it is configured; asked of the server once.
  Result<std::shared_ptr<const RestConfig>> Config(const OperationContext& context,
                                                   const std::shared_ptr<LeasedConnection>& leased);
  /// Sends a request, over `leased` while that is on loan. What can't be sent twice is sent once;
  /// what can, and what did not arrive, again for a while where nobody answers or the server is
  /// busy. After a refused token once more with a new one.
  RestExchange Send(const OperationContext& context, const RestConfig& config,
                    const std::shared_ptr<LeasedConnection>& leased, const RestRequest& request);

  const std::shared_ptr<ConnectionPool>& connections() const { return connections_; }
  const std::string& name() const { return options_.name; }
  TaggedTables& tables() { return tables_; }
  /// Returns the catalog's properties, merged with the server's once it was asked.
  Properties properties() const;

 private:
  RestExchange SendOnce(const OperationContext& context, const RestConfig& config,
                        const std::shared_ptr<LeasedConnection>& leased, const RestRequest& request,
                        bool* is_token_refused);

  const RestOptions options_;
  const std::shared_ptr<ConnectionPool> connections_;
  RestTokens tokens_;
  mutable internal::ForkSafeMutex mutex_;
  std::shared_ptr<const RestConfig> config_;
  TaggedTables tables_;
};

/// Returns what an answer that is no success says, by its status and its error: NotFound,
/// AlreadyExists, InvalidArgument, Unauthorized, Unsupported, Unavailable. It names method, path
/// and status, the server's words, and where it helps a key to look at.
Status ErrorOfRestAnswer(const RestRequest& request, const HttpAnswer& answer);

/// The name that the server gives its error: "NoSuchTableException" …; empty: the answer is not of
/// a REST catalog.
std::string ErrorTypeOf(const HttpAnswer& answer);

/// Parses the body of a success. Errors: Io, as what comes cut or garbled.
Result<Json> ParseRestBody(const RestRequest& request, const HttpAnswer& answer);

}  // namespace iceframe
