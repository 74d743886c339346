// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_relation.h"

#include <charconv>
#include <utility>

namespace iceframe {

Result<std::shared_ptr<const TableRelation>> TableRelation::Make(std::shared_ptr<const Table> table,
                                                                 const RelationName& name) {
  auto relation = std::make_shared<TableRelation>();
  relation->table_ = std::move(table);
  relation->version_ = name.version;
  relation->name_ = name.name;
  ICEFRAME_ASSIGN_OR_RETURN(relation->schema_, relation->table_->SchemaOf(name.version));
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, relation->table_->SnapshotOf(name.version));
  relation->canonical_name_ = relation->table_->metadata()->table_uuid + "@" +
                              std::to_string(relation->schema_->schema_id().value());
  if (snapshot == nullptr) {
    relation->estimated_rows_ = 0;
    return relation;
  }
  relation->canonical_name_ += ":" + std::to_string(snapshot->snapshot_id.value());
  const auto total = snapshot->summary.find("total-records");
  if (total != snapshot->summary.end()) {
    const std::string& text = total->second;
    int64_t rows = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), rows).ec == std::errc()) {
      relation->estimated_rows_ = rows;
    }
  }
  return relation;
}

}  // namespace iceframe
