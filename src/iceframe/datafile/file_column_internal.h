// SPDX-License-Identifier: Apache-2.0
// The columns of a data file as a tree, with field ids.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <parquet/schema.h>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/format/name_mapping.h"

namespace iceframe::internal {

/// A column or a part of one.
struct FileColumn {
  enum class Shape : uint8_t { kLeaf, kStruct, kList, kMap };
  /// 0 where the file gives none.
  FieldId id = 0;
  std::string name;
  Shape shape = Shape::kLeaf;
  /// A leaf's column in the file; -1 for others.
  int leaf = -1;
  /// struct: its fields; list: the element; map: key and value.
  std::vector<FileColumn> children;

  const FileColumn* FindChild(FieldId child_id) const;
  /// Whether any leaf at or below this column is in `leaves`.
  bool HoldsAny(const std::set<int>& leaves) const;
  int first_leaf() const { return children.empty() ? leaf : children.front().first_leaf(); }
};

/// Reads a Parquet schema, legacy two- and three-level lists and maps included.
Result<std::vector<FileColumn>> MakeFileColumns(const parquet::SchemaDescriptor& schema);

bool HasFieldIds(const std::vector<FileColumn>& columns);

/// The columns with the ids that the mapping gives their names; 0 where it gives none.
std::vector<FileColumn> ApplyNameMapping(std::vector<FileColumn> columns,
                                         const NameMapping& mapping);

}  // namespace iceframe::internal
