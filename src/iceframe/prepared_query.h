// SPDX-License-Identifier: Apache-2.0
// A query that is executed again and again.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/query/query.h"
#include "iceframe/services/query_cache.h"

namespace iceframe {

struct QueryOptions {
  /// Rules of the optimizer that are left out, by name (docs/queries.md); for looking into plans.
  std::set<std::string> disabled_rules;
  /// Set: the answer may come from the session's cache, and is kept in it; nullopt: neither.
  std::optional<ResultCaching> cache = std::nullopt;
};

namespace internal {

/// What a query that takes part in a cache came to: its key, as long as all its tables are where
/// they were.
struct BoundResult {
  struct TablePlace {
    TableIdentifier identifier;
    std::string metadata_location;
  };
  std::shared_ptr<Catalog> catalog;
  std::shared_ptr<const Properties> settings;
  uid_t user = 0;
  std::vector<TablePlace> tables;
  std::string key;
};

}  // namespace internal

/// A query and its options, which remember what they were bound to, so that an answer that is kept
/// is found without binding and planning anew. Immutable and thread-safe; for any session.
class PreparedQuery {
 public:
  explicit PreparedQuery(Query query, QueryOptions options = {})
      : query_(std::move(query)), options_(std::move(options)) {}

  const Query& query() const { return query_; }
  const QueryOptions& options() const { return options_; }

  /// For sessions.
  std::shared_ptr<const internal::BoundResult> bound() const {
    const std::lock_guard lock(mutex_);
    return bound_;
  }
  void Remember(std::shared_ptr<const internal::BoundResult> bound) const {
    const std::lock_guard lock(mutex_);
    bound_.swap(bound);
  }

 private:
  const Query query_;
  const QueryOptions options_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const internal::BoundResult> bound_;
};

}  // namespace iceframe
