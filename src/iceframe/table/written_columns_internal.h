// SPDX-License-Identifier: Apache-2.0
// Whether rows that were written for one schema fit another.
#pragma once

#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe::internal {

/// The columns of `now` that must have values, and that rows written for `before` may lack:
/// required ones that were optional, or that are new and have no default.
std::vector<FieldId> NewlyRequired(const Schema& before, const Schema& now);

/// Checks that the columns of `written` whose ids are above `last_column_id`, which the commit
/// itself gave, are the same in `current`: on another base they may have got other ids, and the
/// rows would be read as another writer's columns. Errors: CommitConflict naming the column.
Status CheckNewColumnsStay(const Schema& written, const Schema& current, FieldId last_column_id);

/// Checks that rows written for `written` lack nothing that `current` requires.
/// Errors: CommitConflict naming the column.
Status CheckRequiredColumnsWritten(const Schema& written, const Schema& current);

}  // namespace iceframe::internal
