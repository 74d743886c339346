// SPDX-License-Identifier: Apache-2.0
// The catalogs of the process's sessions, for what belongs to none of them.
#pragma once

#include <memory>
#include <vector>

#include "iceframe/catalog/catalog.h"

namespace iceframe {

/// Adds a catalog, for as long as somebody else holds it.
void NoteCatalog(const std::shared_ptr<Catalog>& catalog);
/// Those that somebody holds, each once.
std::vector<std::shared_ptr<Catalog>> KnownCatalogs();

}  // namespace iceframe
