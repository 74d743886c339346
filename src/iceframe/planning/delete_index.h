// SPDX-License-Identifier: Apache-2.0
// Which delete files apply to a data file. Spec: "Scan Planning", "Row-level Deletes".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/planning/scan_task.h"

namespace iceframe {

/// Bytes that are equal exactly for equal partition tuples: NaNs are one value, -0.0 and +0.0 two.
std::string PartitionKey(PartitionSpecId spec_id, const std::vector<Value>& partition);

/// All live delete files of a snapshot, in the five buckets that the spec's rules make:
///
/// | bucket | applies to data files | if its sequence number is |
/// |---|---|---|
/// | deletion vector | with that path | ≥ the data file's |
/// | position deletes of one file | with that path | ≥ |
/// | position deletes | of the same spec and partition | ≥ |
/// | equality deletes | of the same spec and partition | > |
/// | equality deletes of an unpartitioned spec | any | > |
///
/// A deletion vector stands for all position deletes of its file. Build once with Add and Finish,
/// then read from any thread.
class DeleteIndex {
 public:
  explicit DeleteIndex(const TableMetadata& metadata);

  /// Errors: InvalidMetadata for an entry that is no delete file or names an unknown spec.
  Status Add(DataFile file, SequenceNumber data_sequence_number);
  /// Sorts the buckets; call before the first DeletesFor.
  void Finish();

  bool empty() const { return num_files_ == 0; }
  int64_t num_files() const { return num_files_; }

  /// Sorted by sequence number, then as added; equality deletes last.
  /// Errors: InvalidMetadata if two deletion vectors apply to one file.
  Result<std::vector<DeleteFileReference>> DeletesFor(const DataFile& data_file,
                                                      SequenceNumber data_sequence_number) const;

 private:
  using Bucket = std::vector<DeleteFileReference>;
  using BucketMap = std::unordered_map<std::string, Bucket>;

  std::unordered_map<PartitionSpecId, bool> is_unpartitioned_;
  BucketMap vectors_by_path_;
  BucketMap positions_by_path_;
  BucketMap positions_by_partition_;
  BucketMap equality_by_partition_;
  Bucket global_equality_;
  int64_t num_files_ = 0;
};

}  // namespace iceframe
