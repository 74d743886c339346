// SPDX-License-Identifier: Apache-2.0
// Metadata around the swap of a pointer: written before it, cleaned up after it.
#pragma once

#include <memory>
#include <string>

#include "iceframe/catalog/catalog.h"

namespace iceframe {

/// Metadata that is written and not yet in the catalog.
struct StagedMetadata {
  std::shared_ptr<const TableMetadata> metadata;
  std::string location;
  /// The updates changed nothing: nothing was written, `location` is the current one.
  bool is_unchanged = false;
};

/// Checks the request against `current` (nullptr: there is no such table), applies it and writes
/// the new metadata file durably.
/// Errors: CommitConflict; InvalidArgument …; nothing is in the catalog then.
Result<StagedMetadata> StageMetadata(const OperationContext& context, FileIO& io,
                                     const LoadedTable* current, const CommitRequest& request);

/// Writes a new table's first metadata at `location`.
Result<StagedMetadata> StageNewTable(const OperationContext& context, FileIO& io,
                                     const CreateTableRequest& request,
                                     const std::string& location);

/// Takes a metadata file that is there already; what becomes of it is not the catalog's business.
Result<StagedMetadata> StageExisting(const OperationContext& context, FileIO& io,
                                     const std::string& location);

/// Deletes a staged file that is proved not to be in the catalog; failure is only logged.
void DiscardStaged(const OperationContext& context, FileIO& io, const StagedMetadata& staged);

/// After a commit, deletes the metadata files that fell out of the log, where the table asks for
/// it (write.metadata.delete-after-commit.enabled). Only files named like metadata in the folder of
/// the new one are deleted; failure is only logged.
void DeleteForgottenMetadata(const OperationContext& context, FileIO& io,
                             const TableMetadata& before, const StagedMetadata& after);

}  // namespace iceframe
