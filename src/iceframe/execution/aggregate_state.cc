// SPDX-License-Identifier: Apache-2.0
// count, sum and avg.
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <arrow/array.h>
#include <arrow/buffer_builder.h>
#include <arrow/type.h>
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
  Result<ArrayPtr> Export() override { return Finish(); }
  Status MergeExported(std::span<const uint32_t> groups, const ArrayPtr& exported) override {
    const auto* counts = exported->data()->GetValues<int64_t>(1);
    for (size_t i = 0; i < groups.size(); ++i) counts_[groups[i]] += counts[i];
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

/// A sum of doubles that has the same bits however the rows came: those of each file are added in
/// their order, and then the files' sums in the files' order.
class FileWiseSum {
 public:
  void Add(double value, uint32_t file) {
    if (file != file_) {
      total_ += std::exchange(of_file_, 0);
      file_ = file;
    }
    of_file_ += value;
  }
  /// One NaN: which one an addition gives is the processor's choice.
  double value() const {
    const double sum = total_ + of_file_;
    return std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN() : sum;
  }

 private:
  double total_ = 0;
  double of_file_ = 0;
  uint32_t file_ = 0;
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
  static constexpr bool kIsFloat = std::is_same_v<Sum, FileWiseSum>;

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
    AddTo(&slots_[to].sum, Exact(slots_[from].sum));
    return Status::OK();
  }

  void StartFile() override { ++file_; }
  // Structs of a count and a sum: a double, or a decimal that holds all bits of a WideSum.
  Result<ArrayPtr> Export() override {
    const int64_t length = slots_.size();
    const auto never = [](int64_t) { return false; };
    const auto slot = [this](int64_t i) { return slots_[static_cast<size_t>(i)]; };
    ICEFRAME_ASSIGN_OR_RETURN(
        ArrayPtr counts,
        MakeValues<int64_t>(Type::Long(), length, memory_->pool(), never,
                            [&](int64_t i) -> Result<int64_t> { return slot(i).count; }));
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr sums, ExportSums());
    const arrow::FieldVector fields{arrow::field("count", counts->type(), false),
                                    arrow::field("sum", sums->type(), false)};
    ICEFRAME_ASSIGN_OR_RETURN(auto both, arrow::StructArray::Make({counts, sums}, fields));
    return both;
  }
  Status MergeExported(std::span<const uint32_t> groups, const ArrayPtr& exported) override {
    const auto& both = static_cast<const arrow::StructArray&>(*exported);
    const ArrayPtr counts = both.field(0);
    const ArrayPtr sums = both.field(1);
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      SumSlot<Sum>& slot = slots_[groups[i]];
      slot.count += static_cast<const arrow::Int64Array&>(*counts).Value(row);
      if constexpr (kIsFloat) {
        AddTo(&slot.sum, static_cast<const arrow::DoubleArray&>(*sums).Value(row));
      } else {
        const auto* value = static_cast<const arrow::Decimal256Array&>(*sums).GetValue(row);
        slot.sum.Add(WideSum::FromDecimal256(arrow::Decimal256(value)));
      }
    }
    return Status::OK();
  }

  Result<ArrayPtr> Finish() override {
    const auto is_null = [this](int64_t i) { return slots_[static_cast<size_t>(i)].count == 0; };
    const auto slot = [this](int64_t i) { return slots_[static_cast<size_t>(i)]; };
    if (is_avg_) {
      return Make<double>(is_null, [&](int64_t i) -> Result<double> { return Average(slot(i)); });
    }
    if constexpr (kIsFloat) {
      return Make<double>(is_null,
                          [&](int64_t i) -> Result<double> { return slot(i).sum.value(); });
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

  // The sum as what can be added to another.
  static auto Exact(const Sum& sum) {
    if constexpr (kIsFloat) {
      return sum.value();
    } else {
      return sum;
    }
  }

  template <typename Value>
  void AddTo(Sum* sum, const Value& value) {
    if constexpr (kIsFloat) {
      sum->Add(static_cast<double>(value), file_);
    } else {
      sum->Add(value);
    }
  }

  Result<ArrayPtr> ExportSums() {
    arrow::BufferBuilder values(memory_->pool());
    ICEFRAME_RETURN_NOT_OK(values.Reserve(slots_.size() * 32));
    for (int64_t i = 0; i < slots_.size(); ++i) {
      const Sum& sum = slots_[static_cast<size_t>(i)].sum;
      if constexpr (kIsFloat) {
        const double value = sum.value();
        values.UnsafeAppend(&value, sizeof(value));
      } else {
        const auto bytes = sum.ToDecimal256().ToBytes();
        values.UnsafeAppend(bytes.data(), static_cast<int64_t>(bytes.size()));
      }
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto buffer, values.Finish());
    const auto type = kIsFloat ? arrow::float64() : arrow::decimal256(76, 0);
    return arrow::MakeArray(arrow::ArrayData::Make(type, slots_.size(), {nullptr, buffer}, 0));
  }

  template <typename Value>
  Status Add(std::span<const uint32_t> groups, const arrow::Array& values, const Value* data) {
    const bool has_nulls = values.null_count() > 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      if (has_nulls && values.IsNull(static_cast<int64_t>(i))) continue;
      SumSlot<Sum>& slot = slots_[groups[i]];
      ++slot.count;
      if constexpr (kIsFloat || std::is_integral_v<Value>) {
        AddTo(&slot.sum, data[i]);
      }
    }
    return Status::OK();
  }

  Status AddDecimals(std::span<const uint32_t> groups, const arrow::Decimal128Array& values) {
    if constexpr (!kIsFloat) {
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
    if constexpr (kIsFloat) {
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
    if constexpr (kIsFloat) {
      return slot.sum.value() / static_cast<double>(slot.count);
    } else {
      return NearestQuotient(slot.sum, slot.count, call_.operands()[0].type().scale());
    }
  }

  Expression call_;
  bool is_avg_;
  std::shared_ptr<MemoryBudget> memory_;
  Slots<SumSlot<Sum>> slots_;
  uint32_t file_ = 0;
};

std::unique_ptr<AggregateState> MakeSumState(const Expression& call, bool is_avg,
                                             std::shared_ptr<MemoryBudget> memory) {
  const TypeId operand = call.operands()[0].type().id();
  if (operand == TypeId::kFloat || operand == TypeId::kDouble) {
    return std::make_unique<SumState<FileWiseSum>>(call, is_avg, std::move(memory));
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
      return internal::MakeDistinctState(std::move(memory));
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
