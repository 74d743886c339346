// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/disk_cache.h"

#include <unistd.h>

#include <utility>

#include <arrow/buffer.h>
#include <arrow/table.h>

#include "iceframe/services/disk_cache_entry_internal.h"
#include "iceframe/services/disk_cache_folder_internal.h"
#include "iceframe/services/kept_rows.h"

namespace iceframe {

namespace {

using internal::DiskEntry;

/// The folder is listed anew after one put in so many entries, as others put, too.
constexpr int64_t kEntriesPerListing = 16;

std::string GroupPrefix(const std::string& group) { return internal::DigestOf(group) + "-"; }

std::string PathOf(const std::string& folder, const DiskCacheKey& key) {
  return folder + "/" + GroupPrefix(key.group) + internal::DigestOf(key.text) + ".entry";
}

/// Both parts, told apart by the length of the first.
std::string TextOf(const DiskCacheKey& key) {
  return std::to_string(key.group.size()) + ":" + key.group + key.text;
}

}  // namespace

Result<std::shared_ptr<DiskCache>> DiskCache::Open(DiskCacheOptions options) {
  if (options.max_bytes < 0) {
    return Error(ErrorKind::kInvalidArgument,
                 "max_bytes of a disk cache can't be negative: ", options.max_bytes);
  }
  ICEFRAME_ASSIGN_OR_RETURN(options.folder, internal::OpenCacheFolder(options.folder));
  std::shared_ptr<DiskCache> cache(new DiskCache(options));
  // A smaller limit than the last one's holds at once.
  cache->EvictOverflow(OperationContext());
  return cache;
}

DiskCache::DiskCache(const DiskCacheOptions& options)
    : folder_(options.folder), max_bytes_(options.max_bytes), clock_(*options.clock) {}

std::shared_ptr<arrow::Table> DiskCache::Missed(std::atomic<int64_t>* also,
                                                const std::string& delete_path) {
  ++misses_;
  if (also != nullptr) ++*also;
  if (!delete_path.empty()) unlink(delete_path.c_str());
  return nullptr;
}

Result<std::shared_ptr<arrow::Table>> DiskCache::Get(const OperationContext& context,
                                                     const DiskCacheKey& key) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  const std::string path = PathOf(folder_, key);
  auto bytes = internal::ReadCacheFile(path, context.pool());
  if (!bytes.ok() || *bytes == nullptr) return Missed(nullptr, "");
  auto read = internal::ParseDiskEntry(*bytes, context.pool());
  if (!read.ok()) {
    if (KindOf(read.status()) == ErrorKind::kResourceExhausted) return Missed(nullptr, "");
    return Missed(&damaged_, path);
  }
  if (read->entry.key != TextOf(key)) return Missed(nullptr, "");
  if (clock_.SystemNowMs() >= read->entry.expires_at_ms) return Missed(&expired_, path);
  ++hits_;
  internal::BytesGivenBack("disk").Increment((*bytes)->size());
  return std::move(read->rows);
}

Status DiskCache::Put(const OperationContext& context, const DiskCacheKey& key,
                      const arrow::Table& rows, std::optional<std::chrono::nanoseconds> ttl) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  DiskEntry entry;
  entry.key = TextOf(key);
  entry.created_at_ms = clock_.SystemNowMs();
  if (ttl.has_value()) {
    const int64_t ttl_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*ttl).count();
    if (ttl->count() < 0) {
      return Error(ErrorKind::kInvalidArgument, "ttl can't be negative: ", ttl_ms, " ms");
    }
    if (ttl_ms < DiskEntry::kNever - entry.created_at_ms) {
      entry.expires_at_ms = entry.created_at_ms + ttl_ms;
    }
  }
  int64_t num_bytes = -1;
  const std::string path = PathOf(folder_, key);
  ICEFRAME_RETURN_NOT_OK(internal::ReplaceCacheFile(folder_, path, [&](int fd) -> Result<bool> {
    ICEFRAME_ASSIGN_OR_RETURN(
        num_bytes, internal::WriteDiskEntry(fd, path, entry, rows, max_bytes_, context.pool()));
    ICEFRAME_RETURN_NOT_OK(context.Check());
    return num_bytes >= 0;
  }));
  if (num_bytes < 0) {
    // What was there before is not what was put last.
    unlink(path.c_str());
    ++refused_;
  } else if (MayOverflow(num_bytes)) {
    EvictOverflow(context);
  }
  return Status::OK();
}

bool DiskCache::MayOverflow(int64_t num_bytes) {
  const int64_t known = known_bytes_.fetch_add(num_bytes) + num_bytes;
  return known > max_bytes_ || ++num_put_ > known_entries_ / kEntriesPerListing;
}

void DiskCache::EvictOverflow(const OperationContext& context) {
  if (!context.Check().ok()) return;
  const auto use = internal::TrimCacheFolder(folder_, max_bytes_);
  // Whoever is at it evicts for us, too.
  if (!use.ok()) return;
  known_bytes_ = use->num_bytes;
  known_entries_ = use->num_entries;
  num_put_ = 0;
  evictions_ += use->num_evicted;
}

int64_t DiskCache::EraseGroup(const std::string& group) {
  int64_t num_erased = 0;
  for (const auto& file : internal::ListCacheFiles(folder_, GroupPrefix(group))) {
    num_erased += unlink(file.path.c_str()) == 0 ? 1 : 0;
  }
  return num_erased;
}

void DiskCache::Clear() {
  for (const auto& file : internal::ListCacheFiles(folder_, "")) unlink(file.path.c_str());
}

DiskCacheStats DiskCache::stats() const {
  DiskCacheStats stats;
  stats.hits = hits_;
  stats.misses = misses_;
  stats.damaged = damaged_;
  stats.expired = expired_;
  stats.evictions = evictions_;
  stats.refused = refused_;
  for (const auto& file : internal::ListCacheFiles(folder_, "")) {
    ++stats.num_entries;
    stats.num_bytes += file.num_bytes;
  }
  return stats;
}

}  // namespace iceframe
