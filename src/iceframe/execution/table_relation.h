// SPDX-License-Identifier: Apache-2.0
// Tables as the relations of queries.
#pragma once

#include <memory>

#include "iceframe/query/relation.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// A table at one of its versions. Errors: NotFound (snapshot, ref).
Result<std::shared_ptr<const Relation>> MakeTableRelation(std::shared_ptr<const Table> table,
                                                          const RelationName& name);

}  // namespace iceframe
