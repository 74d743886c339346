// SPDX-License-Identifier: Apache-2.0
// What one operation did, counted where it happens. What there is to count, each layer declares:
//
//   enum class PlanningCount : uint8_t { kFilesScanned, …, kNumCounts };
//   template <>
//   struct LayerCounters<PlanningCount> {
//     static constexpr int kBlock = 4;
//     static constexpr auto kDefinitions = std::to_array<CounterDefinition>({…});
//   };
//
// Its counts lie in a block of their own, known when compiling: counting is one atomic add. The
// front door joins the layers' lists (all_counters.h), which refuses blocks and names used twice.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace iceframe {

namespace internal {
class OperationState;
}  // namespace internal

/// A label of a metric; without a name: none.
struct CounterLabel {
  std::string_view name;
  std::string_view value;
};

/// One thing that operations count.
struct CounterDefinition {
  /// The name users see: "files_scanned".
  std::string_view name;
  /// The total of all operations, by Prometheus' rules: "iceframe_scan_files_total" …
  std::string_view metric;
  /// … and its labels; the same names for all of a metric.
  std::array<CounterLabel, 2> labels{};
};

/// Specialised for the enum of each layer that counts; see above.
template <typename Count>
struct LayerCounters;

template <typename Count>
concept LayerCount = std::is_enum_v<Count> && requires {
  LayerCounters<Count>::kBlock;
  LayerCounters<Count>::kDefinitions;
};

inline constexpr int kCountersPerBlock = 24;
inline constexpr int kNumCounterBlocks = 8;
inline constexpr size_t kMaxCounters = size_t{kCountersPerBlock} * kNumCounterBlocks;

/// A count of some layer.
class OperationCount {
 public:
  constexpr OperationCount() = default;
  // Implicit: a layer's count is one.
  template <LayerCount Count>
  constexpr OperationCount(Count count)
      : slot_(LayerCounters<Count>::kBlock * kCountersPerBlock + static_cast<int>(count)),
        definition_(&LayerCounters<Count>::kDefinitions[static_cast<size_t>(count)]) {
    using Layer = LayerCounters<Count>;
    static_assert(Layer::kDefinitions.size() == static_cast<size_t>(Count::kNumCounts),
                  "a count has no definition, or a definition no count");
    static_assert(Layer::kDefinitions.size() <= kCountersPerBlock, "the layer's block is full");
    static_assert(Layer::kBlock >= 0 && Layer::kBlock < kNumCounterBlocks, "no such block");
  }

  constexpr size_t slot() const { return static_cast<size_t>(slot_); }
  constexpr const CounterDefinition& definition() const { return *definition_; }
  constexpr std::string_view name() const { return definition_->name; }

 private:
  int slot_ = 0;
  const CounterDefinition* definition_ = nullptr;
};

/// The counts at one moment, or what was counted between two.
class CounterValues {
 public:
  int64_t Get(OperationCount count) const { return values_[count.slot()]; }
  CounterValues operator-(const CounterValues& before) const;

 private:
  friend class OperationCounters;
  std::array<int64_t, kMaxCounters> values_{};
};

/// Lock-free. What is counted for an operation is told when it ends: see running_operation.h.
class OperationCounters {
 public:
  void Add(OperationCount count, int64_t by = 1) {
    values_[count.slot()].fetch_add(by, std::memory_order_relaxed);
  }
  void Add(const CounterValues& values);
  int64_t Get(OperationCount count) const {
    return values_[count.slot()].load(std::memory_order_relaxed);
  }
  CounterValues Values() const;

 private:
  friend class RunningOperation;
  friend class internal::OperationState;
  std::array<std::atomic<int64_t>, kMaxCounters> values_{};
  // Whether an operation that has not ended counts here.
  std::atomic<bool> is_taken_{false};
};

namespace internal {

template <LayerCount Count, size_t kSize>
constexpr void AppendCounters(std::array<OperationCount, kSize>* joined, size_t* size) {
  for (size_t i = 0; i < LayerCounters<Count>::kDefinitions.size(); ++i) {
    (*joined)[(*size)++] = static_cast<Count>(i);
  }
}

}  // namespace internal

/// The counts of several layers as one list. Does not compile where two have one slot or name.
template <LayerCount... Counts>
consteval auto JoinCounters() {
  std::array<OperationCount, (LayerCounters<Counts>::kDefinitions.size() + ...)> joined;
  size_t size = 0;
  (internal::AppendCounters<Counts>(&joined, &size), ...);
  for (size_t i = 0; i < joined.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (joined[i].slot() == joined[j].slot()) throw "two layers have the same block";
      if (joined[i].name() == joined[j].name()) throw "two counts have the same name";
    }
  }
  return joined;
}

}  // namespace iceframe
