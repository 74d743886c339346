// SPDX-License-Identifier: Apache-2.0
// A query of one table as its expressions alone, before anything is known of the table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

/// What a query selects, filters and groups by; unbound. Filters see the table's columns.
struct QueryExpressions {
  /// Empty, or with the column "*" among them: all columns.
  std::vector<Expression> select;
  std::vector<Expression> filters;
  std::vector<Expression> group_by;
};

/// Whether a column reference of this name can be meant as one: a name with other characters than
/// letters, digits, '_' and '.' is SQL.
bool IsPlainName(std::string_view name);

/// Returns the expressions with texts among columns ("sum(price) AS total") parsed.
/// Errors: InvalidArgument for text that is no SQL.
Result<QueryExpressions> ParseTexts(const QueryExpressions& given);

/// Whether all of the table's columns come out.
bool SelectsAll(const QueryExpressions& query);
/// Whether rows become groups, or one row in all.
bool HasAggregations(const QueryExpressions& query);

/// Returns the names of all columns that the query reads, those within expressions, filters and
/// keys included, each once: of the selection, the keys, the filters, in their order. nullopt: all
/// of the table's. A key that is an alias of the selection stands for what it names.
std::optional<std::vector<std::string>> NeededColumns(const QueryExpressions& query);

}  // namespace iceframe
