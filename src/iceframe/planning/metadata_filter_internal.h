// SPDX-License-Identifier: Apache-2.0
// What a file's manifest entry says of a filter's metadata columns.
#pragma once

#include <map>
#include <memory>

#include "iceframe/expression/expression.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// Puts the values that all rows of a file have (`_file`, `_spec_id`, `_partition`'s fields) into a
/// filter. Immutable; the metadata must live as long.
class MetadataFilter {
 public:
  MetadataFilter() = default;
  /// `filter` is bound to `schema`.
  MetadataFilter(const TableMetadata* metadata, const Schema& schema, const Expression& filter);

  /// Whether the filter names such a column.
  bool is_used() const { return columns_ != nullptr; }
  /// `filter` for rows of one file, simplified.
  Expression For(const Expression& filter, const DataFile& file) const;
  /// Whether the filter is false for every file of the spec, whatever its partition.
  bool KeepsNoneOf(const Expression& filter, const PartitionSpec& spec) const;

 private:
  const TableMetadata* metadata_ = nullptr;
  std::shared_ptr<const Schema> columns_;
};

}  // namespace iceframe
