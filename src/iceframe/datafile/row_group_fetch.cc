// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <parquet/metadata.h>

#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/datafile/row_group_fetch_internal.h"

namespace iceframe::internal {
namespace {

constexpr int64_t kMagicBytes = 4;
/// Old parquet-mr versions left the dictionary page's header out of the chunk's size.
constexpr int64_t kOldHeaderSlack = 100;

}  // namespace

Result<ByteRange> ChunkRange(const parquet::FileMetaData& metadata, int row_group, int leaf,
                             int64_t file_size) {
  const auto chunk = metadata.RowGroup(row_group)->ColumnChunk(leaf);
  int64_t offset = chunk->data_page_offset();
  if (chunk->has_dictionary_page() && chunk->dictionary_page_offset() > 0) {
    offset = std::min(offset, chunk->dictionary_page_offset());
  }
  int64_t length = chunk->total_compressed_size();
  if (offset < kMagicBytes || length < 0 || offset > file_size || length > file_size - offset) {
    return Error(ErrorKind::kInvalidData, "a column chunk lies outside of the file: at ", offset,
                 ", ", length, " bytes of ", file_size);
  }
  const bool needs_slack =
      metadata.writer_version().VersionLt(parquet::ApplicationVersion::PARQUET_816_FIXED_VERSION());
  if (needs_slack) length += std::min(kOldHeaderSlack, file_size - offset - length);
  return ByteRange{offset, length};
}

Result<std::vector<ByteRange>> ChunkRanges(const parquet::FileMetaData& metadata, int row_group,
                                           const std::set<int>& leaves, int64_t file_size) {
  std::vector<ByteRange> ranges;
  for (int leaf : leaves) {
    ICEFRAME_ASSIGN_OR_RETURN(ranges.emplace_back(),
                              ChunkRange(metadata, row_group, leaf, file_size));
  }
  return ranges;
}

RowGroupFetch::RowGroupFetch(std::shared_ptr<FileIO> io, std::string location, int64_t file_size,
                             std::vector<ByteRange> ranges)
    : io_(std::move(io)),
      location_(std::move(location)),
      file_size_(file_size),
      ranges_(std::move(ranges)) {
  for (const ByteRange& range : ranges_) num_bytes_ += range.length;
}

RowGroupFetch::~RowGroupFetch() {
  if (pending_.is_valid()) pending_.Wait();
}

void RowGroupFetch::Start(const OperationContext& context) {
  if (pending_.is_valid()) return;
  context.counters->Add(DataFileCount::kDataBytesRead, num_bytes_);
  pending_ = ranges_.empty() ? arrow::Future<Buffers>::MakeFinished(Buffers{})
                             : io_->ReadRangesAsync(context, location_, ranges_);
}

Result<std::shared_ptr<PrefetchedFile>> RowGroupFetch::Wait(const OperationContext& context) {
  const bool was_early = pending_.is_valid();
  Start(context);
  Status status = pending_.status();
  if (!status.ok() && was_early && KindOf(status) == ErrorKind::kResourceExhausted) {
    pending_ = {};
    Start(context);
    status = pending_.status();
  }
  ICEFRAME_RETURN_NOT_OK(status);
  ICEFRAME_ASSIGN_OR_RETURN(Buffers buffers, pending_.MoveResult());
  pending_ = {};
  std::vector<PrefetchedFile::Piece> pieces;
  for (size_t i = 0; i < buffers.size(); ++i) {
    pieces.push_back({ranges_[i].offset, std::move(buffers[i])});
  }
  return std::make_shared<PrefetchedFile>(file_size_, std::move(pieces));
}

}  // namespace iceframe::internal
