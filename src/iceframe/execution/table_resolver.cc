// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/table_resolver.h"

#include "iceframe/execution/table_relation.h"

namespace iceframe {

Result<std::shared_ptr<const Relation>> TableResolver::Resolve(const RelationName& name) {
  auto [entry, is_new] = tables_.try_emplace(name.name);
  if (is_new) {
    ICEFRAME_ASSIGN_OR_RETURN(entry->second, load_(name.name));
    // A table may have several names: "t" and "default.t".
    for (const auto& [other, table] : tables_) {
      const bool is_same = table != nullptr && other != name.name &&
                           table->catalog() == entry->second->catalog() &&
                           table->identifier() == entry->second->identifier();
      if (is_same) entry->second = table;
    }
  }
  ICEFRAME_ASSIGN_OR_RETURN(TableState state, ResolveTable(entry->second, name.version));
  states_.push_back(state);
  return MakeTableRelation(std::move(state), name.name);
}

}  // namespace iceframe
