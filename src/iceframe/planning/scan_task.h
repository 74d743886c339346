// SPDX-License-Identifier: Apache-2.0
// One piece of a scan: everything a reader needs, and nothing that can't be sent elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/data_file.h"

namespace iceframe {

struct DeleteFileReference {
  DataFile file;
  SequenceNumber data_sequence_number;
  bool operator==(const DeleteFileReference&) const = default;
};

/// A data file to read, with the deletes that apply to it. Self-contained and serializable.
struct ScanTask {
  DataFile data_file;
  SequenceNumber data_sequence_number;
  /// Deletion vector or position deletes first, then equality deletes.
  std::vector<DeleteFileReference> delete_files;
  /// The row filter, bound to the scan's schema and simplified, less what the partition already
  /// proves; the literal true: every row (that no delete removes) is kept.
  Expression residual;

  bool operator==(const ScanTask&) const = default;
};

/// Returns the task as JSON; reading it gives an equal task.
/// Errors: InvalidArgument for a residual nested more than 40 levels deep.
Result<std::string> ScanTaskToJson(const ScanTask& task);
/// Errors: InvalidArgument or InvalidMetadata naming what is wrong.
Result<ScanTask> ScanTaskFromJson(std::string_view text);

}  // namespace iceframe
