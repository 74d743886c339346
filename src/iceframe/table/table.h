// SPDX-License-Identifier: Apache-2.0
// A table as it was when it was loaded, and where to ask for more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/format/table_version.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

class Table;

/// A table in one of its states.
struct TableState {
  std::shared_ptr<const Table> table;
  /// Of the table's metadata; nullptr: there are no rows.
  const Snapshot* snapshot = nullptr;
  /// What its rows are read with.
  std::shared_ptr<const Schema> schema;
};

/// One loaded table: immutable, shared, thread-safe. A change gives a new one.
class Table {
 public:
  static Result<std::shared_ptr<const Table>> Make(std::shared_ptr<Catalog> catalog,
                                                   LoadedTable loaded);
  static Result<std::shared_ptr<const Table>> Load(const OperationContext& context,
                                                   std::shared_ptr<Catalog> catalog,
                                                   const TableIdentifier& identifier);

  const TableIdentifier& identifier() const { return loaded_.identifier; }
  const std::string& metadata_location() const { return loaded_.metadata_location; }
  /// Never nullptr.
  const std::shared_ptr<const TableMetadata>& metadata() const { return loaded_.metadata; }
  const std::shared_ptr<Catalog>& catalog() const { return catalog_; }
  const std::shared_ptr<FileIO>& io() const { return io_; }

  /// The table as it is now.
  Result<std::shared_ptr<const Table>> Refresh(const OperationContext& context) const;

  /// The same table with what a commit or refresh has loaded since; can't fail, so that nothing
  /// can come between a commit that landed and its report.
  std::shared_ptr<const Table> With(LoadedTable loaded) const;

  /// The snapshot that `version` means, nullptr for the current one of a table without any.
  /// Errors: NotFound naming snapshot, time or ref; InvalidArgument if more than one is set.
  Result<const Snapshot*> SnapshotOf(const TableVersion& version) const;

  /// The schema to read that version with: a snapshot or timestamp is read with its own schema, a
  /// branch and the current state with the table's current one, a tag with its snapshot's.
  Result<std::shared_ptr<const Schema>> SchemaOf(const TableVersion& version) const;

 private:
  friend Result<TableState> ResolveTable(std::shared_ptr<const Table> table,
                                         const TableVersion& version);
  std::shared_ptr<const Schema> SchemaOf(const TableVersion& version,
                                         const Snapshot* snapshot) const;

  Table(std::shared_ptr<Catalog> catalog, LoadedTable loaded, std::shared_ptr<FileIO> io)
      : catalog_(std::move(catalog)), loaded_(std::move(loaded)), io_(std::move(io)) {}

  std::shared_ptr<Catalog> catalog_;
  LoadedTable loaded_;
  std::shared_ptr<FileIO> io_;
};

/// The state that `version` means. Errors: those of SnapshotOf.
Result<TableState> ResolveTable(std::shared_ptr<const Table> table, const TableVersion& version);

}  // namespace iceframe
