// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/ensure_namespace.h"

namespace iceframe {

Status EnsureNamespace(const OperationContext& context, Catalog& catalog,
                       const Namespace& name_space) {
  const Status created = catalog.CreateNamespace(context, name_space, Properties{});
  return !created.ok() && KindOf(created) == ErrorKind::kAlreadyExists ? Status::OK() : created;
}

}  // namespace iceframe
