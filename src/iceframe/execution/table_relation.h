// SPDX-License-Identifier: Apache-2.0
// Tables as the relations of queries.
#pragma once

#include <memory>
#include <string>

#include "iceframe/query/relation.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// A table's state as a relation of that name.
std::shared_ptr<const Relation> MakeTableRelation(TableState state, std::string name);

}  // namespace iceframe
