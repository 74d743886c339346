// SPDX-License-Identifier: Apache-2.0
// Table properties that ask for something that this library does not do.
#pragma once

#include <string>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// The properties write.* and commit.* that have no effect on what is written, by their keys.
std::vector<std::string> IgnoredWriteProperties(const Properties& properties);

/// Logs a warning for each of them, once per table, key and process.
void WarnOfIgnoredProperties(const OperationContext& context, const TableMetadata& metadata);

}  // namespace iceframe
