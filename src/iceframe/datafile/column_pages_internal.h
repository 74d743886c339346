// SPDX-License-Identifier: Apache-2.0
// The pages of one column chunk, of which only those are read that somebody wants.
#pragma once

#include <memory>
#include <optional>

#include <parquet/column_reader.h>
#include <parquet/metadata.h>

#include "iceframe/datafile/chunk_bytes_internal.h"
#include "iceframe/datafile/page_codec_internal.h"
#include "iceframe/datafile/page_header_internal.h"

namespace iceframe::internal {

/// Gives libparquet's column readers the pages of a column that is not nested: a page's values are
/// rows. Rows can be passed over by whole pages, of which only the headers are read then; a
/// dictionary is read when the first page that needs it is.
///
/// Of a chunk of which only the first rows are wanted, no more is decompressed of the last page
/// and of the dictionary than these need, where the codec allows it. A page that has a checksum is
/// read as a whole all the same, to be checked.
class ColumnPages final : public parquet::PageReader {
 public:
  /// `chunk` begins at the chunk's first page. No row from `rows_end` on is ever asked for.
  /// Throws as libparquet does.
  /// `always_compressed`: headers of the second version that deny it are wrong.
  ColumnPages(std::unique_ptr<ChunkBytes> chunk, const parquet::ColumnChunkMetaData& metadata,
              const parquet::ColumnDescriptor& column, int64_t rows_end, bool always_compressed,
              arrow::MemoryPool* pool);

  /// Passes over pages that lie wholly within the next `num_rows`; returns how many rows that was.
  /// To be called when all rows of the page given last were read.
  int64_t SkipPages(int64_t num_rows);
  /// The row at which the page ends that was given or passed over last.
  int64_t end_row() const { return end_row_; }
  /// Reads the header of the next data page and passes over it; nullopt at the end.
  std::optional<PageHeader> NextHeader();
  /// Goes through all pages: each must be what its checksum says, and all together must have as
  /// many values as the chunk, nested ones too. Throws.
  void CheckAll();

  // parquet::PageReader; errors are thrown
  std::shared_ptr<parquet::Page> NextPage() override;
  void set_max_page_header_size(uint32_t) override {}

 private:
  struct Place {
    PageHeader header;
    int64_t position = 0;  // of the page's bytes in the chunk
  };
  /// The next data page, its header read; a dictionary on the way is noted. False at the end.
  bool FindData();
  void Pass();
  /// The page's bytes as they stand in the file, checked against its checksum if it has one.
  std::span<const uint8_t> PageBytes(const Place& page);
  std::shared_ptr<parquet::Page> ReadDictionary();
  /// As much of the dictionary as the page at hand needs, the last one; nullptr: read all of it.
  std::shared_ptr<parquet::Page> ReadDictionaryBeginning();
  std::shared_ptr<parquet::Page> ReadData();
  std::shared_ptr<parquet::Page> ReadDataV1();
  std::shared_ptr<parquet::Page> ReadDataV2();

  /// The beginning of the page at hand, if not all of its rows are wanted.
  struct Beginning {
    std::span<const uint8_t> bytes;
    int32_t num_rows = 0;
    /// Of a page of codes.
    std::optional<uint32_t> max_code;
  };
  /// nullopt where there is no way to read less than the whole page.
  std::optional<Beginning> ReadBeginning();
  std::span<const uint8_t> BeginningBytes(int64_t num_rows);

  std::unique_ptr<ChunkBytes> chunk_;
  PageCodec codec_;
  PageCodec dictionary_codec_;
  const parquet::ColumnDescriptor& column_;
  const bool always_compressed_;
  const int64_t num_values_;
  const int64_t rows_end_;
  /// What plain values of the column are wide; 0: they tell it themselves, -1: bits.
  const int64_t value_width_;
  int64_t position_ = 0;
  int64_t end_row_ = 0;
  /// Null until it was met.
  std::unique_ptr<Place> dictionary_;
  bool dictionary_given_ = false;
  /// The page at hand, null before its header was read.
  std::unique_ptr<Place> data_;
  std::optional<Beginning> beginning_;
};

}  // namespace iceframe::internal
