// SPDX-License-Identifier: Apache-2.0
// Finds tables of a Hadoop catalog by the names of their metadata files. Read-only.
#pragma once

#include <memory>
#include <string>

#include "iceframe/catalog/pointer_store_internal.h"
#include "iceframe/io/file_io.h"

namespace iceframe {

/// Treats folders below `warehouse` as namespaces, and folders with a `metadata` folder as tables.
/// A table points to its metadata file of the highest version; without numbered files, to the one
/// that version-hint.text names. Errors of Write: Unsupported.
std::unique_ptr<PointerStore> MakeHadoopPointerStore(std::shared_ptr<FileIO> io,
                                                     std::string warehouse);

}  // namespace iceframe
