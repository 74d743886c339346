// SPDX-License-Identifier: Apache-2.0
// Changing how a table's new files are partitioned. Spec: "Partition Evolution".
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "iceframe/format/partition_spec.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/table/commit.h"

namespace iceframe {

struct AddPartitionField {
  /// The source column, by its full name.
  std::string column;
  Transform transform = Transform::Identity();
  /// Empty: DefaultPartitionFieldName, or the one that the field had in an older spec.
  std::string name = {};
};
/// By the field's name, or by a column that one field alone is made of. It stays in the specs of
/// files that have it; a version 1 table keeps its place as void, as the spec asks.
struct RemovePartitionField {
  std::string name;
};
struct RenamePartitionField {
  std::string name;
  std::string new_name;
};
using PartitionSpecChange =
    std::variant<AddPartitionField, RemovePartitionField, RenamePartitionField>;

/// Returns the table's default spec with the changes made in order. A field that an older spec had
/// (same column and transform) gets its id again, new ones get ids never used before.
/// Errors: InvalidArgument naming the column or field: unknown, there already, a name that is
/// taken, a transform that does not fit the column.
Result<PartitionSpec> ChangePartitionSpec(const TableMetadata& metadata,
                                          const std::vector<PartitionSpecChange>& changes);

/// Makes the changes on each attempt's spec; one that does not fit it any more ends the commit.
class UpdatePartitionSpecAction final : public TableAction {
 public:
  explicit UpdatePartitionSpecAction(std::vector<PartitionSpecChange> changes)
      : changes_(std::move(changes)) {}

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;

 private:
  std::vector<PartitionSpecChange> changes_;
};

}  // namespace iceframe
