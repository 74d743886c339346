// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/catalog_errors_internal.h"

namespace iceframe {

Status NoNamespace(const Namespace& name_space) {
  return Error(ErrorKind::kNotFound, "namespace does not exist: ", ToString(name_space));
}

Status NoTable(const TableIdentifier& identifier) {
  return Error(ErrorKind::kNotFound, "table does not exist: ", identifier.ToString());
}

Status TableIsThere(const TableIdentifier& identifier) {
  return Error(ErrorKind::kAlreadyExists, "table exists already: ", identifier.ToString());
}

}  // namespace iceframe
