// SPDX-License-Identifier: Apache-2.0
// Writing a local file so that it is there as a whole and for good, or not at all.
#pragma once

#include <memory>
#include <string>

#include "iceframe/io/file_io.h"
#include "iceframe/io/local_paths_internal.h"

namespace iceframe::internal {

struct LocalOutputOptions {
  OverwriteMode mode = OverwriteMode::kNeverOverwrite;
  /// Write into a file without a name where the file system can: a killed process then leaves
  /// nothing behind. Off only in tests of the other way.
  bool use_unnamed_file = true;
};

/// Begins a file at `target`. Close syncs the content, links it to its name (never over an
/// existing file unless asked so) and syncs the folder.
Result<std::unique_ptr<OutputFile>> MakeLocalOutputFile(const OperationContext& context,
                                                        std::string location, FolderEntry target,
                                                        const LocalOutputOptions& options);

}  // namespace iceframe::internal
