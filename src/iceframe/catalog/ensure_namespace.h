// SPDX-License-Identifier: Apache-2.0
// A namespace that is to be there.
#pragma once

#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"

namespace iceframe {

/// Makes the namespace, without properties, unless it is there. Errors: those of CreateNamespace.
Status EnsureNamespace(const OperationContext& context, Catalog& catalog,
                       const Namespace& name_space);

}  // namespace iceframe
