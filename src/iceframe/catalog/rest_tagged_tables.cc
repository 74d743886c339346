// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "iceframe/base/secret.h"
#include "iceframe/base/uuid.h"
#include "iceframe/catalog/metadata_files.h"
#include "iceframe/catalog/rest_tagged_tables_internal.h"
#include "iceframe/runtime/shared_cache.h"

namespace iceframe {

namespace {

using TableCache = SharedCache<TaggedTable>;

constexpr size_t kLongestTag = 1024;

TableCache& Tables() {
  static auto& tables =
      *new TableCache({.name = "rest_tables", .capacity_bytes = SharedCacheOptions::kAllOfShared});
  return tables;
}

bool HasSecrets(const LoadedTable& table) {
  return std::ranges::any_of(table.config,
                             [](const auto& entry) { return IsSecretKey(entry.first); });
}

}  // namespace

TaggedTables::TaggedTables() : prefix_(NewUuid() + " ") {}

std::shared_ptr<const TaggedTable> TaggedTables::Find(const std::string& request) const {
  return Tables().Find(prefix_ + request);
}

void TaggedTables::Keep(const std::string& request, const HttpAnswer& answer,
                        const LoadedTable& table, size_t text_size) {
  const auto tag = answer.headers.find("etag");
  const bool is_held = tag != answer.headers.end() && !tag->second.empty() &&
                       tag->second.size() <= kLongestTag && !HasSecrets(table);
  if (!is_held) return Tables().Erase(prefix_ + request);
  CacheValue<TaggedTable> value;
  value.value = std::make_shared<const TaggedTable>(TaggedTable{tag->second, table});
  value.weight_bytes = static_cast<int64_t>(text_size) * kMetadataBytesPerTextByte;
  Tables().Put(prefix_ + request, std::move(value));
}

}  // namespace iceframe
