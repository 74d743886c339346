// SPDX-License-Identifier: Apache-2.0
// New metadata from old metadata and a list of updates: a pure function.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/format/table_update.h"

namespace iceframe {

struct NewTable {
  std::string table_uuid;
  std::string location;
  /// Field ids are given afresh; spec and order name the ids of this schema and are rewritten.
  std::shared_ptr<const Schema> schema;
  PartitionSpec spec;
  SortOrder sort_order;
  Properties properties;
  int32_t format_version = 2;
  int64_t timestamp_ms = 0;
};

/// Returns the first metadata of a table.
/// Errors: InvalidArgument naming what does not fit (a spec's source, a v3 type in a v2 table …).
Result<std::shared_ptr<const TableMetadata>> MakeTableMetadata(const NewTable& table);

struct ApplyOptions {
  /// When the change is made; last_updated_ms and the logs take it (never going backwards).
  int64_t timestamp_ms = 0;
  /// Where the base was read from, for the metadata log; empty if nowhere.
  std::string base_metadata_location;
};

/// Returns `base` with the updates applied in order; its logs are cut by the properties
/// write.metadata.previous-versions-max. Schemas and specs that are there already are reused.
/// Errors: InvalidArgument; InvalidMetadata; CommitConflict for a snapshot whose sequence number or
/// first row id another snapshot took meanwhile (it was made from an older base).
Result<std::shared_ptr<const TableMetadata>> ApplyUpdates(const TableMetadata& base,
                                                          const std::vector<TableUpdate>& updates,
                                                          const ApplyOptions& options);

/// Returns the updates that make `metadata` from nothing (for create-table commits).
Result<std::vector<TableUpdate>> UpdatesToCreate(const TableMetadata& metadata);

}  // namespace iceframe
