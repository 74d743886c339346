// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/join_operator.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/join_filter_internal.h"
#include "iceframe/execution/join_table_internal.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Pairs of row numbers, the right one null for "no partner".
class RowPairs {
 public:
  explicit RowPairs(arrow::MemoryPool* pool) : left_(pool), right_(pool), has_partner_(pool) {}

  int64_t size() const { return left_.length(); }
  Status Add(int64_t left, std::optional<uint32_t> right) {
    ICEFRAME_RETURN_NOT_OK(left_.Append(static_cast<uint32_t>(left)));
    ICEFRAME_RETURN_NOT_OK(right_.Append(right.value_or(0)));
    return has_partner_.Append(right.has_value());
  }
  Result<ArrayPtr> FinishLeft() {
    const int64_t length = left_.length();
    ICEFRAME_ASSIGN_OR_RETURN(auto values, left_.Finish());
    return MakeRows(length, nullptr, values, 0);
  }
  Result<ArrayPtr> FinishRight() {
    const int64_t length = right_.length();
    const int64_t num_nulls = has_partner_.false_count();
    ICEFRAME_ASSIGN_OR_RETURN(auto values, right_.Finish());
    ICEFRAME_ASSIGN_OR_RETURN(auto validity, has_partner_.Finish());
    return MakeRows(length, validity, values, num_nulls);
  }

 private:
  static ArrayPtr MakeRows(int64_t length, std::shared_ptr<arrow::Buffer> validity,
                           std::shared_ptr<arrow::Buffer> values, int64_t num_nulls) {
    return arrow::MakeArray(arrow::ArrayData::Make(
        arrow::uint32(), length, {std::move(validity), std::move(values)}, num_nulls));
  }

  arrow::TypedBufferBuilder<uint32_t> left_;
  arrow::TypedBufferBuilder<uint32_t> right_;
  arrow::TypedBufferBuilder<bool> has_partner_;
};

class JoinOperator final : public Operator {
 public:
  JoinOperator(const PlanNode& plan, OperatorPtr left, OperatorPtr right)
      : Operator(DescribeOperation(plan), plan.schema, Inputs(std::move(left), std::move(right))),
        node_(*plan.as<JoinNode>()) {}

  void OfferFilter(const Expression& predicate) override {
    const auto is_over = [&](const Operator& side) {
      return std::ranges::all_of(ReferencedFieldIds(predicate), [&](FieldId id) {
        return side.schema()->FindField(id) != nullptr;
      });
    };
    // The other side of an outer join would get nulls instead of partners.
    if (DropsLoneLeft() || node_.kind == JoinKind::kLeft || node_.kind == JoinKind::kAnti) {
      if (node_.kind != JoinKind::kRight && is_over(input(0))) input(0).OfferFilter(predicate);
    }
  }

 protected:
  Status DoOpen() override {
    table_ = std::make_unique<JoinTable>(context(), batch_bytes());
    ICEFRAME_RETURN_NOT_OK(input(1).Open(context()));
    ICEFRAME_RETURN_NOT_OK(table_->Build(&input(1), node_.right_keys));
    if (!HasLeftOnly()) right_limit_ = GatherLimit(table_->columns(), batch_bytes());
    if (KeepsLoneRight()) is_matched_.resize(static_cast<size_t>(table_->num_rows()));
    if (DropsLoneLeft()) {
      // Nothing can meet: the left side need not even be planned.
      if (table_->num_rows() == 0) return Status::OK();
      ICEFRAME_ASSIGN_OR_RETURN(auto keys, table_->DistinctKeys());
      ICEFRAME_ASSIGN_OR_RETURN(Expression filter,
                                FilterOfKeys(node_.left_keys, node_.right_keys, keys, context()));
      if (!filter.is_true()) input(0).OfferFilter(filter);
    }
    left_is_open_ = true;
    return input(0).Open(context());
  }

  Result<BatchPtr> DoNext() override {
    while (left_is_open_) {
      if (left_rows_ != nullptr) return NextPairs();
      if (batch_ == nullptr || row_ >= batch_->num_rows()) {
        ICEFRAME_RETURN_NOT_OK(NextLeft());
        if (batch_ == nullptr) break;
      }
      ICEFRAME_RETURN_NOT_OK(FindPairs());
    }
    return LoneRight();
  }

 private:
  bool DropsLoneLeft() const {
    return node_.kind == JoinKind::kInner || node_.kind == JoinKind::kSemi ||
           node_.kind == JoinKind::kRight || node_.kind == JoinKind::kCross;
  }
  bool KeepsLoneRight() const {
    return node_.kind == JoinKind::kRight || node_.kind == JoinKind::kFull;
  }
  bool HasLeftOnly() const {
    return node_.kind == JoinKind::kSemi || node_.kind == JoinKind::kAnti;
  }

  Status NextLeft() {
    ICEFRAME_ASSIGN_OR_RETURN(batch_, input(0).Next());
    row_ = 0;
    partner_ = 0;
    if (batch_ == nullptr) {
      left_is_open_ = false;
      return Status::OK();
    }
    left_limit_ = GatherLimit(batch_->columns(), batch_bytes());
    if (table_->num_rows() == 0) {
      groups_.reset();
      return Status::OK();
    }
    ICEFRAME_ASSIGN_OR_RETURN(groups_, table_->Find(batch_, node_.left_keys));
    return Status::OK();
  }

