// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <parquet/size_statistics.h>

#include "iceframe/datafile/data_error_internal.h"
#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/datafile/parquet_file_reader_internal.h"
#include "iceframe/datafile/parquet_statistics_internal.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/runtime/batch_bytes.h"
#include "iceframe/runtime/memory_budgets.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

Result<std::unique_ptr<DataFileReader>> OpenDataFile(const OperationContext& context,
                                                     std::shared_ptr<FileIO> io,
                                                     const DataFile& file, ReadOptions options) {
  if (io == nullptr || options.projection == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "a reader needs a FileIO and a projection");
  }
  ICEFRAME_RETURN_NOT_OK(Check(options.delivery));
  if (file.file_format != FileFormat::kParquet) {
    return WithContext(Error(ErrorKind::kUnsupported, "data files of this format can't be read: ",
                             ToString(file.file_format)),
                       "file", file.file_path);
  }
  if (file.key_metadata) {
    return WithContext(Error(ErrorKind::kUnsupported, "encrypted data files can't be read"), "file",
                       file.file_path);
  }
  auto reader =
      std::make_unique<internal::ParquetFileReader>(std::move(io), file, std::move(options));
  ICEFRAME_RETURN_NOT_OK(
      internal::CatchDataErrors(file.file_path, [&] { return reader->Open(context); }));
  return reader;
}

}  // namespace iceframe

namespace iceframe::internal {
namespace {

/// A batch aims at no more than so many bytes of encoded values.
constexpr int64_t kBatchBytes = int64_t{32} << 20;

/// Decoded text may take so many times as much of a batch as encoded values.
constexpr int64_t kTextPerBatchByte = 4;

const std::set<int> kNoLeaves;

/// What a chunk's values take, as well as its metadata tells; of text that is in a dictionary, one
/// byte counts for so many.
int64_t DecodedBytes(const parquet::ColumnChunkMetaData& chunk, int64_t text_per_byte) {
  const int64_t encoded = std::max<int64_t>(0, chunk.total_uncompressed_size());
  const auto sizes = chunk.size_statistics();
  if (sizes == nullptr || !sizes->unencoded_byte_array_data_bytes) return encoded;
  // Text in a dictionary may take more, which a batch of a few big values must not.
  return std::max(encoded, *sizes->unencoded_byte_array_data_bytes / text_per_byte);
}

/// A batch aims at this share of the memory that is left: decoding takes some times as much,
/// several files are decoded at once, and others want memory too.
constexpr int64_t kShareOfRoom = 16;

/// Bytes that are read ahead may take the memory budget up to its half.
bool HasRoomFor(const OperationContext& context, int64_t num_bytes) {
  const auto limit = context.memory->limit_bytes();
  return !limit || RoomBytes(*context.memory).value_or(*limit) - num_bytes >= *limit / 2;
}

}  // namespace

Status ParquetFileReader::Open(const OperationContext& context) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  ICEFRAME_RETURN_NOT_OK(arrow::compute::Initialize());
  ICEFRAME_ASSIGN_OR_RETURN(batch_bytes_, BatchBytes(context));
  bool was_cached = false;
  ICEFRAME_ASSIGN_OR_RETURN(footer_, LoadFooter(context, *io_, file_, &was_cached));
  if (!was_cached) CountFile(context, DataFileCount::kFilesScanned);
  file_columns_ = footer_->columns;
  if (!footer_->has_field_ids) {
    if (!options_.name_mapping) {
      return Error(ErrorKind::kInvalidData,
                   "a data file without field ids needs the table property ", kNameMappingProperty);
    }
    file_columns_ = ApplyNameMapping(std::move(file_columns_), *options_.name_mapping);
  }
  rows_left_ = options_.limit.value_or(std::numeric_limits<int64_t>::max());
  ICEFRAME_RETURN_NOT_OK(PlanResult());
  std::vector<Expression> filters;
  if (!options_.filter.is_true()) filters.push_back(options_.filter);
  return PlanFilter(std::move(filters));
}

void ParquetFileReader::CountFile(const OperationContext& context, OperationCount as) {
  if (std::exchange(has_read_, true)) return;
  if (options_.is_counted != nullptr && options_.is_counted->exchange(true)) return;
  context.counters->Add(as);
}

