// SPDX-License-Identifier: Apache-2.0
// Tables that no service keeps: folders with numbered metadata files.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

struct HadoopCatalogOptions {
  std::string name = "iceframe";
  /// warehouse (owed), allowed-locations, and what the FileIO takes.
  Properties properties;
  /// Put around the FileIO of tables and metadata; see FileIOOptions.
  std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)> wrap_file_io = {};
};

/// Opens the warehouse of a Hadoop catalog, as Spark writes it: "{warehouse}/{namespace}/{table}".
/// Its tables can be read; every change is refused (Unsupported). Spec: "File System Tables".
/// Errors: InvalidArgument without a warehouse.
Result<std::shared_ptr<Catalog>> MakeHadoopCatalog(HadoopCatalogOptions options);

}  // namespace iceframe
