// SPDX-License-Identifier: Apache-2.0
// One piece of a scan: everything a reader needs, and nothing that can't be sent elsewhere.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
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
  std::vector<DeleteFileReference> delete_files;
  /// The row filter's text form, less what the partition already proves; empty: none.
  std::string residual_json;

  bool operator==(const ScanTask&) const = default;
};

std::string ScanTaskToJson(const ScanTask& task);
Result<ScanTask> ScanTaskFromJson(std::string_view text);

}  // namespace iceframe
