// SPDX-License-Identifier: Apache-2.0
// count, sum and avg.
#include <optional>
#include <type_traits>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/util/decimal.h>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/group_values_internal.h"
#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/exact_quotient.h"

namespace iceframe {

namespace {

template <typename T>
class Slots {
 public:
  explicit Slots(arrow::MemoryPool* pool) : values_(pool) {}
  Status Resize(int64_t length) {
    return length <= values_.length() ? Status::OK()
                                      : values_.Append(length - values_.length(), T{});
  }
  T& operator[](size_t i) { return values_.mutable_data()[i]; }
  int64_t size() const { return values_.length(); }

 private:
  arrow::TypedBufferBuilder<T> values_;
};

class CountState final : public AggregateState {
 public:
  explicit CountState(std::shared_ptr<MemoryBudget> memory)
      : memory_(std::move(memory)), counts_(memory_->pool()) {}

  Status Resize(int64_t num_groups) override { return counts_.Resize(num_groups); }
  Status Consume(std::span<const uint32_t> groups, const ArrayPtr& values) override {
    const bool has_nulls = values != nullptr && values->null_count() > 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (!has_nulls || values->IsValid(static_cast<int64_t>(i))) ++counts_[groups[i]];
    }
    return Status::OK();
  }
  Status Merge(uint32_t from, uint32_t to) override {
    counts_[to] += counts_[from];
    return Status::OK();
  }
  Result<ArrayPtr> Finish() override {
    return MakeValues<int64_t>(
        Type::Long(), counts_.size(), memory_->pool(), [](int64_t) { return false; },
        [this](int64_t i) -> Result<int64_t> { return counts_[static_cast<size_t>(i)]; });
  }

 private:
  std::shared_ptr<MemoryBudget> memory_;
  Slots<int64_t> counts_;
};

// Sums of integers and decimals are kept as a WideSum, so that only the end result can overflow.
template <typename Sum>
struct SumSlot {
  Sum sum{};
  int64_t count = 0;
};

Status SumOverflow(const Expression& call, const WideSum& sum) {
  const bool is_decimal = call.type().id() == TypeId::kDecimal;
  return Error(ErrorKind::kInvalidArgument, "sum does not fit its type ", call.type().ToString(),
               ": ", call.ToString(), " is ", sum.ToDecimal256().ToString(call.type().scale()),
               "; sum a cast to ", is_decimal ? "double" : "decimal(38, 0) or double", " instead");
}

template <typename Sum>
class SumState final : public AggregateState {
 public:
  SumState(Expression call, bool is_avg, std::shared_ptr<MemoryBudget> memory)
      : call_(std::move(call)),
        is_avg_(is_avg),
        memory_(std::move(memory)),
        slots_(memory_->pool()) {}

  Status Resize(int64_t num_groups) override { return slots_.Resize(num_groups); }

  Status Consume(std::span<const uint32_t> groups, const ArrayPtr& values) override {
    const arrow::ArrayData& data = *values->data();
    switch (values->type_id()) {
      case arrow::Type::INT32:
        return Add(groups, *values, data.GetValues<int32_t>(1));
      case arrow::Type::INT64:
        return Add(groups, *values, data.GetValues<int64_t>(1));
      case arrow::Type::FLOAT:
        return Add(groups, *values, data.GetValues<float>(1));
      case arrow::Type::DOUBLE:
        return Add(groups, *values, data.GetValues<double>(1));
      case arrow::Type::DECIMAL128:
        return AddDecimals(groups, static_cast<const arrow::Decimal128Array&>(*values));
      default:
        return Error(ErrorKind::kUnsupported, call_.ToString(), " of ", values->type()->ToString());
    }
  }

  Status Merge(uint32_t from, uint32_t to) override {
    slots_[to].count += slots_[from].count;
    AddTo(&slots_[to].sum, slots_[from].sum);
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    const auto is_null = [this](int64_t i) { return slots_[static_cast<size_t>(i)].count == 0; };
    const auto slot = [this](int64_t i) { return slots_[static_cast<size_t>(i)]; };
    if (is_avg_) {
      return Make<double>(is_null, [&](int64_t i) -> Result<double> { return Average(slot(i)); });
    }
    if constexpr (std::is_same_v<Sum, double>) {
      return Make<double>(is_null, [&](int64_t i) -> Result<double> { return slot(i).sum; });
    } else if (call_.type().id() == TypeId::kDecimal) {
      return Make<arrow::Decimal128>(is_null, [&](int64_t i) { return ToDecimal(slot(i).sum); });
    } else {
      return Make<int64_t>(is_null, [&](int64_t i) -> Result<int64_t> {
        const std::optional<__int128> sum = slot(i).sum.Narrow();
        if (!sum || *sum != static_cast<int64_t>(*sum)) return SumOverflow(call_, slot(i).sum);
        return static_cast<int64_t>(*sum);
      });
    }
  }

