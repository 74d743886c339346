// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/known_catalogs.h"

#include <algorithm>
#include <mutex>

#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {

// Never destroyed: sessions may outlast static objects.
struct Known {
  static Known& Instance() {
    static auto* instance = new Known;
    return *instance;
  }
  internal::ForkSafeMutex mutex;
  std::vector<std::weak_ptr<Catalog>> catalogs;
};

}  // namespace

void NoteCatalog(const std::shared_ptr<Catalog>& catalog) {
  Known& known = Known::Instance();
  std::lock_guard lock(known.mutex);
  std::erase_if(known.catalogs, [](const auto& other) { return other.expired(); });
  const bool is_known = std::ranges::any_of(known.catalogs, [&](const auto& other) {
    return !other.owner_before(catalog) && !catalog.owner_before(other);
  });
  if (!is_known) known.catalogs.push_back(catalog);
}

std::vector<std::shared_ptr<Catalog>> KnownCatalogs() {
  Known& known = Known::Instance();
  std::vector<std::shared_ptr<Catalog>> catalogs;
  std::lock_guard lock(known.mutex);
  for (const auto& weak : known.catalogs) {
    if (auto catalog = weak.lock()) catalogs.push_back(std::move(catalog));
  }
  return catalogs;
}

}  // namespace iceframe
