// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/memory_catalog.h"

#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/memory_pointer_store_internal.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"

namespace iceframe {

Result<std::shared_ptr<Catalog>> MakeMemoryCatalog(MemoryCatalogOptions options) {
  if (const auto found = options.properties.find("warehouse");
      found == options.properties.end() || found->second.empty()) {
    // Files in memory are one set per process; catalogs must not share a place.
    options.properties["warehouse"] = "memory://" + NewUuid();
  }
  ICEFRAME_ASSIGN_OR_RETURN(Warehouse warehouse,
                            Warehouse::Make(options.properties, options.wrap_file_io));
  std::string description = "memory catalog '" + options.name + "'";
  return std::make_shared<MetadataFileCatalog>(std::move(options.name), std::move(description),
                                               /*is_shared=*/false, MakeMemoryPointerStore(),
                                               std::move(warehouse));
}

}  // namespace iceframe
