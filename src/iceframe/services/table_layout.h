// SPDX-License-Identifier: Apache-2.0
// Where a table's rows are: its live files, their partitions, sizes and statistics.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// What all manifests of one state of a table say together. Immutable.
class TableLayout {
 public:
  /// A live data file.
  struct File {
    int64_t num_rows = 0;
    int64_t num_bytes = 0;
    /// A position in `partitions()`.
    size_t partition = 0;
  };
  /// Files of one partition tuple of one spec.
  struct Partition {
    PartitionSpecId spec_id;
    std::vector<Value> values;
    int64_t num_files = 0;
    int64_t num_rows = 0;
    int64_t num_bytes = 0;
  };
  struct Deletes {
    int64_t num_files = 0;
    /// Rows of the delete files.
    int64_t num_rows = 0;
    int64_t num_bytes = 0;
  };

  /// Reads the manifest list and all manifests; opens no data file.
  static Result<TableLayout> Read(const OperationContext& context, const TableState& state);

  const TableState& state() const { return state_; }
  const std::vector<File>& files() const { return files_; }
  const std::vector<Partition>& partitions() const { return partitions_; }
  /// Those that data files may have rows for: not those that are older than all data.
  const Deletes& deletes() const { return deletes_; }
  int64_t num_rows() const { return num_rows_; }
  int64_t num_bytes() const { return num_bytes_; }

  /// By file: 1 where planning a scan with this filter, bound to the state's schema and simplified,
  /// would keep it.
  Result<std::vector<uint8_t>> Kept(const Expression& filter) const;
  /// Whether every row of every file is certain to meet the filter.
  bool AllRowsMeet(const Expression& filter) const;

  /// The share of the data files' bytes that columns have together, fields of nested ones too;
  /// 1 where files do not tell. Of large tables some files stand for all.
  double ShareOf(const std::vector<FieldId>& top_level_columns) const;
  /// Bytes of a top-level column in all files, as far as files tell.
  int64_t BytesOf(FieldId top_level_column) const;

  /// Calls `visit` with each manifest's statistics of a column, and for its live files their
  /// positions within the manifest and in `files()`.
  using VisitStatistics =
      std::function<void(const ColumnStatistics& statistics, size_t entry, size_t file)>;
  void VisitColumn(FieldId field_id, const Type& type, const VisitStatistics& visit) const;

 private:
  struct Manifest {
    std::shared_ptr<const ColumnarManifest> decoded;
    const PartitionSpec* spec = nullptr;
    Type partition_type;
    /// The positions of live entries; the file of the first one.
    std::vector<size_t> live;
    size_t first_file = 0;
  };

  TableLayout() = default;
  Status AddManifest(const ManifestFile& file, std::shared_ptr<const ColumnarManifest> decoded);
  Status AddFiles(Manifest* manifest);
  Status SampleColumnSizes();

  TableState state_;
  std::vector<Manifest> manifests_;
  std::vector<File> files_;
  std::vector<Partition> partitions_;
  std::map<std::string, size_t> partition_positions_;
  Deletes deletes_;
  SequenceNumber oldest_data_{0};
  int64_t num_rows_ = 0;
  int64_t num_bytes_ = 0;
  /// By top-level column, of the files that were looked at.
  std::map<FieldId, int64_t> sampled_column_bytes_;
  int64_t sampled_bytes_ = 0;
};

}  // namespace iceframe
