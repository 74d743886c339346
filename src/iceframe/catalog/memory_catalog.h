// SPDX-License-Identifier: Apache-2.0
// A catalog that lives and dies with its process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

struct MemoryCatalogOptions {
  std::string name = "iceframe";
  /// warehouse (default: a place in memory of its own), allowed-locations, and what the FileIO
  /// takes. Metadata files are written as by any other catalog.
  Properties properties;
  /// Put around the FileIO of tables and metadata; see FileIOOptions.
  std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)> wrap_file_io = {};
};

/// Makes an empty catalog. Namespaces and names behave as in the SQL catalog; supports locked
/// commits. After fork() the child goes on with a copy.
Result<std::shared_ptr<Catalog>> MakeMemoryCatalog(MemoryCatalogOptions options);

}  // namespace iceframe
