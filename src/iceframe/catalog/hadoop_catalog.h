// SPDX-License-Identifier: Apache-2.0
// A catalog without a service: folders of tables with numbered metadata files.
#pragma once

#include <memory>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

struct HadoopCatalogOptions {
  std::string name = "iceframe";
  /// warehouse (required), allowed-locations, and what the FileIO takes.
  Properties properties;
};

/// Opens the warehouse of a Hadoop catalog, as Spark writes it: "{warehouse}/{namespace}/{table}".
/// Read-only: every change fails with Unsupported. Spec: "File System Tables".
/// Errors: InvalidArgument without a warehouse.
Result<std::shared_ptr<Catalog>> MakeHadoopCatalog(HadoopCatalogOptions options);

}  // namespace iceframe
