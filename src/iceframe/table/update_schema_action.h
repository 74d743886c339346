// SPDX-License-Identifier: Apache-2.0
// Changing a table's columns. Spec: "Schema Evolution".
#pragma once

#include <vector>

#include "iceframe/table/commit.h"
#include "iceframe/table/schema_change.h"

namespace iceframe {

/// Makes the changes on each attempt's schema; one that does not fit it any more ends the commit.
///
/// Beside those of ChangeSchema, errors are InvalidArgument for a source column of the partition
/// spec or sort order that would go, for a new required column without default in a table with
/// rows, and for a column to be required that may hold nulls: files that can't prove the contrary
/// by their counts are named.
class UpdateSchemaAction final : public TableAction {
 public:
  explicit UpdateSchemaAction(std::vector<SchemaChange> changes) : changes_(std::move(changes)) {}

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;

 private:
  std::vector<SchemaChange> changes_;
};

}  // namespace iceframe
