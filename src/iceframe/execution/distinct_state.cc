// SPDX-License-Identifier: Apache-2.0
// count_distinct: pairs of group and value, each counted when it is first seen.
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/buffer_builder.h>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/group_ids_internal.h"

namespace iceframe::internal {

namespace {

class DistinctState final : public AggregateState {
 public:
  explicit DistinctState(std::shared_ptr<MemoryBudget> memory)
      : memory_(std::move(memory)), pairs_(memory_->pool()), counts_(memory_->pool()) {}

  Status Resize(int64_t num_groups) override {
    if (num_groups <= counts_.length()) return Status::OK();
    return counts_.Append(num_groups - counts_.length(), 0);
  }

  Status Consume(std::span<const uint32_t> groups, const ArrayPtr& values) override {
    const auto length = static_cast<int64_t>(groups.size());
    const auto ids = arrow::MakeArray(arrow::ArrayData::Make(
        arrow::uint32(), length,
        {nullptr, std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(groups.data()),
                                                  length * 4)},
        0));
    const int64_t before = pairs_.num_groups();
    ICEFRAME_ASSIGN_OR_RETURN(auto pairs, pairs_.Consume({ids, values}, length));
    std::vector<bool> is_counted(static_cast<size_t>(pairs_.num_groups() - before));
    if (is_counted.empty()) return Status::OK();
    for (int64_t i = 0; i < length; ++i) {
      const int64_t pair = int64_t{pairs->Value(i)} - before;
      if (pair < 0 || is_counted[static_cast<size_t>(pair)]) continue;
      is_counted[static_cast<size_t>(pair)] = true;
      if (values->IsValid(i)) ++counts_.mutable_data()[groups[static_cast<size_t>(i)]];
    }
    return Status::OK();
  }

  Status Merge(uint32_t, uint32_t) override {
    return Error(ErrorKind::kUnsupported,
                 "count_distinct over an ordered window; leave out its order");
  }

  Result<ArrayPtr> Export() override { return NotExported(); }
  Status MergeExported(std::span<const uint32_t>, const ArrayPtr&) override {
    return NotExported();
  }

  Result<ArrayPtr> Finish() override {
    const int64_t length = counts_.length();
    ICEFRAME_ASSIGN_OR_RETURN(auto counts, counts_.Finish());
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow::int64(), length, {nullptr, std::move(counts)}, 0));
  }

 private:
  static Status NotExported() {
    return Error(ErrorKind::kUnsupported, "what count_distinct saw can't be kept");
  }

  std::shared_ptr<MemoryBudget> memory_;
  GroupIds pairs_;
  arrow::TypedBufferBuilder<int64_t> counts_;
};

}  // namespace

Result<std::unique_ptr<AggregateState>> MakeDistinctState(std::shared_ptr<MemoryBudget> memory) {
  return std::make_unique<DistinctState>(std::move(memory));
}

}  // namespace iceframe::internal
