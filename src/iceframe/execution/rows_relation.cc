// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/rows_relation.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include "iceframe/base/uuid.h"
#include "iceframe/execution/columns_internal.h"
#include "iceframe/execution/relation_source.h"
#include "iceframe/expression/evaluate.h"
#include "iceframe/runtime/batch_bytes.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/lossless_cast.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// The values of `type` without the fields that `wanted`, some of its parts, lacks.
std::shared_ptr<arrow::ArrayData> PickParts(const std::shared_ptr<arrow::ArrayData>& values,
                                            const NestedField& from, const NestedField& wanted) {
  if (from.type.is_primitive()) return values;
  auto picked = values->Copy();
  if (from.type.id() == TypeId::kMap) {
    auto entries = values->child_data[0]->Copy();
    for (size_t i = 0; i < 2; ++i) {
      entries->child_data[i] =
          PickParts(entries->child_data[i], from.type.fields()[i], wanted.type.fields()[i]);
    }
    picked->child_data[0] = std::move(entries);
    return picked;
  }
  picked->child_data.clear();
  for (const NestedField& field : wanted.type.fields()) {
    const auto source = std::ranges::find(from.type.fields(), field.id, &NestedField::id);
    const auto position = static_cast<size_t>(source - from.type.fields().begin());
    picked->child_data.push_back(PickParts(values->child_data[position], *source, field));
  }
  return picked;
}

// The top-level columns that a read asks for, or that its filter needs.
Result<std::shared_ptr<const Schema>> NeededColumns(const Schema& schema,
                                                    const RelationRead& read) {
  std::set<FieldId> needed;
  for (const NestedField& field : read.columns->fields()) needed.insert(field.id);
  for (FieldId id : ReferencedFieldIds(read.rows.filter)) {
    while (schema.ParentOf(id) != 0) id = schema.ParentOf(id);
    needed.insert(id);
  }
  std::vector<NestedField> columns;
  for (const NestedField& field : schema.fields()) {
    if (needed.contains(field.id)) columns.push_back(field);
  }
  return Schema::Make(schema.schema_id(), std::move(columns));
}

class RowsStream final : public BatchStream {
 public:
  static Result<std::unique_ptr<BatchStream>> Make(const OperationContext& context,
                                                   const RowsInMemory& rows,
                                                   const RelationRead& read) {
    auto stream = std::make_unique<RowsStream>(context, rows, read);
    ICEFRAME_ASSIGN_OR_RETURN(stream->needed_, NeededColumns(*rows.columns, read));
    arrow::FieldVector fields;
    for (const NestedField& field : stream->needed_->fields()) {
      const int position = rows.schema->GetFieldIndex(field.name);
      // What the rows lack becomes null.
      if (position < 0) continue;
      stream->positions_.push_back(position);
      fields.push_back(rows.schema->field(position));
    }
    ICEFRAME_ASSIGN_OR_RETURN(stream->max_bytes_, BatchBytes(context));
    ICEFRAME_ASSIGN_OR_RETURN(
        LosslessCast cast,
        LosslessCast::Make(*arrow::schema(std::move(fields)), stream->needed_, context.pool()));
    stream->cast_ = std::make_unique<LosslessCast>(std::move(cast));
    ICEFRAME_ASSIGN_OR_RETURN(stream->needed_schema_,
                              ToArrowSchema(*stream->needed_, /*with_field_ids=*/true));
    ICEFRAME_ASSIGN_OR_RETURN(stream->result_schema_,
                              ToArrowSchema(*read.columns, /*with_field_ids=*/true));
    return stream;
  }

  RowsStream(const OperationContext& context, const RowsInMemory& rows, RelationRead read)
      : context_(context), rows_(rows), read_(std::move(read)), left_(read_.rows.limit) {}

  Result<BatchPtr> Next() override {
    while (batch_ < rows_.batches.size() && left_ != 0) {
      ICEFRAME_RETURN_NOT_OK(context_.Check());
      const arrow::RecordBatch& batch = *rows_.batches[batch_];
      if (row_ == batch.num_rows()) {
        first_row_ += batch.num_rows();
        row_ = 0;
        ++batch_;
        continue;
      }
      ICEFRAME_ASSIGN_OR_RETURN(BatchPtr part, NextPart(batch));
      if (left_) {
        part = part->Slice(0, std::min(*left_, part->num_rows()));
        *left_ -= part->num_rows();
      }
      if (part->num_rows() > 0) return Picked(*part);
    }
    return nullptr;
  }

 private:
  // The needed columns of the next rows, those that the filter drops left out.
  Result<BatchPtr> NextPart(const arrow::RecordBatch& batch) {
    ICEFRAME_ASSIGN_OR_RETURN(const BatchPtr columns, batch.SelectColumns(positions_));
    const int64_t num_rows = cast_->NumRowsWithin(
        *columns, row_, std::min(read_.delivery.batch_rows, batch.num_rows() - row_), max_bytes_);
    arrow::ArrayVector values;
    if (!needed_->fields().empty()) {
      ICEFRAME_ASSIGN_OR_RETURN(const BatchPtr cast,
                                cast_->Apply(*columns->Slice(row_, num_rows), context_.pool(),
                                             first_row_ + row_, max_bytes_));
      values = cast->columns();
    }
    row_ += num_rows;
    BatchPtr part = arrow::RecordBatch::Make(needed_schema_, num_rows, std::move(values));
    if (read_.rows.filter.is_true()) return part;
    ICEFRAME_ASSIGN_OR_RETURN(auto keep, EvaluateFilter(read_.rows.filter, *part, context_.pool()));
    if (keep->true_count() == num_rows) return part;
    arrow::compute::ExecContext exec(context_.pool());
    ICEFRAME_ASSIGN_OR_RETURN(
        const arrow::Datum kept,
        arrow::compute::Filter(part, keep, arrow::compute::FilterOptions::Defaults(), &exec));
    return kept.record_batch();
  }