Status ParquetFileReader::PlanResult() {
  ICEFRAME_ASSIGN_OR_RETURN(result_schema_,
                            ToArrowSchema(*options_.projection, options_.with_field_ids));
  ICEFRAME_ASSIGN_OR_RETURN(
      columns_, PlanColumns(*options_.projection, file_columns_, *footer_->metadata->schema(),
                            options_.constants));
  for (size_t i = 0; i < columns_.size(); ++i) {
    // Nested types carry their fields' ids where these are asked for.
    columns_[i].arrow_type = result_schema_->field(static_cast<int>(i))->type();
  }
  return Status::OK();
}

Status ParquetFileReader::PlanFilter(std::vector<Expression> filters) {
  FilterPlan plan;
  plan.filters = std::move(filters);
  std::set<FieldId> ids;
  for (const Expression& filter : plan.filters) {
    if (!filter.is_bound()) {
      return Error(ErrorKind::kInvalidArgument,
                   "a reader's filter must be bound: ", filter.ToString());
    }
    if (filter.is_false()) never_ = true;
    ids.merge(ReferencedFieldIds(filter));
  }
  const Schema& schema =
      options_.table_schema == nullptr ? *options_.projection : *options_.table_schema;
  for (FieldId id : ids) {
    if (schema.FindField(id) == nullptr) {
      return Error(ErrorKind::kInvalidArgument,
                   "a reader's filter names an unknown field id: ", id);
    }
  }
  plan.schema = schema.Select(ids);
  ICEFRAME_ASSIGN_OR_RETURN(plan.arrow_schema, ToArrowSchema(*plan.schema, true));
  ICEFRAME_ASSIGN_OR_RETURN(
      plan.columns,
      PlanColumns(*plan.schema, file_columns_, *footer_->metadata->schema(), options_.constants));
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    plan.columns[i].arrow_type = plan.arrow_schema->field(static_cast<int>(i))->type();
    plan.leaves.insert(plan.columns[i].leaves.begin(), plan.columns[i].leaves.end());
  }
  other_leaves_.clear();
  shared_with_filter_.assign(columns_.size(), -1);
  for (size_t i = 0; i < columns_.size(); ++i) {
    for (size_t k = 0; k < plan.columns.size(); ++k) {
      if (plan.columns[k].field == columns_[i].field) shared_with_filter_[i] = static_cast<int>(k);
    }
    if (shared_with_filter_[i] < 0) {
      other_leaves_.insert(columns_[i].leaves.begin(), columns_[i].leaves.end());
    }
  }
  filter_ = std::move(plan);
  return Status::OK();
}

Status ParquetFileReader::PollLateFilter() {
  if (!options_.late_filter) return Status::OK();
  std::optional<Expression> late = options_.late_filter();
  if (!late || late->is_true()) return Status::OK();
  std::vector<Expression> filters = filter_.filters;
  filters.push_back(std::move(*late));
  // What is on its way was chosen by the old filter's columns.
  pending_.reset();
  return PlanFilter(std::move(filters));
}

RowGroupSource ParquetFileReader::SourceOf(const OperationContext& context, int row_group) const {
  RowGroupSource source;
  if (input_) source.input = *input_;
  source.context = &context;
  source.file_size = footer_->file_size;
  source.metadata = footer_->metadata;
  source.row_group = row_group;
  source.num_rows = footer_->first_rows[static_cast<size_t>(row_group) + 1] -
                    footer_->first_rows[static_cast<size_t>(row_group)];
  source.rows_end = source.num_rows;
  source.constants = &options_.constants;
  source.batch_bytes = batch_bytes_;
  source.pool = context.pool();
  return source;
}

