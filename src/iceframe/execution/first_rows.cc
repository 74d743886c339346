// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/first_rows.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "iceframe/execution/file_bounds_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/skipping/column_bounds.h"
#include "iceframe/skipping/evaluators.h"

namespace iceframe {

namespace {

Expression Predicate(ExpressionNode node) {
  return Expression(std::move(node), Type::Boolean(), /*is_bound=*/true);
}

// Prunes the tasks read so far at this many, then whenever they have doubled: memory is bounded by
// the tasks that survive.
constexpr size_t kFirstPrune = 4096;

class FirstRowsTasks {
 public:
  FirstRowsTasks(TaskSource tasks, FirstRows first)
      : source_(std::move(tasks)), first_(std::move(first)) {}

  Result<std::optional<ScanTask>> Next(const OperationContext& context) {
    if (source_) ICEFRAME_RETURN_NOT_OK(ReadAll(context));
    if (next_ == held_.size()) return std::nullopt;
    ScanTask task = std::move(held_[next_++].task);
    if (predicate_) {
      task.residual = SimplifyFilter(Predicate(AndNode{{task.residual, *predicate_}}));
    }
    return task;
  }

 private:
  struct HeldTask {
    ScanTask task;
    ColumnBounds bounds;
  };
  /// Rows that certainly sort at or before a value.
  struct Reach {
    Value value;
    int64_t num_rows = 0;
  };

  Status ReadAll(const OperationContext& context) {
    size_t next_prune = kFirstPrune;
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(std::optional<ScanTask> task, source_(context));
      if (!task) break;
      Hold(*std::move(task));
      if (held_.size() < next_prune) continue;
      Prune(context);
      next_prune = std::max(kFirstPrune, 2 * held_.size());
    }
    Prune(context);
    source_ = nullptr;
    return Status::OK();
  }

  void Hold(ScanTask task) {
    const FieldId id = first_.key.as<ColumnNode>()->field_id;
    ColumnBounds bounds = BoundsOfFile(task.data_file, id, first_.key.type());
    if (auto reach = ReachOf(task, bounds)) reaches_.push_back(*std::move(reach));
    DropStatistics(&task.data_file);
    held_.push_back({std::move(task), std::move(bounds)});
  }

  void Prune(const OperationContext& context) {
    const std::optional<Value> last = LastValue();
    if (!last) return;
    predicate_ = UpTo(*last);
    std::erase_if(held_, [&](const HeldTask& held) {
      const auto bounds = [&](FieldId, const Type&) { return std::optional(held.bounds); };
      if (MayMatch(*predicate_, bounds)) return false;
      CountSkipped(context, held.task);
      return true;
    });
  }

  /// Returns the rows of the file that count; nullopt if none is certain.
  std::optional<Reach> ReachOf(const ScanTask& task, const ColumnBounds& bounds) const {
    if (!task.residual.is_true() || !task.delete_files.empty()) return std::nullopt;
    const std::optional<Value>& farthest = first_.descending ? bounds.lower : bounds.upper;
    if (!farthest || !bounds.null_count) return std::nullopt;
    int64_t num_rows = task.data_file.record_count - *bounds.null_count;
    const TypeId type = first_.key.type().id();
    if (!first_.descending && (type == TypeId::kFloat || type == TypeId::kDouble)) {
      // NaN sorts after every number.
      if (!bounds.nan_count) return std::nullopt;
      num_rows -= *bounds.nan_count;
    }
    return Reach{*farthest, std::max<int64_t>(num_rows, 0)};
  }

  /// Returns the first value up to which there are enough rows; nullopt if none is known.
  std::optional<Value> LastValue() {
    std::ranges::sort(reaches_, [&](const Reach& left, const Reach& right) {
      const int order = CompareValues(first_.key.type(), left.value, right.value);
      return first_.descending ? order > 0 : order < 0;
    });
    int64_t num_rows = 0;
    for (size_t i = 0; i < reaches_.size(); ++i) {
      num_rows += reaches_[i].num_rows;
      if (num_rows < first_.count) continue;
      reaches_.resize(i + 1);
      return reaches_[i].value;
    }
    return std::nullopt;
  }

  Expression UpTo(const Value& last) const {
    const Expression literal(LiteralNode{last}, first_.key.type(), /*is_bound=*/true);
    const auto op = first_.descending ? ComparisonOp::kGreaterEqual : ComparisonOp::kLessEqual;
    Expression up_to = Predicate(ComparisonNode{op, {first_.key, literal}});
    if (first_.nulls_last) return SimplifyFilter(up_to);
    return SimplifyFilter(
        Predicate(OrNode{{std::move(up_to), Predicate(IsNullNode{{first_.key}})}}));
  }

  /// Moves the file from planned, as planning counted it, to skipped.
  static void CountSkipped(const OperationContext& context, const ScanTask& task) {
    context.counters->Add(PlanningCount::kFilesPlanned, -1);
    context.counters->Add(PlanningCount::kFilesSkippedByFirstRows);
    context.counters->Add(PlanningCount::kFileBytesSkippedByFirstRows,
                          task.data_file.file_size_in_bytes);
  }

  /// Empty once it was read to its end.
  TaskSource source_;
  const FirstRows first_;
  std::vector<HeldTask> held_;
  std::vector<Reach> reaches_;
  /// True for each of the first rows; nullopt while no bound is known.
  std::optional<Expression> predicate_;
  size_t next_ = 0;
};

}  // namespace

TaskSource TasksOfFirstRows(TaskSource tasks, FirstRows first) {
  auto chosen = std::make_shared<FirstRowsTasks>(std::move(tasks), std::move(first));
  return [chosen](const OperationContext& context) { return chosen->Next(context); };
}

}  // namespace iceframe