 private:
  template <typename Value, typename IsNull, typename ValueAt>
  Result<ArrayPtr> Make(IsNull is_null, ValueAt value_at) {
    return MakeValues<Value>(call_.type(), slots_.size(), memory_->pool(), is_null, value_at);
  }

  template <typename Value>
  static void AddTo(Sum* sum, const Value& value) {
    if constexpr (std::is_same_v<Sum, double>) {
      *sum += static_cast<double>(value);
    } else {
      sum->Add(value);
    }
  }

  template <typename Value>
  Status Add(std::span<const uint32_t> groups, const arrow::Array& values, const Value* data) {
    const bool has_nulls = values.null_count() > 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (has_nulls && values.IsNull(static_cast<int64_t>(i))) continue;
      SumSlot<Sum>& slot = slots_[groups[i]];
      ++slot.count;
      if constexpr (std::is_same_v<Sum, double> || std::is_integral_v<Value>) {
        AddTo(&slot.sum, data[i]);
      }
    }
    return Status::OK();
  }

  Status AddDecimals(std::span<const uint32_t> groups, const arrow::Decimal128Array& values) {
    if constexpr (!std::is_same_v<Sum, double>) {
      for (size_t i = 0; i < groups.size(); ++i) {
        if (values.IsNull(static_cast<int64_t>(i))) continue;
        const arrow::Decimal128 value(values.GetValue(static_cast<int64_t>(i)));
        SumSlot<Sum>& slot = slots_[groups[i]];
        ++slot.count;
        slot.sum.Add(static_cast<__int128>(
            (static_cast<unsigned __int128>(static_cast<uint64_t>(value.high_bits())) << 64U) |
            value.low_bits()));
      }
    }
    return Status::OK();
  }

  Result<arrow::Decimal128> ToDecimal(const Sum& sum) const {
    if constexpr (std::is_same_v<Sum, double>) {
      return arrow::Decimal128();
    } else {
      const std::optional<__int128> narrow = sum.Narrow();
      const arrow::Decimal128 value(static_cast<int64_t>(narrow.value_or(0) >> 64),
                                    static_cast<uint64_t>(narrow.value_or(0)));
      if (!narrow || !value.FitsInPrecision(call_.type().precision())) {
        return SumOverflow(call_, sum);
      }
      return value;
    }
  }

  double Average(const SumSlot<Sum>& slot) const {
    if constexpr (std::is_same_v<Sum, double>) {
      return slot.sum / static_cast<double>(slot.count);
    } else {
      return NearestQuotient(slot.sum, slot.count, call_.operands()[0].type().scale());
    }
  }

  Expression call_;
  bool is_avg_;
  std::shared_ptr<MemoryBudget> memory_;
  Slots<SumSlot<Sum>> slots_;
};

std::unique_ptr<AggregateState> MakeSumState(const Expression& call, bool is_avg,
                                             std::shared_ptr<MemoryBudget> memory) {
  const TypeId operand = call.operands()[0].type().id();
  if (operand == TypeId::kFloat || operand == TypeId::kDouble) {
    return std::make_unique<SumState<double>>(call, is_avg, std::move(memory));
  }
  return std::make_unique<SumState<WideSum>>(call, is_avg, std::move(memory));
}

}  // namespace

Result<std::unique_ptr<AggregateState>> MakeAggregateState(const Expression& call,
                                                           std::shared_ptr<MemoryBudget> memory,
                                                           int64_t max_bytes) {
  const AggregateSignature* aggregate = AsAggregate(call);
  if (aggregate == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "not an aggregate: ", call.ToString());
  }
  switch (aggregate->id) {
    case AggregateId::kCount:
      return std::make_unique<CountState>(std::move(memory));
    case AggregateId::kCountDistinct:
      return internal::MakeDistinctState(std::move(memory), max_bytes);
    case AggregateId::kSum:
      return MakeSumState(call, false, std::move(memory));
    case AggregateId::kAvg:
      return MakeSumState(call, true, std::move(memory));
    case AggregateId::kMin:
      return internal::MakeExtremeState(call, false, std::move(memory), max_bytes);
    case AggregateId::kMax:
      return internal::MakeExtremeState(call, true, std::move(memory), max_bytes);
  }
  return Error(ErrorKind::kUnsupported, "aggregate is not built: ", call.ToString());
}

}  // namespace iceframe
