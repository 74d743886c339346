// SPDX-License-Identifier: Apache-2.0
// Tables as the relations of queries.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "iceframe/query/relation.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// A table at one of its versions.
class TableRelation final : public Relation {
 public:
  static Result<std::shared_ptr<const TableRelation>> Make(std::shared_ptr<const Table> table,
                                                           const RelationName& name);

  const std::string& name() const override { return name_; }
  const std::string& canonical_name() const override { return canonical_name_; }
  const std::shared_ptr<const Schema>& schema() const override { return schema_; }
  std::optional<int64_t> estimated_rows() const override { return estimated_rows_; }
  const std::shared_ptr<const Table>& table() const { return table_; }
  const TableVersion& version() const { return version_; }

 private:
  std::shared_ptr<const Table> table_;
  TableVersion version_;
  std::string name_;
  std::string canonical_name_;
  std::shared_ptr<const Schema> schema_;
  std::optional<int64_t> estimated_rows_;
};

}  // namespace iceframe
