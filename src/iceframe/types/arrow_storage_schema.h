// SPDX-License-Identifier: Apache-2.0
// An Iceberg schema in Arrow's words, columns that can't be read yet among them.
#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Returns what ToArrowSchema does, for looking at a table rather than reading it.
///
/// Columns that can't be read yet stand in it by what Arrow stores them as, with their extension's
/// name in the field's metadata: variant is a struct of the binaries `metadata` and `value`,
/// geometry and geography are binary (WKB).
Result<std::shared_ptr<arrow::Schema>> ToArrowStorageSchema(const Schema& schema);

}  // namespace iceframe