Result<std::unique_ptr<ParquetFileReader::Pending>> ParquetFileReader::MakePending(
    const OperationContext& context, int row_group) {
  auto pending = std::make_unique<Pending>();
  pending->row_group = row_group;
  ICEFRAME_ASSIGN_OR_RETURN(pending->rows, WantedRows(context, row_group));
  auto make_fetch = [&](const std::set<int>& leaves) -> Result<std::unique_ptr<RowGroupFetch>> {
    ICEFRAME_ASSIGN_OR_RETURN(
        auto ranges, ChunkRanges(*footer_->metadata, row_group, leaves, footer_->file_size));
    return std::make_unique<RowGroupFetch>(io_, file_.file_path, footer_->file_size,
                                           std::move(ranges));
  };
  const bool split_fetch = !filter_.filters.empty() && !fetch_all_at_once_;
  std::set<int> first = filter_.leaves;
  if (pending->rows) {
    ICEFRAME_RETURN_NOT_OK(Announce(row_group, *pending->rows));
    ICEFRAME_ASSIGN_OR_RETURN(pending->filter_columns, make_fetch(kNoLeaves));
    ICEFRAME_ASSIGN_OR_RETURN(pending->other_columns, make_fetch(kNoLeaves));
    return pending;
  }
  if (!split_fetch) first.insert(other_leaves_.begin(), other_leaves_.end());
  ICEFRAME_ASSIGN_OR_RETURN(pending->filter_columns, make_fetch(first));
  ICEFRAME_ASSIGN_OR_RETURN(pending->other_columns,
                            make_fetch(split_fetch ? other_leaves_ : kNoLeaves));
  return pending;
}

void ParquetFileReader::StartFetch(const OperationContext& context, RowGroupFetch* fetch) {
  if (fetch->num_bytes() > 0) CountFile(context, DataFileCount::kFilesScanned);
  fetch->Start(context);
}

Status ParquetFileReader::Prefetch(const OperationContext& context) {
  // A limit that this row group alone can meet makes the next one's bytes a waste.
  const bool limit_is_near =
      options_.limit && filter_.filters.empty() && rows_left_ <= current_->num_rows;
  if (limit_is_near) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(std::optional<int> row_group, FindRowGroup(context));
  if (!row_group) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(pending_, MakePending(context, *row_group));
  if (HasRoomFor(context, pending_->filter_columns->num_bytes())) {
    StartFetch(context, pending_->filter_columns.get());
  }
  return Status::OK();
}

arrow::Future<> ParquetFileReader::Start(const OperationContext& context,
                                         const std::function<bool(int64_t)>& admit) {
  auto arrived = arrow::Future<>::MakeFinished();
  if (current_ != nullptr || pending_ != nullptr || rows_left_ == 0) return arrived;
  Status status = CatchDataErrors(file_.file_path, [&]() -> Status {
    ICEFRAME_RETURN_NOT_OK(PollLateFilter());
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<int> row_group, FindRowGroup(context));
    if (!row_group) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(pending_, MakePending(context, *row_group));
    RowGroupFetch& fetch = *pending_->filter_columns;
    if (!HasRoomFor(context, fetch.num_bytes()) || !admit(fetch.num_bytes())) return Status::OK();
    StartFetch(context, &fetch);
    arrived = fetch.arrived();
    return Status::OK();
  });
  if (!status.ok()) failed_ = std::move(status);
  return arrived;
}

int64_t ParquetFileReader::BytesPerRow(int row_group, int64_t text_per_byte) const {
  const auto metadata = footer_->metadata->RowGroup(row_group);
  int64_t bytes = 0;
  std::set<int> leaves = filter_.leaves;
  leaves.insert(other_leaves_.begin(), other_leaves_.end());
  for (int leaf : leaves) {
    bytes += DecodedBytes(*metadata->ColumnChunk(leaf), text_per_byte);
  }
  for (const auto* columns : {&filter_.columns, &columns_}) {
    for (const ColumnPlan& plan : *columns) {
      for (const auto& [leaf, num_bytes] : plan.absent_texts) {
        bytes += num_bytes * metadata->ColumnChunk(leaf)->num_values();
      }
    }
  }
  return std::max<int64_t>(1, bytes / std::max<int64_t>(1, metadata->num_rows()));
}

int64_t ParquetFileReader::BatchRows(const OperationContext& context) const {
  const Current& now = *current_;
  int64_t num_rows = kBatchBytes / now.bytes_per_row;
  if (const auto room = RoomBytes(*context.memory)) {
    const int64_t bytes_per_row = std::max(now.bytes_per_row, now.decoded_bytes_per_row);
    num_rows = std::min(num_rows, *room / kShareOfRoom / bytes_per_row);
  }
  return std::clamp(num_rows, int64_t{1}, options_.delivery.batch_rows);
}

