// SPDX-License-Identifier: Apache-2.0
// Which catalog is meant: arguments, environment variables and configuration files, as one set of
// properties. A pure function of what it is given.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "iceframe/base/json.h"
#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"

namespace iceframe {

/// The name of a catalog that none was given to.
inline constexpr std::string_view kDefaultCatalogName = "iceframe";

struct CatalogConfigSources {
  /// What the caller gave; wins over everything else, unless empty.
  Properties arguments;
  /// All variables of the process.
  Properties environment;
  std::string home_folder;
  std::string current_folder;
  /// Returns a file's text, nullopt if there is no such file.
  std::function<Result<std::optional<std::string>>(const std::string& path)> read_file;
};

/// Returns PyIceberg's configuration: the first ".pyiceberg.yaml" of $PYICEBERG_HOME, the home and
/// the current folder, with keys in lower case, under the variables PYICEBERG_… ("__" goes one
/// level down, up to the third; further "__" become ".", "_" becomes "-").
/// Errors: InvalidArgument for a file that can't be read as YAML or two values that don't nest.
Result<Json> LoadPyIcebergConfig(const CatalogConfigSources& sources);

struct CatalogConfig {
  /// `name` is always set.
  Properties properties;
  /// For the embedded catalog, the folder it lies in; else empty.
  std::string embedded_folder;
};

/// Returns the properties of the catalog that is meant.
///
/// Looks, until one describes a catalog, at: the arguments (with the section of their name, or
/// "iceframe", below them); the variables ICEBERG_CATALOG_URI and its family; PyIceberg's section
/// "iceframe"; its default one. If none does, the result is the embedded catalog: SQLite in
/// "$XDG_DATA_HOME/iceframe/catalog.db" (~/.local/share where that is not set), with the folder
/// "warehouse" beside it.
Result<CatalogConfig> ResolveCatalogConfig(const CatalogConfigSources& sources);

/// The sources of this process: its environment, folders and files.
Result<CatalogConfigSources> ProcessCatalogConfigSources(Properties arguments);

}  // namespace iceframe
