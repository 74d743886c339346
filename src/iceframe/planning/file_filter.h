// SPDX-License-Identifier: Apache-2.0
// Whether single data files may hold rows that a filter keeps.
#pragma once

#include <map>
#include <memory>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/planning/metadata_filter_internal.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/partition_evidence.h"

namespace iceframe {

/// Decides where a part of a snapshot's files is read: ScanPlanner's decisions for the same files.
/// Used by one thread at a time.
class FileFilter {
 public:
  /// `filter` is bound to `schema`. The metadata must live as long.
  FileFilter(const TableMetadata* metadata, std::shared_ptr<const Schema> schema,
             const Expression& filter);

  /// Why the file, whose entry was read with its statistics, can't hold a row that the filter
  /// keeps; kNone: it may. Errors: InvalidMetadata for an unknown partition spec.
  Result<SkipReason> Decide(const DataFile& file);
  /// Whether files of a data manifest may hold such a row, by its partition summaries.
  Result<bool> MayKeepAnyOf(const ManifestFile& manifest);

 private:
  /// What one partition spec makes of the filter.
  struct SpecFilter {
    Type partition_type;
    Expression partition_filter;
    PartitionEvidence evidence;
    /// The filter is false for all files of the spec: it names `_spec_id` or `_partition`.
    bool keeps_none = false;
  };
  Result<const SpecFilter*> SpecFilterOf(PartitionSpecId spec_id);
  Result<bool> IsPartitionKept(const DataFile& file);

  const TableMetadata* metadata_;
  std::shared_ptr<const Schema> schema_;
  Expression filter_;
  MetadataFilter metadata_filter_;
  std::map<PartitionSpecId, SpecFilter> specs_;
};

}  // namespace iceframe
