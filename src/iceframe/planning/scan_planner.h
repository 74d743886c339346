// SPDX-License-Identifier: Apache-2.0
// From a snapshot and a filter to the tasks of a scan, as a pull stream. Spec: "Scan Planning".
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/row_request.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/planning/scan_task.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

struct ScanPlanOptions {
  std::shared_ptr<const TableMetadata> metadata;
  /// One of the metadata's snapshots; nullopt: the current one.
  std::optional<SnapshotId> snapshot_id;
  /// What the scan's columns are; nullptr: the snapshot's own schema.
  std::shared_ptr<const Schema> schema;
  /// With a limit, planning stops once the tasks handed out are certain to hold so many rows.
  RowRequest rows;
  /// Whether tasks carry their data files' column sizes, counts and bounds, as readers don't need.
  bool with_statistics = false;
};

/// Hands out the data files that may hold matching rows, reading no more manifests than needed:
/// a few ahead of the consumer, none after a limit was reached, an error or a cancellation.
///
/// Order: AppendOrder's, the oldest append first; always the same for one snapshot. Manifests are
/// opened in the order of their oldest files and merged. Delete manifests are read before the first
/// task. Opens no data file.
///
/// Counts in `context.counters`: manifests total, read, from the cache and skipped by partition;
/// live data files total, skipped by partition (those of skipped manifests too) and by bounds, and
/// handed out. Not thread-safe: one consumer at a time.
class ScanPlanner {
 public:
  /// Binds the filter; reads nothing. Errors: InvalidArgument (filter); NotFound (snapshot).
  static Result<std::unique_ptr<ScanPlanner>> Make(OperationContext context,
                                                   std::shared_ptr<FileIO> io,
                                                   ScanPlanOptions options);
  /// Tells what is still being read ahead to stop.
  ~ScanPlanner();

  /// The next task, or nullopt at the end. After an error every call returns that error.
  Result<std::optional<ScanTask>> Next();

  /// The filter, bound to the schema and simplified.
  const Expression& filter() const;
  const std::shared_ptr<const Schema>& schema() const;

 private:
  class Impl;
  explicit ScanPlanner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// All tasks at once.
Result<std::vector<ScanTask>> PlanFiles(const OperationContext& context, std::shared_ptr<FileIO> io,
                                        ScanPlanOptions options);

}  // namespace iceframe
