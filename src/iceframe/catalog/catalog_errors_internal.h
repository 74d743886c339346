// SPDX-License-Identifier: Apache-2.0
// What every catalog says of names that are there or are not.
#pragma once

#include "iceframe/base/result.h"
#include "iceframe/catalog/identifier.h"

namespace iceframe {

Status NoNamespace(const Namespace& name_space);
Status NoTable(const TableIdentifier& identifier);
Status TableIsThere(const TableIdentifier& identifier);

}  // namespace iceframe
