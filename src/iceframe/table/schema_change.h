// SPDX-License-Identifier: Apache-2.0
// Changes of columns, made on a schema. Spec: "Schema Evolution".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Adds a column; a struct's child by the struct's dotted name as `parent` (a list's or map's
/// struct by the list's or map's). A default, which format version 3 knows, is what rows that are
/// there read as, and what new rows without the column get.
struct AddColumn {
  std::string parent;
  std::string name;
  /// Ids of nested fields are given anew.
  Type type;
  std::string doc = {};
  bool required = false;
  std::optional<Value> default_value = {};
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
/// Only where no file holds a null in it.
struct MakeColumnRequired {
  std::string name;
};
struct SetColumnDoc {
  std::string name;
  std::string doc;
};
/// What new rows without the column get; nullopt: null. Rows that are there stay what they are.
struct SetColumnDefault {
  std::string name;
  std::optional<Value> value;
};
/// Puts a column first among its siblings, or next to one of them.
struct MoveColumn {
  std::string name;
  /// A sibling's full name; neither: to the front.
  std::optional<std::string> after = {};
  std::optional<std::string> before = {};
};
/// The columns that identify a row, all of them required.
struct SetIdentifierColumns {
  std::vector<std::string> names;
};
using SchemaChange = std::variant<AddColumn, RenameColumn, DropColumn, PromoteColumn,
                                  MakeColumnOptional, MakeColumnRequired, SetColumnDoc,
                                  SetColumnDefault, MoveColumn, SetIdentifierColumns>;

/// Returns `schema` with the changes made in order; new ids begin after `last_column_id`, which is
/// moved on. Names are those after the changes before.
/// Errors: InvalidArgument naming the column: unknown (with the nearest known one), taken, an
/// identifier column that would go, a promotion that isn't allowed (with those that are), a default
/// that does not fit or that the format version lacks.
Result<std::shared_ptr<const Schema>> ChangeSchema(const std::shared_ptr<const Schema>& schema,
                                                   const std::vector<SchemaChange>& changes,
                                                   int32_t format_version, FieldId* last_column_id);

}  // namespace iceframe
