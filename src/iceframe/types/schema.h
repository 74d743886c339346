// SPDX-License-Identifier: Apache-2.0
// A table's schema: columns found by field id or by name. Spec: "Schemas".
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// An immutable schema. Loaded schemas are shared as `shared_ptr<const Schema>`.
class Schema {
 public:
  // Its index points into its fields.
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  /// Checks that ids are unique and > 0, sibling names unique and not empty, identifier fields
  /// required primitives (not float or double) outside of maps and lists.
  /// Errors: InvalidArgument naming the column.
  static Result<std::shared_ptr<const Schema>> Make(SchemaId schema_id,
                                                    std::vector<NestedField> fields,
                                                    std::vector<FieldId> identifier_field_ids = {});

  SchemaId schema_id() const { return schema_id_; }
  const std::vector<NestedField>& fields() const { return fields_; }
  const std::vector<FieldId>& identifier_field_ids() const { return identifier_field_ids_; }
  /// The greatest field id at any depth; 0 for an empty schema.
  FieldId highest_field_id() const { return highest_field_id_; }

  /// The field of that id at any depth, or nullptr. The pointer lives as long as the schema.
  const NestedField* FindField(FieldId id) const;
  /// The field of that dotted name ("a.b", "list.element", "map.value"; also the short form that
  /// leaves out "element" and "value"), or nullptr; with `case_sensitive` false an ambiguous
  /// name gives nullptr. Case folds for ASCII letters.
  const NestedField* FindField(std::string_view name, bool case_sensitive = true) const;
  /// The dotted name of a field, or empty.
  std::string FullName(FieldId id) const;
  /// The positions from the top-level column to the field, struct children only; empty when the
  /// id is unknown or inside a list or map.
  std::vector<int> StructPath(FieldId id) const;
  /// The id of the enclosing field; 0 for top-level columns and unknown ids.
  FieldId ParentOf(FieldId id) const;

  /// Keeps the fields whose ids are named, and their ancestors; a nested field named itself is
  /// kept whole. Order as in this schema.
  std::shared_ptr<const Schema> Select(const std::set<FieldId>& ids) const;

  std::string ToString() const;
  /// Same fields and identifier fields; the schema id does not count.
  bool SameColumns(const Schema& other) const;

 private:
  struct Index;
  Schema() = default;

  SchemaId schema_id_;
  std::vector<NestedField> fields_;
  std::vector<FieldId> identifier_field_ids_;
  FieldId highest_field_id_ = 0;
  std::shared_ptr<const Index> index_;
};

/// Returns `fields` with ids given anew from `next_id` on, in the spec's order: a level's fields
/// first, then their children. Spec: "Column Projection" asks for new ids at table creation.
std::vector<NestedField> AssignFreshIds(const std::vector<NestedField>& fields,
                                        FieldId next_id = 1);

}  // namespace iceframe
