// SPDX-License-Identifier: Apache-2.0
// min and max: the best value so far per group.
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/buffer_builder.h>
#include <arrow/extension_type.h>
#include <arrow/util/decimal.h>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/group_values_internal.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe::internal {

namespace {

template <typename Value>
bool IsLess(const Value& left, const Value& right) {
  if constexpr (std::is_floating_point_v<Value>) {
    if (std::isnan(left)) return false;
    if (std::isnan(right)) return true;
    // Equal numbers, but not bits: which one is the result must not depend on which came first.
    if (left == right) return std::signbit(left) && !std::signbit(right);
  }
  return left < right;
}

// How values of one Arrow layout are read; text is copied, so that batches may go.
template <typename C>
struct FixedWidth {
  using Value = C;
  static Value At(const arrow::Array& values, int64_t i) {
    return values.data()->GetValues<C>(1)[i];
  }
};
struct Bits {
  using Value = bool;
  static Value At(const arrow::Array& values, int64_t i) {
    return static_cast<const arrow::BooleanArray&>(values).Value(i);
  }
};
struct Decimals {
  using Value = arrow::Decimal128;
  static Value At(const arrow::Array& values, int64_t i) {
    return Value(static_cast<const arrow::Decimal128Array&>(values).GetValue(i));
  }
};
struct Bytes {
  using Value = std::string;
  static std::string_view At(const arrow::Array& values, int64_t i) {
    if (values.type_id() == arrow::Type::FIXED_SIZE_BINARY) {
      return static_cast<const arrow::FixedSizeBinaryArray&>(values).GetView(i);
    }
    return static_cast<const arrow::BinaryArray&>(values).GetView(i);
  }
};

template <typename Layout>
class ExtremeState final : public AggregateState {
 public:
  using Value = typename Layout::Value;

  ExtremeState(Expression call, bool is_max, std::shared_ptr<MemoryBudget> memory,
               int64_t max_bytes)
      : call_(std::move(call)),
        is_max_(is_max),
        memory_(std::move(memory)),
        max_bytes_(max_bytes) {}

  Status Resize(int64_t num_groups) override {
    const auto size = static_cast<size_t>(num_groups);
    if (size <= best_.size()) return Status::OK();
    if (size > best_.capacity()) {
      const size_t capacity = std::max(size, best_.capacity() * 2);
      slot_bytes_ = static_cast<int64_t>(capacity * sizeof(best_[0]));
      ICEFRAME_RETURN_NOT_OK(Reserve());
      best_.reserve(capacity);
    }
    best_.resize(size);
    return Status::OK();
  }

  Status Consume(std::span<const uint32_t> groups, const ArrayPtr& values) override {
    const bool has_nulls = values->null_count() > 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      if (!has_nulls || values->IsValid(row)) Offer(Layout::At(*values, row), groups[i]);
    }
    return Reserve();
  }

  Status Merge(uint32_t from, uint32_t to) override {
    if (const auto& best = best_[from]; best.has_value()) Offer(*best, to);
    return Status::OK();
  }

  // The best of some rows is as good as the rows.
  Result<ArrayPtr> Export() override { return Finish(); }
  Status MergeExported(std::span<const uint32_t> groups, const ArrayPtr& exported) override {
    return Consume(groups, StorageForm(exported));
  }

  Result<ArrayPtr> Finish() override {
    if constexpr (!std::is_same_v<Value, std::string> && !std::is_same_v<Value, bool>) {
      const auto best = [this](int64_t i) -> const std::optional<Value>& {
        return best_[static_cast<size_t>(i)];
      };
      return MakeValues<Value>(
          call_.type(), static_cast<int64_t>(best_.size()), memory_->pool(),
          [&](int64_t i) { return !best(i).has_value(); },
          [&](int64_t i) -> Result<Value> { return best(i).value_or(Value{}); });
    } else {
      return BuildValues();
    }
  }

