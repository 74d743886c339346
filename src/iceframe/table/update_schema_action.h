// SPDX-License-Identifier: Apache-2.0
// Changing a table's columns. Spec: "Schema Evolution".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "iceframe/table/commit.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Adds an optional column; a struct's child by the struct's dotted name as `parent`.
struct AddColumn {
  std::string parent;
  std::string name;
  /// Ids of nested fields are given anew.
  Type type;
  std::string doc;
};
struct RenameColumn {
  std::string name;
  /// The last part of the name only.
  std::string new_name;
};
struct DropColumn {
  std::string name;
};
/// To a type that old files can be read as (IsPromotionAllowed). Not one that would give other
/// partition values than those that files have: a date that is partitioned by identity or bucket.
struct PromoteColumn {
  std::string name;
  Type type;
};
struct MakeColumnOptional {
  std::string name;
};
struct SetColumnDoc {
  std::string name;
  std::string doc;
};
/// Puts a column first among its siblings, or after one of them.
struct MoveColumn {
  std::string name;
  /// A sibling's full name; nullopt: to the front.
  std::optional<std::string> after;
};
using SchemaChange = std::variant<AddColumn, RenameColumn, DropColumn, PromoteColumn,
                                  MakeColumnOptional, SetColumnDoc, MoveColumn>;

/// Returns `schema` with the changes made in order; new ids begin after `last_column_id`, which is
/// moved on. Names are those after the changes before.
/// Errors: InvalidArgument naming the column: unknown, taken, an identifier field that would go, a
/// promotion that isn't allowed.
Result<std::shared_ptr<const Schema>> ChangeSchema(const std::shared_ptr<const Schema>& schema,
                                                   const std::vector<SchemaChange>& changes,
                                                   int32_t format_version, FieldId* last_column_id);

/// Makes the changes on each attempt's schema; one that does not fit it any more ends the commit.
class UpdateSchemaAction final : public TableAction {
 public:
  explicit UpdateSchemaAction(std::vector<SchemaChange> changes) : changes_(std::move(changes)) {}

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;
  bool IsAppliedIn(const TableMetadata& now) const override;

 private:
  std::vector<SchemaChange> changes_;
  /// What the last attempt asked for.
  std::shared_ptr<const Schema> wanted_;
};

}  // namespace iceframe
