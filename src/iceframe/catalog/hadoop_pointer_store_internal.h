// SPDX-License-Identifier: Apache-2.0
// Pointers that are file names: tables of a Hadoop catalog, to be read only.
#pragma once

#include <memory>
#include <string>

#include "iceframe/catalog/pointer_store_internal.h"
#include "iceframe/io/file_io.h"

namespace iceframe {

/// Namespaces are folders below `warehouse`, tables folders in them with a folder `metadata`. A
/// table's pointer is the metadata file of the highest version there; without numbered ones, what
/// version-hint.text names. Errors of Write: Unsupported.
std::unique_ptr<PointerStore> MakeHadoopPointerStore(std::shared_ptr<FileIO> io,
                                                     std::string warehouse);

}  // namespace iceframe
