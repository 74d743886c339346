// SPDX-License-Identifier: Apache-2.0
// Changes that bind_changes.cc makes and bind_transaction.cc takes.
#pragma once

#include "iceframe/table/manage_refs_action.h"
#include "iceframe/table/schema_change.h"
#include "iceframe/table/update_partition_spec_action.h"

namespace iceframe::python {

// Each is a class of its own for Python; nanobind would take the variants apart.
struct PySchemaChange {
  SchemaChange change;
};
struct PyPartitionSpecChange {
  PartitionSpecChange change;
};
struct PyRefChange {
  RefChange change;
};

}  // namespace iceframe::python
