// SPDX-License-Identifier: Apache-2.0
// A filter over all entries of a decoded manifest, column by column.
#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "iceframe/skipping/doubtful_partitions_internal.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/statistics_kernels_internal.h"
#include "iceframe/skipping/value_range_internal.h"

namespace iceframe {
namespace {

using internal::ColumnPredicate;
using internal::FlatOperands;
using internal::Selection;
using internal::ValueRange;

/// Finds a column's statistics over the manifest's entries; nullptr: none.
class StatisticsSource {
 public:
  virtual ~StatisticsSource() = default;
  virtual const ColumnStatistics* Find(FieldId field_id, const Type& type) = 0;
};

/// Evaluates a tree on whole columns: one Selection per node, combined byte by byte.
class SelectionEvaluator {
 public:
  SelectionEvaluator(StatisticsSource* source, size_t num_entries)
      : source_(source), num_entries_(num_entries) {}

  Selection Evaluate(const Expression& expression, int depth = 0) {
    if (depth > internal::kMaxDepth) return Selection(num_entries_, 1);
    if (expression.as<AndNode>() != nullptr) return EvaluateAnd(expression, depth);
    if (expression.as<OrNode>() != nullptr) return EvaluateOr(expression, depth);
    if (const auto constant = internal::AsConstant(expression)) {
      return Selection(num_entries_, *constant ? 1 : 0);
    }
    if (const auto predicate = internal::AsColumnPredicate(expression)) {
      const ColumnStatistics* statistics =
          source_->Find(predicate->column->field_id, predicate->type);
      if (statistics == nullptr) return Selection(num_entries_, 1);
      Selection result(num_entries_, 1);
      if (internal::EvaluateOnStatistics(*predicate, *statistics, &result)) return result;
    }
    return EvaluateByEntry(expression);
  }

 private:
  static bool IsAll(const Selection& selection, uint8_t value) {
    return selection.empty() ||
           std::memchr(selection.data(), 1 - value, selection.size()) == nullptr;
  }

  Selection EvaluateAnd(const Expression& expression, int depth) {
    Selection result(num_entries_, 1);
    for (const Expression* operand : FlatOperands<AndNode>(expression)) {
      const Selection next = Evaluate(*operand, depth + 1);
      for (size_t i = 0; i < num_entries_; ++i) result[i] &= next[i];
      if (IsAll(result, 0)) break;
    }
    return result;
  }

  Selection EvaluateOr(const Expression& expression, int depth) {
    Selection result(num_entries_, 0);
    for (const Expression* operand : FlatOperands<OrNode>(expression)) {
      const Selection next = Evaluate(*operand, depth + 1);
      for (size_t i = 0; i < num_entries_; ++i) result[i] |= next[i];
      if (IsAll(result, 1)) break;
    }
    return result;
  }

  Selection EvaluateByEntry(const Expression& expression) {
    Selection result(num_entries_);
    for (size_t i = 0; i < num_entries_; ++i) {
      const auto truth = internal::EvaluateTree(expression, [&](const ColumnPredicate& predicate) {
        const auto* statistics = source_->Find(predicate.column->field_id, predicate.type);
        return statistics == nullptr ? ValueRange::Unknown(predicate.type)
                                     : internal::RangeOfEntry(predicate.type, *statistics, i);
      });
      result[i] = (truth & internal::kTrue) != 0 ? 1 : 0;
    }
    return result;
  }

  StatisticsSource* source_;
  size_t num_entries_;
};

class FileStatistics : public StatisticsSource {
 public:
  explicit FileStatistics(const ColumnarManifest& manifest) : manifest_(manifest) {}

  const ColumnStatistics* Find(FieldId field_id, const Type& type) override {
    auto& found = columns_[field_id];
    if (!found) found = manifest_.Statistics(field_id, type);
    return found.get();
  }

 private:
  const ColumnarManifest& manifest_;
  std::map<FieldId, std::shared_ptr<const ColumnStatistics>> columns_;
};

class PartitionSource : public StatisticsSource {
 public:
  PartitionSource(const ColumnarManifest& manifest, const Type& partition_type)
      : manifest_(manifest), partition_type_(partition_type) {}

