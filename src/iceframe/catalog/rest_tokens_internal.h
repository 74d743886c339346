// SPDX-License-Identifier: Apache-2.0
// The tokens that requests to a REST catalog carry, and where they come from (OAuth 2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <arrow/util/future.h>

#include "iceframe/base/result.h"
#include "iceframe/base/secret.h"
#include "iceframe/catalog/rest_options_internal.h"
#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// A token as it is configured, or those that a client's credentials give, each for most of its
/// life. Thread-safe: of many who want one, one asks.
class RestTokens {
 public:
  explicit RestTokens(RestOptions options) : options_(std::move(options)) {}
  RestTokens(const RestTokens&) = delete;
  RestTokens& operator=(const RestTokens&) = delete;

  /// Empty: requests carry none.
  /// Errors: Unauthorized where the credentials are refused; those of HttpConnection.
  Result<Secret> Current(const OperationContext& context);
  /// The server did not take that one: it is given to nobody any more. Returns whether there can be
  /// another.
  bool Refuse(const Secret& token);

 private:
  struct Token {
    Secret text;
    // nullopt: for ever.
    std::optional<Clock::SteadyTime> renew_at;
  };
  using Flight = arrow::Future<Secret>;

  Result<Token> Ask(const OperationContext& context) const;

  const RestOptions options_;
  internal::ForkSafeMutex mutex_;
  std::optional<Token> token_;
  // Of who asks now, in this process.
  std::optional<Flight> flight_;
  uint64_t process_ = ForkGeneration();
};

}  // namespace iceframe
