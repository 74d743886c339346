// SPDX-License-Identifier: Apache-2.0
// Columns under other field ids.
#pragma once

#include <functional>
#include <memory>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Gives the new id of a field; called once for each, a field before those inside of it.
using FieldIdMap = std::function<FieldId(FieldId id)>;

/// The field, and all that are nested in it, under other ids.
NestedField Renumber(const NestedField& field, const FieldIdMap& new_id);
/// The schema's columns under other ids; which of them identify rows is not kept.
/// Errors: InvalidArgument if two fields get one id.
Result<std::shared_ptr<const Schema>> Renumber(const Schema& schema, const FieldIdMap& new_id);

}  // namespace iceframe
