// SPDX-License-Identifier: Apache-2.0
// A decoded manifest as columns: what planning scans, caches and turns into tasks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// The statistics of one column over all entries; absent values are unknown, never zero.
///
/// Bounds of fixed-width types are decoded once, promoted to the type asked for, into `Numbers`;
/// others stay as byte spans into the manifest's blocks. Vectors have num_entries items.
struct ColumnStatistics {
  enum class BoundsLayout : uint8_t {
    kInt64,   ///< boolean, int, long, date, time, timestamps (in the asked type's unit)
    kDouble,  ///< float, double
    kBytes,   ///< string, binary, fixed, uuid, decimal: single-value bytes
  };
  BoundsLayout layout = BoundsLayout::kInt64;
  /// 1 where a bound is present; where one of the two can't be right, neither is.
  std::vector<uint8_t> has_lower, has_upper;
  std::vector<int64_t> lower_int64, upper_int64;
  std::vector<double> lower_double, upper_double;
  std::vector<std::string_view> lower_bytes, upper_bytes;
  /// -1 where unknown.
  std::vector<int64_t> value_counts, null_value_counts, nan_value_counts;
};

/// Asked for bytes before they are allocated; false refuses them. Called under a lock of the
/// manifest that asks.
using ReserveBytes = std::function<bool(int64_t num_bytes)>;

/// One manifest, decoded. Immutable but for its lazily decoded statistics; thread-safe.
class ColumnarManifest {
 public:
  /// Decodes the bytes of a manifest; they are not kept.
  ///
  /// `file` gives what entries inherit: sequence number, snapshot id, first_row_id (a running sum
  /// over entries with none, in file order). The writer's schema is compiled once per distinct
  /// text. Errors: InvalidMetadata naming the field; Unsupported.
  /// `partition_type`: the struct type of the manifest's spec (PartitionType()).
  /// `reserve`: asked for all that num_bytes() grows by later; empty: nobody minds.
  static Result<std::shared_ptr<const ColumnarManifest>> FromAvro(std::string_view bytes,
                                                                  const ManifestFile& file,
                                                                  const Type& partition_type,
                                                                  ReserveBytes reserve = {});

  virtual ~ColumnarManifest() = default;

  virtual int64_t num_entries() const = 0;
  virtual ManifestContent content() const = 0;
  virtual PartitionSpecId spec_id() const = 0;

  virtual EntryStatus status(int64_t entry) const = 0;
  bool is_live(int64_t entry) const { return status(entry) != EntryStatus::kDeleted; }
  virtual std::string_view file_path(int64_t entry) const = 0;
  virtual int64_t record_count(int64_t entry) const = 0;
  virtual int64_t file_size_in_bytes(int64_t entry) const = 0;
  /// Inheritance applied; absent only for entries that break the spec.
  virtual std::optional<SequenceNumber> data_sequence_number(int64_t entry) const = 0;
  /// The snapshot that added the file (that deleted it, for a deleted entry), inheritance applied.
  virtual std::optional<SnapshotId> snapshot_id(int64_t entry) const = 0;
  /// The value of partition field `field` (a position in the spec).
  virtual Value partition_value(int64_t entry, int field) const = 0;

  /// The whole entry as a plain value, inheritance applied.
  virtual Result<ManifestEntry> Entry(int64_t entry) const = 0;
  /// The same without column sizes, counts and bounds, which cost most of what an entry does.
  virtual Result<ManifestEntry> EntryWithoutStatistics(int64_t entry) const = 0;

  /// The statistics of a column, its bounds read as `type` (the column's type today; bounds of
  /// narrower types are promoted). Decoded on first use and kept. Never an error: a pair of bounds
  /// of which one can't be read is absent; nullptr if their memory is refused, which says as much
  /// as unknown.
  virtual std::shared_ptr<const ColumnStatistics> Statistics(FieldId field_id,
                                                             const Type& type) const = 0;

  /// A partition field (a position in the spec) in the same form: each entry's value is its lower
  /// and upper bound, null and NaN are counted as one. Evaluates a partition filter column-wise.
  virtual std::shared_ptr<const ColumnStatistics> PartitionStatistics(int field) const = 0;

  /// Bytes of heap held now, lazily decoded columns included.
  virtual int64_t num_bytes() const = 0;
};

struct ManifestHeader {
  int32_t format_version = 2;
  ManifestContent content = ManifestContent::kData;
  std::shared_ptr<const Schema> schema;
  PartitionSpec spec;
};

/// Writes a manifest's bytes entry by entry (deflate, metadata keys as the spec lists them).
/// Field names are made valid for Avro as the reference implementation does.
class ManifestAvroWriter {
 public:
  static Result<std::unique_ptr<ManifestAvroWriter>> Make(ManifestHeader header);
  virtual ~ManifestAvroWriter() = default;

  virtual Status Add(const ManifestEntry& entry) = 0;
  /// Bytes encoded so far, close to the final size: for rolling.
  virtual int64_t num_bytes() const = 0;
  /// Returns the file's bytes; `file` gets counts, partition summaries, min sequence number and
  /// length. The caller sets path, sequence number and snapshot id.
  virtual Result<std::string> Finish(ManifestFile* file) = 0;
};

}  // namespace iceframe
