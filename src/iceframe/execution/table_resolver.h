// SPDX-License-Identifier: Apache-2.0
// Names of tables as the relations of a query.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/query/relation.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// Loads each table once, so that all its uses in a query see one state. For one query.
class TableResolver final : public RelationResolver {
 public:
  using LoadTable = std::function<Result<std::shared_ptr<const Table>>(const std::string& name)>;
  explicit TableResolver(LoadTable load) : load_(std::move(load)) {}

  /// Errors: those of loading; NotFound (version).
  Result<std::shared_ptr<const Relation>> Resolve(const RelationName& name) override;
  /// The tables that were loaded, by the names they were asked for with.
  const std::map<std::string, std::shared_ptr<const Table>>& tables() const { return tables_; }
  /// Every state that was resolved, in the order they were asked for.
  const std::vector<TableState>& states() const { return states_; }

 private:
  LoadTable load_;
  std::map<std::string, std::shared_ptr<const Table>> tables_;
  std::vector<TableState> states_;
};

}  // namespace iceframe
