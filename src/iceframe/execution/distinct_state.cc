// SPDX-License-Identifier: Apache-2.0
// count_distinct: pairs of group and value, each counted once.
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/row/grouper.h>

#include "iceframe/execution/aggregate_state_internal.h"

namespace iceframe::internal {

namespace {

class DistinctState final : public AggregateState {
 public:
  explicit DistinctState(std::shared_ptr<MemoryBudget> memory)
      : memory_(std::move(memory)), exec_(memory_->pool()) {}

  Status Resize(int64_t num_groups) override {
    num_groups_ = num_groups;
    return Status::OK();
  }

  Status Consume(std::span<const uint32_t> groups, const ArrayPtr& values) override {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr keys, GroupableForm(values, memory_->pool()));
    const auto length = static_cast<int64_t>(groups.size());
    auto ids = arrow::MakeArray(arrow::ArrayData::Make(
        arrow::uint32(), length,
        {nullptr, std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(groups.data()),
                                                  length * 4)},
        0));
    if (pairs_ == nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(pairs_,
                                arrow::compute::Grouper::Make({ids->type(), keys->type()}, &exec_));
    }
    const arrow::compute::ExecBatch batch({ids, keys}, length);
    return pairs_->Populate(arrow::compute::ExecSpan(batch));
  }

  Status Merge(uint32_t, uint32_t) override {
    return Error(ErrorKind::kUnsupported,
                 "count_distinct over an ordered window; leave out its order");
  }

  Result<ArrayPtr> Finish() override {
    ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> counts,
                              arrow::AllocateBuffer(num_groups_ * 8, memory_->pool()));
    auto* out = reinterpret_cast<int64_t*>(counts->mutable_data());
    std::fill(out, out + num_groups_, 0);
    if (pairs_ != nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(arrow::compute::ExecBatch uniques, pairs_->GetUniques());
      const auto groups = std::static_pointer_cast<arrow::UInt32Array>(uniques[0].make_array());
      const ArrayPtr values = uniques[1].make_array();
      for (int64_t i = 0; i < groups->length(); ++i) {
        if (values->IsValid(i)) ++out[groups->Value(i)];
      }
    }
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow::int64(), num_groups_, {nullptr, std::move(counts)}, 0));
  }

 private:
  std::shared_ptr<MemoryBudget> memory_;
  arrow::compute::ExecContext exec_;
  std::unique_ptr<arrow::compute::Grouper> pairs_;
  int64_t num_groups_ = 0;
};

}  // namespace

Result<std::unique_ptr<AggregateState>> MakeDistinctState(const Expression&,
                                                          std::shared_ptr<MemoryBudget> memory) {
  return std::make_unique<DistinctState>(std::move(memory));
}

}  // namespace iceframe::internal