  std::span<const uint32_t> PartnersOf(int64_t row) const {
    if (groups_ == nullptr || groups_->IsNull(row)) return {};
    return table_->RowsOf(groups_->Value(row));
  }

  // Goes on where the last call ended, until a batch is full: one row may have many partners.
  Status FillPairs(RowPairs* pairs) {
    for (; row_ < batch_->num_rows(); ++row_, partner_ = 0) {
      const std::span<const uint32_t> partners = PartnersOf(row_);
      if (HasLeftOnly()) {
        const bool is_wanted = partners.empty() == (node_.kind == JoinKind::kAnti);
        if (is_wanted) ICEFRAME_RETURN_NOT_OK(pairs->Add(row_, std::nullopt));
        continue;
      }
      if (partners.empty() && !DropsLoneLeft()) {
        ICEFRAME_RETURN_NOT_OK(pairs->Add(row_, std::nullopt));
      }
      for (; partner_ < partners.size(); ++partner_) {
        if (pairs->size() >= kOutputRows) return Status::OK();
        if (KeepsLoneRight()) is_matched_[partners[partner_]] = true;
        ICEFRAME_RETURN_NOT_OK(pairs->Add(row_, partners[partner_]));
      }
    }
    return Status::OK();
  }

  Status FindPairs() {
    RowPairs pairs(pool());
    ICEFRAME_RETURN_NOT_OK(FillPairs(&pairs));
    if (pairs.size() == 0) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(left_rows_, pairs.FinishLeft());
    return pairs.FinishRight().Value(&right_rows_);
  }

  // As many of the pairs that were found as one batch can hold.
  Result<BatchPtr> NextPairs() {
    int64_t num_rows = left_limit_.NumFitting(*left_rows_, left_rows_->length());
    num_rows = right_limit_.NumFitting(*right_rows_, num_rows);
    const ArrayPtr left_rows = left_rows_->Slice(0, num_rows);
    const ArrayPtr right_rows = right_rows_->Slice(0, num_rows);
    const bool are_all = num_rows == left_rows_->length();
    left_rows_ = are_all ? nullptr : left_rows_->Slice(num_rows);
    right_rows_ = are_all ? nullptr : right_rows_->Slice(num_rows);
    ICEFRAME_ASSIGN_OR_RETURN(auto columns, TakeColumns(batch_->columns(), *left_rows, pool()));
    if (!HasLeftOnly()) {
      ICEFRAME_ASSIGN_OR_RETURN(auto right, TakeColumns(table_->columns(), *right_rows, pool()));
      columns.insert(columns.end(), right.begin(), right.end());
    }
    return MakeBatch(num_rows, std::move(columns));
  }

  // Right rows that met nothing, with nulls to their left.
  Result<BatchPtr> LoneRight() {
    arrow::TypedBufferBuilder<uint32_t> rows(pool());
    for (; lone_ < is_matched_.size() && rows.length() < kOutputRows; ++lone_) {
      if (!is_matched_[lone_]) ICEFRAME_RETURN_NOT_OK(rows.Append(static_cast<uint32_t>(lone_)));
    }
    const int64_t num_found = rows.length();
    if (num_found == 0) return nullptr;
    ICEFRAME_ASSIGN_OR_RETURN(auto buffer, rows.Finish());
    ArrayPtr indices =
        arrow::MakeArray(arrow::ArrayData::Make(arrow::uint32(), num_found, {nullptr, buffer}, 0));
    const int64_t num_rows = right_limit_.NumFitting(*indices, num_found);
    if (num_rows < num_found) {
      // The others are found again.
      lone_ = static_cast<const arrow::UInt32Array&>(*indices).Value(num_rows);
      indices = indices->Slice(0, num_rows);
    }
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr none, EmptyBatch(*input(0).schema(), pool()));
    arrow::ArrayVector columns;
    for (const ArrayPtr& column : none->columns()) {
      ICEFRAME_ASSIGN_OR_RETURN(
          ArrayPtr nulls, arrow::MakeArrayOfNull(StorageForm(column)->type(), num_rows, pool()));
      columns.push_back(std::move(nulls));
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto right, TakeColumns(table_->columns(), *indices, pool()));
    columns.insert(columns.end(), right.begin(), right.end());
    return MakeBatch(num_rows, std::move(columns));
  }

  JoinNode node_;
  std::unique_ptr<JoinTable> table_;
  bool left_is_open_ = false;
  // The left batch under way, its rows' groups, the next row and its next partner.
  BatchPtr batch_;
  std::shared_ptr<arrow::UInt32Array> groups_;
  GatherLimit left_limit_;
  GatherLimit right_limit_;
  // Pairs that are to be handed out yet; nullptr: none.
  ArrayPtr left_rows_;
  ArrayPtr right_rows_;
  int64_t row_ = 0;
  size_t partner_ = 0;
  std::vector<bool> is_matched_;
  size_t lone_ = 0;
};

}  // namespace

OperatorPtr MakeJoinOperator(const PlanNode& plan, OperatorPtr left, OperatorPtr right) {
  return std::make_unique<JoinOperator>(plan, std::move(left), std::move(right));
}

}  // namespace iceframe