  const ColumnStatistics* Find(FieldId field_id, const Type& type) override {
    const auto& fields = partition_type_.fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].id == field_id && IsHeldAlike(fields[i].type, type)) return OfField(i);
    }
    return nullptr;
  }

  /// Makes doubtful values of the field unknown and adds them to `decisions`.
  void Doubt(const PartitionEvidence::Field& field, const ColumnStatistics* source,
             size_t num_entries, EntryDecisions* decisions) {
    const auto& fields = partition_type_.fields();
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const NestedField& one) { return one.id == field.id; });
    if (found == fields.end()) return;
    if (source != nullptr && !internal::IsComplete(*source, num_entries)) source = nullptr;
    const auto position = static_cast<size_t>(found - fields.begin());
    const ColumnStatistics* partition = OfField(position);
    if (partition == nullptr || !internal::IsComplete(*partition, num_entries)) return;
    const Selection doubtful = internal::DoubtfulEntries(field, *partition, found->type, source);
    if (std::find(doubtful.begin(), doubtful.end(), 1) == doubtful.end()) return;
    columns_[position] =
        std::make_shared<const ColumnStatistics>(internal::WithoutDoubtful(*partition, doubtful));
    Selection& all = decisions->is_partition_doubtful;
    all.resize(num_entries, 0);
    for (size_t i = 0; i < num_entries; ++i) all[i] |= doubtful[i];
  }

 private:
  const ColumnStatistics* OfField(size_t position) {
    auto& found = columns_[position];
    if (!found) found = manifest_.PartitionStatistics(static_cast<int>(position));
    return found.get();
  }

  /// Whether values of two types mean the same once widened; a date and a timestamp don't.
  static bool IsHeldAlike(const Type& a, const Type& b) {
    const auto is_whole = [](const Type& type) {
      return type.id() == TypeId::kInt || type.id() == TypeId::kLong;
    };
    return a.id() == b.id() || (is_whole(a) && is_whole(b)) ||
           (internal::IsFloating(a) && internal::IsFloating(b));
  }

  const ColumnarManifest& manifest_;
  const Type& partition_type_;
  std::map<size_t, std::shared_ptr<const ColumnStatistics>> columns_;
};

/// The ids of all columns that the expression speaks of.
std::set<FieldId> ColumnsOf(const Expression& expression) {
  std::set<FieldId> ids;
  std::vector<const Expression*> pending = {&expression};
  while (!pending.empty()) {
    const Expression* next = pending.back();
    pending.pop_back();
    if (const auto* column = next->as<ColumnNode>()) ids.insert(column->field_id);
    for (const Expression& operand : next->operands()) pending.push_back(&operand);
  }
  return ids;
}

}  // namespace

EntryDecisions EvaluateManifest(const ColumnarManifest& manifest, const Type& partition_type,
                                const Expression& partition_filter, const Expression& filter,
                                const PartitionEvidence& evidence) {
  const auto count = static_cast<size_t>(std::max<int64_t>(manifest.num_entries(), 0));
  EntryDecisions decisions;
  std::vector<SkipReason>& reasons = decisions.reasons;
  reasons.assign(count, SkipReason::kNone);
  const auto skip = [&](const Selection& may_match, SkipReason reason) {
    for (size_t i = 0; i < count; ++i) {
      if (may_match[i] == 0 && reasons[i] == SkipReason::kNone) reasons[i] = reason;
    }
  };
  const auto is_any_left = [&] {
    return std::find(reasons.begin(), reasons.end(), SkipReason::kNone) != reasons.end();
  };
  for (size_t i = 0; i < count; ++i) {
    if (!manifest.is_live(static_cast<int64_t>(i))) reasons[i] = SkipReason::kDeleted;
  }
  const bool has_filter = internal::AsConstant(filter) != true;
  const bool has_partition_filter = internal::AsConstant(partition_filter) != true;
  if (!is_any_left() || !(has_filter || has_partition_filter)) return decisions;
  FileStatistics files(manifest);
  PartitionSource partitions(manifest, partition_type);
  const std::set<FieldId> columns = ColumnsOf(filter);
  for (const PartitionEvidence::Field& field : evidence.fields()) {
    if (columns.count(field.source_id) == 0) continue;
    partitions.Doubt(field, files.Find(field.source_id, field.source_type), count, &decisions);
  }
  if (has_partition_filter) {
    skip(SelectionEvaluator(&partitions, count).Evaluate(partition_filter), SkipReason::kPartition);
  }
  if (!has_filter || !is_any_left()) return decisions;
  Selection may_match = SelectionEvaluator(&files, count).Evaluate(filter);
  for (size_t i = 0; i < count; ++i) {
    if (manifest.record_count(static_cast<int64_t>(i)) == 0) may_match[i] = 0;
  }
  skip(may_match, SkipReason::kBounds);
  return decisions;
}

}  // namespace iceframe
