// SPDX-License-Identifier: Apache-2.0
// Catalogs of equal configuration are one in a process, so that they share their connections.
#pragma once

#include <functional>
#include <memory>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

/// Returns the catalog that somebody has of this configuration, credentials included; else what
/// `make` makes. Relative places are taken from the current folder, which is part of it.
Result<std::shared_ptr<Catalog>> SharedCatalog(
    const Properties& properties, const std::function<Result<std::shared_ptr<Catalog>>()>& make);

}  // namespace iceframe
