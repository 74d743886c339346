// SPDX-License-Identifier: Apache-2.0
// A catalog from configuration.
#pragma once

#include <memory>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

/// Returns the catalog that `config` describes, completed from the environment and configuration
/// files (catalog_config.h); without any configuration the embedded one, whose folder is made.
///
/// Types: sql (over SQLite), memory (also in-memory); where `type` is absent it follows from `uri`.
/// Keys that have no meaning for the type are logged as ignored, unknown ones refused with the
/// nearest known one.
///
/// While somebody holds a catalog of an equal configuration, that one is returned, so that all who
/// use it share its connections; catalogs in memory are never shared.
/// Errors: Unsupported for types and databases that are not built; InvalidArgument; Io.
Result<std::shared_ptr<Catalog>> MakeCatalog(const OperationContext& context,
                                             const Properties& config);
Result<std::shared_ptr<Catalog>> MakeCatalog(const Properties& config);

/// As MakeCatalog, but whether the catalog can be reached is found out by its first use.
Result<std::shared_ptr<Catalog>> MakeUnconnectedCatalog(const OperationContext& context,
                                                        const Properties& config);

/// As MakeCatalog, with nothing but `properties`.
Result<std::shared_ptr<Catalog>> MakeCatalogFromResolved(const OperationContext& context,
                                                         const Properties& properties);

}  // namespace iceframe