 private:
  Result<ArrayPtr> BuildValues() {
    ICEFRAME_ASSIGN_OR_RETURN(auto type, ToArrowType(call_.type()));
    if (type->id() == arrow::Type::EXTENSION) {
      type = static_cast<const arrow::ExtensionType&>(*type).storage_type();
    }
    if (text_bytes_ > max_bytes_) type = WideType(type);
    ICEFRAME_ASSIGN_OR_RETURN(auto builder, arrow::MakeBuilder(type, memory_->pool()));
    for (const auto& value : best_) {
      ICEFRAME_RETURN_NOT_OK(value ? Append(*value, builder.get()) : builder->AppendNull());
    }
    return builder->Finish();
  }

  static std::shared_ptr<arrow::DataType> WideType(const std::shared_ptr<arrow::DataType>& type) {
    if (type->id() == arrow::Type::STRING) return arrow::large_utf8();
    return type->id() == arrow::Type::BINARY ? arrow::large_binary() : type;
  }

  template <typename Candidate>
  void Offer(const Candidate& candidate, uint32_t group) {
    std::optional<Value>& best = best_[group];
    if constexpr (std::is_same_v<Value, std::string>) {
      const std::string_view view(candidate);
      if (best && !(is_max_ ? *best < view : view < *best)) return;
      if (best) text_bytes_ -= static_cast<int64_t>(best->size());
      text_bytes_ += static_cast<int64_t>(view.size());
      best = std::string(view);
    } else {
      if (!best || (is_max_ ? IsLess(*best, candidate) : IsLess(candidate, *best))) {
        best = candidate;
      }
    }
  }

  Status Reserve() {
    const int64_t wanted = slot_bytes_ + text_bytes_;
    if (reservation_.num_bytes() >= wanted) return Status::OK();
    if (reservation_.num_bytes() > 0) return reservation_.Resize(wanted);
    ICEFRAME_ASSIGN_OR_RETURN(reservation_, MemoryReservation::Make(memory_, wanted));
    return Status::OK();
  }

  static Status Append(const Value& value, arrow::ArrayBuilder* builder) {
    if constexpr (std::is_same_v<Value, bool>) {
      return static_cast<arrow::BooleanBuilder*>(builder)->Append(value);
    } else {
      switch (builder->type()->id()) {
        case arrow::Type::LARGE_STRING:
        case arrow::Type::LARGE_BINARY:
          return static_cast<arrow::LargeBinaryBuilder*>(builder)->Append(value);
        case arrow::Type::FIXED_SIZE_BINARY:
          return static_cast<arrow::FixedSizeBinaryBuilder*>(builder)->Append(value);
        default:
          return static_cast<arrow::BinaryBuilder*>(builder)->Append(value);
      }
    }
  }

  Expression call_;
  bool is_max_;
  std::shared_ptr<MemoryBudget> memory_;
  int64_t max_bytes_;
  std::vector<std::optional<Value>> best_;
  int64_t slot_bytes_ = 0;
  int64_t text_bytes_ = 0;
  MemoryReservation reservation_;
};

}  // namespace

Result<std::unique_ptr<AggregateState>> MakeExtremeState(const Expression& call, bool is_max,
                                                         std::shared_ptr<MemoryBudget> memory,
                                                         int64_t max_bytes) {
  const auto make = [&]<typename Layout>(Layout) -> std::unique_ptr<AggregateState> {
    return std::make_unique<ExtremeState<Layout>>(call, is_max, std::move(memory), max_bytes);
  };
  switch (call.type().id()) {
    case TypeId::kBoolean:
      return make(Bits{});
    case TypeId::kInt:
    case TypeId::kDate:
      return make(FixedWidth<int32_t>{});
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return make(FixedWidth<int64_t>{});
    case TypeId::kFloat:
      return make(FixedWidth<float>{});
    case TypeId::kDouble:
      return make(FixedWidth<double>{});
    case TypeId::kDecimal:
      return make(Decimals{});
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kFixed:
    case TypeId::kUuid:
      return make(Bytes{});
    default:
      return Error(ErrorKind::kUnsupported, call.ToString(), " of type ", call.type().ToString());
  }
}

}  // namespace iceframe::internal
