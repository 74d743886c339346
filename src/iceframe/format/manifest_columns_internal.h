// SPDX-License-Identifier: Apache-2.0
// The columns that a manifest's entries are decoded into.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "iceframe/format/avro_codec.h"
#include "iceframe/format/avro_file.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/format/manifest_program_internal.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// Bytes in the manifest's inflated blocks.
struct ByteSpan {
  uint32_t offset = 0;
  uint32_t size = 0;
};

/// A column in which many or all values may be absent: takes no memory before the first value.
template <typename T>
class SparseColumn {
 public:
  /// `row` is below `num_rows`, which is always the same.
  void Set(size_t row, T value, size_t num_rows) {
    if (values_.empty()) {
      values_.resize(num_rows);
      present_.resize(num_rows);
    }
    values_[row] = value;
    present_[row] = 1;
  }
  bool Has(size_t row) const { return row < present_.size() && present_[row] != 0; }
  std::optional<T> Get(size_t row) const {
    if (!Has(row)) return std::nullopt;
    return values_[row];
  }
  int64_t num_bytes() const {
    return static_cast<int64_t>(values_.capacity() * sizeof(T) + present_.capacity());
  }

 private:
  std::vector<T> values_;
  std::vector<uint8_t> present_;
};

/// The values of one partition field, in the form that today's type asks for.
struct PartitionColumn {
  Type type;
  /// Where the program puts the value; none if the manifest's writer had no such field.
  std::optional<size_t> slot;
  /// What numbers are multiplied by: days are stored, a timestamp is asked for.
  int64_t unit = 1;
  SparseColumn<int64_t> numbers;
  SparseColumn<double> reals;
  SparseColumn<ByteSpan> spans;
};

/// The maps of statistics and the lists: only where each begins is kept.
inline constexpr ManifestSlot kOffsetSlots[] = {
    kSplitOffsetsSlot,    kEqualityIdsSlot,    kColumnSizesSlot, kValueCountsSlot,
    kNullValueCountsSlot, kNanValueCountsSlot, kLowerBoundsSlot, kUpperBoundsSlot};

struct ManifestColumns {
  AvroBuffer data;
  std::vector<uint8_t> status, content, format;
  std::vector<ByteSpan> file_path;
  std::vector<int64_t> record_count, file_size;
  SparseColumn<int64_t> snapshot_id, data_sequence_number, file_sequence_number;
  SparseColumn<int64_t> first_row_id, content_offset, content_size;
  SparseColumn<int32_t> sort_order_id;
  SparseColumn<ByteSpan> key_metadata, referenced_data_file;
  /// By slot; those of kOffsetSlots are used.
  std::array<SparseColumn<uint32_t>, kNumManifestSlots> offsets;
  std::vector<PartitionColumn> partition;

  std::string_view Bytes(ByteSpan span) const { return data.view().substr(span.offset, span.size); }
  /// The encoded items from an offset of `offsets` on. Decoding has checked them.
  AvroCursor ItemsAt(uint32_t offset) const { return AvroCursor(data.view().substr(offset)); }
  size_t num_entries() const { return status.size(); }
  int64_t num_bytes() const;
};

/// Decodes all blocks of a manifest. Errors: InvalidData, InvalidMetadata, Unsupported,
/// ResourceExhausted.
Result<ManifestColumns> DecodeManifestColumns(const AvroFileReader& reader,
                                              const ManifestFile& file, const Type& partition_type);
/// The same by a program; InvalidData too where it reads lengths and there is none.
Result<ManifestColumns> DecodeManifestColumns(const ManifestProgram& program, AvroFileReader reader,
                                              const ManifestFile& file, const Type& partition_type);

}  // namespace iceframe