  // The asked columns, in their order.
  BatchPtr Picked(const arrow::RecordBatch& part) const {
    arrow::ArrayVector columns;
    for (const NestedField& field : read_.columns->fields()) {
      const auto source = std::ranges::find(needed_->fields(), field.id, &NestedField::id);
      const auto position = static_cast<int>(source - needed_->fields().begin());
      auto values = PickParts(part.column(position)->data(), *source, field);
      values = values->Copy();
      values->type = result_schema_->field(static_cast<int>(columns.size()))->type();
      columns.push_back(arrow::MakeArray(values));
    }
    return arrow::RecordBatch::Make(result_schema_, part.num_rows(), std::move(columns));
  }

  OperationContext context_;
  const RowsInMemory& rows_;
  RelationRead read_;
  std::optional<int64_t> left_;
  std::shared_ptr<const Schema> needed_;
  // Where the needed columns stand in the batches.
  std::vector<int> positions_;
  std::unique_ptr<LosslessCast> cast_;
  std::shared_ptr<arrow::Schema> needed_schema_;
  std::shared_ptr<arrow::Schema> result_schema_;
  int64_t max_bytes_ = 0;
  // The batch under way, its first row's number and its next row.
  size_t batch_ = 0;
  int64_t first_row_ = 0;
  int64_t row_ = 0;
};

// More rows than this are not told by their content.
constexpr int64_t kMaxContentBytes = int64_t{256} << 10;

// Rows and their types, byte for byte: what they are now, since their owner may change them.
Result<std::string> ContentOf(const RowsInMemory& rows) {
  int64_t num_bytes = 0;
  for (const BatchPtr& batch : rows.batches) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t batch_bytes, arrow::util::ReferencedBufferSize(*batch));
    num_bytes += batch_bytes;
    if (num_bytes > kMaxContentBytes) return Status::CapacityError("too many rows");
  }
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.memory_pool = arrow::system_memory_pool();
  options.use_threads = false;
  ICEFRAME_ASSIGN_OR_RETURN(
      auto out, arrow::io::BufferOutputStream::Create(kMaxContentBytes, options.memory_pool));
  ICEFRAME_ASSIGN_OR_RETURN(auto writer, arrow::ipc::MakeStreamWriter(out, rows.schema, options));
  for (const BatchPtr& batch : rows.batches) {
    ICEFRAME_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  }
  ICEFRAME_RETURN_NOT_OK(writer->Close());
  ICEFRAME_ASSIGN_OR_RETURN(auto buffer, out->Finish());
  return buffer->ToString();
}

class RowsSource final : public RelationSource {
 public:
  RowsSource(RowsInMemory rows, int64_t num_rows) : rows_(std::move(rows)), num_rows_(num_rows) {}

  Result<std::unique_ptr<BatchStream>> Open(const OperationContext& context,
                                            const RelationRead& read) const override {
    return RowsStream::Make(context, rows_, read);
  }

  std::optional<std::string> Content() const {
    auto content = ContentOf(rows_);
    if (!content.ok()) return std::nullopt;
    return *std::move(content);
  }

  Status ExplainRead(const OperationContext&, const RelationRead&,
                     ExplanationNotes* notes) const override {
    int64_t num_bytes = 0;
    for (const auto& batch : rows_.batches) num_bytes += arrow::util::TotalBufferSize(*batch);
    notes->lines.push_back("rows in memory: " + std::to_string(num_rows_) + " (" +
                           ByteText(num_bytes) + ")");
    notes->figures.Add("rows", Json::Int(num_rows_));
    notes->figures.Add("memory_bytes", Json::Int(num_bytes));
    return Status::OK();
  }

 private:
  RowsInMemory rows_;
  int64_t num_rows_;
};

}  // namespace

Result<std::shared_ptr<const Relation>> MakeRowsRelation(RowsInMemory rows) {
  if (rows.columns == nullptr) {
    constexpr int32_t kNewestFormatVersion = 3;
    ICEFRAME_ASSIGN_OR_RETURN(auto fields, FromArrowSchema(*rows.schema, kNewestFormatVersion));
    ICEFRAME_ASSIGN_OR_RETURN(rows.columns, Schema::Make(SchemaId(0), std::move(fields)));
  }
  int64_t num_rows = 0;
  for (const auto& batch : rows.batches) num_rows += batch->num_rows();
  Relation relation;
  relation.name = rows.name;
  const bool has_name = !rows.canonical_name.empty();
  relation.canonical_name = !has_name ? "rows:" + NewUuid() : rows.canonical_name;
  relation.schema = rows.columns;
  relation.estimated_rows = num_rows;
  auto source = std::make_shared<RowsSource>(std::move(rows), num_rows);
  // A name that was given tells the rows.
  if (!has_name) relation.content = [source] { return source->Content(); };
  relation.source = std::move(source);
  return std::make_shared<const Relation>(std::move(relation));
}

Result<Query> FromBatches(std::shared_ptr<arrow::Schema> schema, arrow::RecordBatchVector batches,
                          std::string name) {
  RowsInMemory rows;
  rows.schema = std::move(schema);
  rows.batches = std::move(batches);
  rows.name = std::move(name);
  ICEFRAME_ASSIGN_OR_RETURN(auto relation, MakeRowsRelation(std::move(rows)));
  return Query(std::move(relation));
}

}  // namespace iceframe
