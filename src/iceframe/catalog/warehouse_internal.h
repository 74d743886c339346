// SPDX-License-Identifier: Apache-2.0
// Where a catalog's tables lie, and the FileIO that may touch them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/io/file_io.h"

namespace iceframe {

/// The folder that a table's files lie in, by where its metadata file is:
/// ".../t/metadata/x.metadata.json" → ".../t"; without a folder "metadata", the file's own folder.
std::string TableRootOf(std::string_view metadata_location);

/// As TableRootOf, for a file that a caller names. Errors: InvalidArgument where it lies in no
/// folder: a table's files would be the whole store.
Result<std::string> RootToRegister(const std::string& metadata_location);

/// The ways in which one local path is written as a location; others: the location itself. For
/// comparing texts that different engines wrote.
std::vector<std::string> SpellingsOf(const std::string& location);

/// A catalog's warehouse. Immutable, thread-safe.
///
/// What a table's metadata says of places is not believed: its files may be touched below the
/// warehouse, below the folder in which the catalog has the table, and below the places given as
/// "allowed-locations".
class Warehouse {
 public:
  /// Reads the keys warehouse, allowed-locations (separated by commas) and the FileIO's own from
  /// `properties`. A relative local path is taken from the current folder. `wrap_file_io`: see
  /// FileIOOptions.
  static Result<Warehouse> Make(
      const Properties& properties,
      std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)> wrap_file_io = {});

  /// Without a trailing slash; empty if none is set.
  const std::string& location() const { return location_; }

  /// "{location of the namespace}/{table}", else "{warehouse}/{dotted namespace}/{table}".
  /// Errors: InvalidArgument if neither is set.
  Result<std::string> DefaultTableLocation(const Properties& namespace_properties,
                                           const TableIdentifier& identifier) const;

  /// The FileIO for a table that lies at `root`.
  Result<std::shared_ptr<FileIO>> FileIOBelow(const std::string& root) const;

 private:
  Warehouse() = default;
  std::string location_;
  FileIOOptions options_;
  std::shared_ptr<FileIO> io_;
};

/// Makes a location given by a user absolute and takes its trailing slashes away.
Result<std::string> AbsoluteLocation(const std::string& location);

}  // namespace iceframe
