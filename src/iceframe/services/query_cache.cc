// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_cache.h"

#include <utility>

namespace iceframe {

std::shared_ptr<QueryCache> QueryCache::Make(QueryCacheOptions options) {
  return std::shared_ptr<QueryCache>(new QueryCache(std::move(options)));
}

QueryCache::QueryCache(QueryCacheOptions options) : options_(std::move(options)) {}

}  // namespace iceframe
