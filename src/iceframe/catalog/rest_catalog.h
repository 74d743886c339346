// SPDX-License-Identifier: Apache-2.0
// The REST catalog: a server names the tables and commits to them.
#pragma once

#include <functional>
#include <memory>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

struct RestCatalogOptions {
  /// name, uri, warehouse, prefix, token, credential … (docs/catalogs.md); allowed-locations, and
  /// what the FileIO takes.
  Properties properties;
  /// Put around the FileIO of tables; see FileIOOptions.
  std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)> wrap_file_io = {};
};

/// A catalog over an Iceberg REST server, which is asked first when the catalog is first used.
///
/// A change is sent once, whatever happens to its answer: a commit whose answer is lost, or is a
/// 5xx, ends as kUnknown, other changes as CommitStateUnknown. What only asks is repeated while the
/// server does not answer or is busy. Thread-safe, safe over forks; has a pool of connections.
/// Errors: InvalidArgument for keys that can't be meant; Unsupported without libcurl.
Result<std::shared_ptr<Catalog>> MakeRestCatalog(RestCatalogOptions options);

}  // namespace iceframe
