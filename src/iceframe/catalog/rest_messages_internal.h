// SPDX-License-Identifier: Apache-2.0
// What is said to a REST catalog, and what it says, as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/catalog/identifier.h"

namespace iceframe {

/// "namespaces/a%1Fb"
std::string PathOf(const Namespace& name_space, std::string_view separator);
/// "namespaces/a%1Fb/tables/t"
std::string PathOf(const TableIdentifier& identifier, std::string_view separator);

Json LevelsToJson(const Namespace& name_space);
Json IdentifierToJson(const TableIdentifier& identifier);
Json StringsToJson(const Properties& strings);

std::string CreateTableBody(const CreateTableRequest& request);
std::string CommitTableBody(const CommitRequest& request);

/// Reads {"namespaces": [[…], …]} or {"identifiers": [{"namespace": […], "name": …}, …]} onto the
/// end of `out`. Errors: InvalidMetadata.
Status ReadNamespaces(const Json& json, std::vector<Namespace>* out);
Status ReadIdentifiers(const Json& json, std::vector<TableIdentifier>* out);

/// Reads what answers to load, create, register and commit a table: its metadata and where that
/// lies; `config` with the storage credentials for the table's location, those of the longest
/// prefix. Errors: InvalidMetadata, also for what comes cut or garbled.
Result<LoadedTable> ReadLoadedTable(const TableIdentifier& identifier, std::string body);

}  // namespace iceframe