Result<bool> ParquetFileReader::StartRowGroup(const OperationContext& context) {
  current_.reset();
  const int polled_before = static_cast<int>(filter_.filters.size());
  const std::optional<int> waiting =
      pending_ == nullptr ? std::nullopt : std::optional<int>(pending_->row_group);
  ICEFRAME_RETURN_NOT_OK(PollLateFilter());
  if (waiting && static_cast<int>(filter_.filters.size()) != polled_before) {
    // Chosen before the new filter came: look at it again.
    ICEFRAME_ASSIGN_OR_RETURN(const bool may_hold, MayHold(context, *waiting));
    if (may_hold && !never_) {
      ICEFRAME_ASSIGN_OR_RETURN(pending_, MakePending(context, *waiting));
    }
  }
  if (pending_ == nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<int> row_group, FindRowGroup(context));
    if (!row_group) return false;
    ICEFRAME_ASSIGN_OR_RETURN(pending_, MakePending(context, *row_group));
  }
  std::unique_ptr<Pending> pending = std::move(pending_);
  const int row_group = pending->row_group;
  context.counters->Add(DataFileCount::kRowGroupsScanned);
  current_ = std::make_unique<Current>();
  current_->row_group = row_group;
  current_->first_row = footer_->first_rows[static_cast<size_t>(row_group)];
  current_->num_rows =
      footer_->first_rows[static_cast<size_t>(row_group) + 1] - current_->first_row;
  current_->bytes_per_row = BytesPerRow(row_group, kTextPerBatchByte);
  current_->decoded_bytes_per_row = BytesPerRow(row_group, 1);
  RowGroupSource& source = current_->filter_source;
  source = SourceOf(context, row_group);
  current_->rows = std::move(pending->rows);
  if (!current_->rows) {
    StartFetch(context, pending->filter_columns.get());
    ICEFRAME_ASSIGN_OR_RETURN(source.file, pending->filter_columns->Wait(context));
  } else if (!current_->rows->empty()) {
    source.rows_end = current_->rows->ranges().back().end - current_->first_row;
  }
  source.batch_rows = BatchRows(context);
  source.keep_dictionaries = true;
  current_->source = source;
  current_->source.keep_dictionaries = options_.keep_dictionaries;
  current_->other_columns = std::move(pending->other_columns);
  for (const ColumnPlan& plan : filter_.columns) {
    ICEFRAME_ASSIGN_OR_RETURN(auto stream, OpenColumnStream(plan, source));
    current_->filter_streams.push_back(std::move(stream));
  }
  ICEFRAME_RETURN_NOT_OK(Prefetch(context));
  return true;
}

Status ParquetFileReader::OpenOtherColumns(const OperationContext& context) {
  if (!current_->streams.empty() || columns_.empty()) return Status::OK();
  current_->source.context = &context;
  if (current_->other_columns->num_bytes() > 0) {
    StartFetch(context, current_->other_columns.get());
    ICEFRAME_ASSIGN_OR_RETURN(current_->source.file, current_->other_columns->Wait(context));
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    std::unique_ptr<ColumnStream> stream;
    if (shared_with_filter_[i] < 0) {
      ICEFRAME_ASSIGN_OR_RETURN(stream, OpenColumnStream(columns_[i], current_->source));
    }
    current_->streams.push_back(std::move(stream));
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetFileReader::Next(
    const OperationContext& context) {
  ICEFRAME_RETURN_NOT_OK(failed_);
  auto next =
      CatchDataErrors(file_.file_path, [&]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
        if (decoded_ != nullptr) return NextPart(context);
        while (rows_left_ > 0) {
          ICEFRAME_RETURN_NOT_OK(context.Check());
          if (current_ == nullptr || current_->next_row == current_->num_rows) {
            if (current_ != nullptr) fetch_all_at_once_ = current_->survivors > 0;
            ICEFRAME_ASSIGN_OR_RETURN(const bool started, StartRowGroup(context));
            if (!started) {
              CountFile(context, DataFileCount::kFilesSkippedByRowGroups);
              break;
            }
          }
          ICEFRAME_ASSIGN_OR_RETURN(auto batch, ReadBatch(context));
          if (batch != nullptr) return batch;
        }
        current_.reset();
        pending_.reset();
        rows_left_ = 0;
        return std::shared_ptr<arrow::RecordBatch>();
      });
  if (!next.ok()) {
    failed_ = next.status();
    decoded_.reset();
    current_.reset();
    pending_.reset();
  }
  return next;
}

}  // namespace iceframe::internal
