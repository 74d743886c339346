// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/hadoop_catalog.h"

#include <utility>

#include "iceframe/catalog/hadoop_pointer_store_internal.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"

namespace iceframe {

Result<std::shared_ptr<Catalog>> MakeHadoopCatalog(HadoopCatalogOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(Warehouse warehouse, Warehouse::Make(options.properties));
  const std::string location = warehouse.location();
  if (location.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "catalog of type hadoop has no 'warehouse' (for example file:///path/warehouse)");
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto io, warehouse.FileIOBelow(location));
  std::string description = "hadoop catalog '" + options.name + "' at " + location;
  return std::make_shared<MetadataFileCatalog>(
      std::move(options.name), std::move(description),
      /*is_shared=*/true, MakeHadoopPointerStore(std::move(io), location), std::move(warehouse));
}

}  // namespace iceframe
