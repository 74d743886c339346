// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include "iceframe/catalog/shared_catalogs_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {

// The folder, and what is configured. Compared as a whole: a hash could mix principals.
using CatalogKey = std::pair<std::string, Properties>;

// Never destroyed: catalogs may outlast static objects.
struct Shared {
  static Shared& Instance() {
    static auto* instance = new Shared;
    return *instance;
  }
  internal::ForkSafeMutex mutex;
  std::map<CatalogKey, std::weak_ptr<Catalog>> catalogs;
};

}  // namespace

Result<std::shared_ptr<Catalog>> SharedCatalog(
    const Properties& properties, const std::function<Result<std::shared_ptr<Catalog>>()>& make) {
  std::error_code code;
  CatalogKey key(std::filesystem::current_path(code).string(), properties);
  Shared& shared = Shared::Instance();
  const auto find = [&]() -> std::shared_ptr<Catalog> {
    const auto found = shared.catalogs.find(key);
    return found == shared.catalogs.end() ? nullptr : found->second.lock();
  };
  // A catalog has locks of its own: it is neither made nor dropped under this one.
  std::shared_ptr<Catalog> catalog;
  {
    const std::lock_guard lock(shared.mutex);
    catalog = find();
  }
  if (catalog != nullptr) return catalog;
  ICEFRAME_ASSIGN_OR_RETURN(const auto made, make());
  const std::lock_guard lock(shared.mutex);
  // Another thread may have been faster.
  if ((catalog = find()) != nullptr) return catalog;
  std::erase_if(shared.catalogs, [](const auto& entry) { return entry.second.expired(); });
  shared.catalogs.emplace(std::move(key), made);
  return made;
}

}  // namespace iceframe
