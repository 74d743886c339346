// SPDX-License-Identifier: Apache-2.0
// Small requests to catalogs.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "iceframe/catalog/catalog.h"

namespace iceframe {

inline std::shared_ptr<const Schema> OneColumn(Type type = Type::Long()) {
  return Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", std::move(type))}).ValueOrDie();
}

inline CreateTableRequest NewTableRequest(const std::string& identifier) {
  CreateTableRequest request;
  request.identifier = TableIdentifier::Parse(identifier).ValueOrDie();
  request.schema = OneColumn();
  return request;
}

inline CommitRequest SetProperty(const LoadedTable& table, const std::string& key,
                                 const std::string& value) {
  CommitRequest request;
  request.identifier = table.identifier;
  request.requirements = {AssertTableUuid{table.metadata->table_uuid}};
  request.updates = {SetProperties{{{key, value}}}};
  return request;
}

}  // namespace iceframe
