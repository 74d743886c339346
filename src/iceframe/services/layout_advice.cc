// SPDX-License-Identifier: Apache-2.0
// Advice on where rows lie: partitions, sorting, Bloom filters.
#include <algorithm>
#include <cmath>
#include <utility>

#include "iceframe/execution/explanation.h"
#include "iceframe/services/advised_table_internal.h"

namespace iceframe::internal {

namespace {

// One way to lay the table out.
struct LayoutOption {
  const ColumnSpread* spread = nullptr;
  /// nullopt: sorted.
  std::optional<Transform> transform = std::nullopt;
  LayoutCost subject_after = {};
  /// Bytes of all reads that are known.
  double all_after = 0;
};

// How large files are to be: as the table's properties say, or as they are if they are smaller, in
// whole mebibytes. So an estimate for a table that is still small tells what order does for it.
int64_t TargetMebibytes(const AdvisedTable& table) {
  const int64_t num_files = std::max<int64_t>(1, std::ssize(table.layout.files()));
  const int64_t target =
      std::min(table.properties.target_file_size_bytes, table.layout.num_bytes() / num_files);
  return std::max<int64_t>(1, (target + kMebibyte / 2) / kMebibyte);
}

class LayoutAdvisor {
 public:
  LayoutAdvisor(const AdvisedTable& table, std::vector<Suggestion>* suggestions)
      : table_(table),
        suggestions_(suggestions),
        target_mebibytes_(TargetMebibytes(table)),
        target_(target_mebibytes_ * kMebibyte),
        // The query's own filter, or the one that is asked most often.
        subject_(table.reads.empty() ? nullptr : &table.reads.front()) {}

  void Run() {
    now_ = CostNow(table_.layout, subject_ != nullptr ? *subject_ : table_.read);
    FindSpreads();
    if (AdviseSkew() || subject_ == nullptr || now_.files < 2) return;
    const std::optional<FieldId> laid_out = AdviseOrder();
    AdviseBloomFilters(laid_out);
  }

 private:
  std::string TargetText() const {
    return "target_file_size_mb=" + std::to_string(target_mebibytes_);
  }
  std::string RewriteAllCall() const {
    return "ice.compact_data_files(" + Quoted(table_.name()) + ", " + TargetText() +
           ", all_files=True)";
  }

  // The columns that filters are about.
  void FindSpreads() {
    std::set<FieldId> ids;
    for (const LayoutRead& read : table_.reads) ids.merge(ReferencedFieldIds(read.filter));
    for (const NestedField& field : table_.schema().fields()) {
      if (!ids.contains(field.id)) continue;
      if (auto spread = ColumnSpread::Of(table_.layout, field)) spreads_.push_back(*spread);
    }
  }

  bool IsPartitioned() const { return !table_.metadata().default_spec()->is_unpartitioned(); }

  bool IsPartitionedBy(FieldId column) const {
    return std::ranges::any_of(
        table_.metadata().default_spec()->fields, [&](const PartitionField& field) {
          return field.transform.kind() != TransformKind::kVoid && field.source_id() == column;
        });
  }

  // Whether the table asks for another order, which the log does not speak against.
  bool IsSortedOtherwise(FieldId column) const {
    const SortOrder* order = table_.metadata().default_sort_order();
    if (order == nullptr || order->is_unsorted() || order->fields[0].source_id() == column) {
      return false;
    }
    int64_t asked = 0;
    int64_t all = 0;
    for (const LayoutRead& read : table_.reads) {
      all += read.weight;
      if (ReferencedFieldIds(read.filter).contains(column)) asked += read.weight;
    }
    return all < 3 || asked * 2 < all;
  }

  // -- partitions of very different size ---------------------------------------------------------

  // The position of a partition that holds more than half of the table and is worth dividing.
  std::optional<size_t> SkewedPartition() const {
    const auto& partitions = table_.layout.partitions();
    if (!IsPartitioned() || partitions.size() < 3) return std::nullopt;
    const auto largest = std::ranges::max_element(
        partitions, {}, [](const TableLayout::Partition& partition) { return partition.num_rows; });
    constexpr int64_t kLeastRows = 10'000;
    const int64_t mean_of_others = (table_.layout.num_rows() - largest->num_rows) /
                                   static_cast<int64_t>(partitions.size() - 1);
    const bool is_skewed =
        largest->num_rows * 2 > table_.layout.num_rows() && largest->num_rows > 4 * mean_of_others;
    const auto position = static_cast<size_t>(largest - partitions.begin());
    if (!is_skewed || largest->num_rows < kLeastRows || !IsRead(position)) return std::nullopt;
    return position;
  }

  // Whether the query reads files of a partition.
  bool IsRead(size_t partition) const {
    const LayoutRead& read = subject_ != nullptr ? *subject_ : table_.read;
    for (size_t i = 0; i < table_.layout.files().size(); ++i) {
      if (read.kept[i] != 0 && table_.layout.files()[i].partition == partition) return true;
    }
    return false;
  }

  bool AdviseSkew() {
    const auto position = SkewedPartition();
    if (!position) return false;
    const TableLayout::Partition& largest = table_.layout.partitions()[*position];
    Suggestion suggestion;
    suggestion.kind = SuggestionKind::kSkewedPartitions;
    const PartitionSpec& spec = *table_.metadata().FindPartitionSpec(largest.spec_id);
    const std::string path = PartitionPath(spec, table_.schema(), largest.values);
    const int64_t percent = largest.num_rows * 100 / std::max<int64_t>(table_.layout.num_rows(), 1);
    suggestion.evidence.Add("partition", Json::String(path));
    suggestion.evidence.Add("partition_bytes", Json::Int(largest.num_bytes));
    suggestion.evidence.Add("table_bytes", Json::Int(table_.layout.num_bytes()));
    suggestion.evidence.Add("partitions",
                            Json::Int(static_cast<int64_t>(table_.layout.partitions().size())));
    suggestion.text = "partition " + path + " of " + table_.name() + " has " +
                      std::to_string(percent) + " % of the rows";
    suggestion.evidence.Add("partition_rows", Json::Int(largest.num_rows));
    suggestion.evidence.Add("table_rows", Json::Int(table_.layout.num_rows()));
    const bool is_divided = DivideByBuckets(largest, &suggestion);
    if (!is_divided) {
      suggestion.text +=
          "; partition by one more column, or through a finer transform, to divide it";
    }
    suggestions_->push_back(std::move(suggestion));
    return is_divided;
  }

  // Divides it by a column of which single values are asked for.
  bool DivideByBuckets(const TableLayout::Partition& largest, Suggestion* suggestion) const {
    if (subject_ == nullptr || largest.num_bytes < 2 * target_) return false;
    for (const ColumnSpread& spread : spreads_) {
      const NestedField& column = spread.column();
      const auto asked = NumValuesAsked(subject_->filter, column.id);
      if (!asked || IsPartitionedBy(column.id)) continue;
      const double wanted = static_cast<double>(largest.num_bytes) / static_cast<double>(target_);
      if (spread.num_distinct() < wanted * 2) continue;
      const auto num_buckets =
          static_cast<int64_t>(std::clamp(std::pow(2.0, std::ceil(std::log2(wanted))), 2.0, 256.0));
      const LayoutCost after = CostInBuckets(num_buckets, *asked);
      if (after.bytes * 2 > now_.bytes) continue;
      suggestion->columns = {column.name};
      suggestion->estimate = table_.Estimate(now_, after);
      const std::string transform = "bucket[" + std::to_string(num_buckets) + "]";
      suggestion->text += "; partition by " + transform + " of " + column.name +
                          " too: " + EstimateText(*suggestion->estimate);
      suggestion->call = "ice.partition_by(" + Quoted(table_.name()) + ").add_partition_field(" +
                         Quoted(column.name) + ", " + Quoted(transform) + ")\n" + RewriteAllCall();
      return true;
    }
    return false;
  }

  LayoutCost CostInBuckets(int64_t num_buckets, int64_t num_asked) const {
    const auto buckets = static_cast<double>(num_buckets);
    const double kept = std::min(buckets, static_cast<double>(num_asked));
    std::vector<uint8_t> is_asked(table_.layout.partitions().size(), 0);
    for (size_t i = 0; i < table_.layout.files().size(); ++i) {
      if (subject_->kept[i] != 0) is_asked[table_.layout.files()[i].partition] = 1;
    }
    LayoutCost cost;
    for (size_t i = 0; i < is_asked.size(); ++i) {
      if (is_asked[i] == 0) continue;
      const double bytes = static_cast<double>(table_.layout.partitions()[i].num_bytes) / buckets;
      cost.files += kept * static_cast<double>(NumFilesOf(bytes, target_));
      cost.bytes += kept * bytes;
    }
    return cost;
  }

  // -- sorting and partitioning ------------------------------------------------------------------

  std::optional<LayoutOption> OptionOf(const ColumnSpread& spread,
                                       const std::optional<Transform>& transform) const {
    LayoutOption option{.spread = &spread, .transform = transform};
    for (const LayoutRead& read : table_.reads) {
      LayoutCost after;
      if (transform) {
        const auto cost = CostPartitioned(table_.layout, spread, *transform, read, target_);
        if (!cost) return std::nullopt;
        after = *cost;
      } else {
        after = CostSorted(table_.layout, spread, read, target_);
      }
      if (&read == subject_) option.subject_after = after;
      option.all_after += after.bytes * static_cast<double>(read.weight);
    }
    return option;
  }

  // Half of the bytes at least, and a file of a good size.
  bool IsWorthwhile(const LayoutOption& option, double all_now) const {
    const LayoutCost& after = option.subject_after;
    // What is smaller than a file of a good size is saved by many files alone.
    constexpr double kManyFiles = 4;
    const bool is_much = now_.bytes - after.bytes >= static_cast<double>(target_) ||
                         now_.files - after.files >= kManyFiles;
    return after.bytes * 2 <= now_.bytes && after.files < now_.files && is_much &&
           option.all_after < all_now;
  }

  std::vector<LayoutOption> Options() const {
    std::vector<LayoutOption> options;
    const auto add = [&](std::optional<LayoutOption> option) {
      if (option) options.push_back(*std::move(option));
    };
    for (const ColumnSpread& spread : spreads_) {
      const FieldId column = spread.column().id;
      if (IsPartitionedBy(column)) continue;
      if (!IsSortedOtherwise(column)) add(OptionOf(spread, std::nullopt));
      if (IsPartitioned()) continue;
      for (const Transform& transform : PartitionTransforms(spread.column().type)) {
        add(OptionOf(spread, transform));
      }
    }
    return options;
  }

  // Returns the column of the best way, if any is worth while.
  std::optional<FieldId> AdviseOrder() {
    double all_now = 0;
    for (const LayoutRead& read : table_.reads) {
      all_now += CostNow(table_.layout, read).bytes * static_cast<double>(read.weight);
    }
    // Partitions last: they order what is appended later, too, and so may cost a little more.
    constexpr double kPartitionsWorth = 0.75;
    const auto rank = [](const LayoutOption& option) {
      return option.all_after * (option.transform ? kPartitionsWorth : 1.0);
    };
    std::optional<LayoutOption> best;
    for (const LayoutOption& option : Options()) {
      if (!IsWorthwhile(option, all_now)) continue;
      if (!best || rank(option) < rank(*best)) best = option;
    }
    if (!best) return std::nullopt;
    suggestions_->push_back(Describe(*best));
    return best->spread->column().id;
  }

  Suggestion Describe(const LayoutOption& option) const {
    const std::string& column = option.spread->column().name;
    Suggestion suggestion;
    suggestion.columns = {column};
    suggestion.estimate = table_.Estimate(now_, option.subject_after);
    AddEvidence(*option.spread, &suggestion);
    const std::string saved = EstimateText(*suggestion.estimate);
    if (option.transform) {
      const std::string transform = option.transform->ToString();
      suggestion.kind = SuggestionKind::kPartition;
      suggestion.evidence.Add("transform", Json::String(transform));
      const std::string by = transform == "identity" ? column : transform + "(" + column + ")";
      suggestion.text =
          "partition " + table_.name() + " by " + by + ": the filter would read " + saved;
      suggestion.call = "ice.partition_by(" + Quoted(table_.name()) + ").add_partition_field(" +
                        Quoted(column) + ", " + Quoted(transform) + ")\n" + RewriteAllCall();
      return suggestion;
    }
    suggestion.kind = SuggestionKind::kSort;
    suggestion.text =
        "sort " + table_.name() + " by " + column + ": the filter would read " + saved;
    suggestion.call =
        "from iceframe.compaction import CompactionManager\n"
        "CompactionManager(ice.get_table(" +
        Quoted(table_.name()) + ")).sort([" + Quoted(column) + "], " + TargetText() + ")";
    return suggestion;
  }

  void AddEvidence(const ColumnSpread& spread, Suggestion* suggestion) const {
    Json& evidence = suggestion->evidence;
    evidence.Add("filter", Json::String(subject_->filter.ToString()));
    evidence.Add("files", Json::Int(static_cast<int64_t>(table_.layout.files().size())));
    evidence.Add("files_kept", Json::Int(std::llround(now_.files)));
    evidence.Add("distinct_values", Json::Int(std::llround(spread.num_distinct())));
    evidence.Add("target_file_size_bytes", Json::Int(target_));
    int64_t num_reads = 0;
    for (const LoggedRead& read : table_.logged) {
      if (ReferencedFieldIds(read.filter).contains(spread.column().id)) ++num_reads;
    }
    evidence.Add("reads_in_log", Json::Int(num_reads));
  }

  // -- Bloom filters -----------------------------------------------------------------------------

  void AdviseBloomFilters(std::optional<FieldId> laid_out) {
    constexpr double kFalsePositives = 0.01;
    for (const ColumnSpread& spread : spreads_) {
      const NestedField& column = spread.column();
      const auto asked = NumValuesAsked(subject_->filter, column.id);
      const bool has_filter =
          std::ranges::any_of(table_.properties.bloom_filters,
                              [&](const auto& filter) { return filter.column == column.name; });
      if (!asked || has_filter || laid_out == column.id || IsPartitionedBy(column.id)) continue;
      const double rows_of_values = static_cast<double>(table_.layout.num_rows()) /
                                    spread.num_distinct() * static_cast<double>(*asked);
      const double matches = std::min(now_.files, rows_of_values);
      LayoutCost after = now_;
      after.bytes *= (matches + kFalsePositives * (now_.files - matches)) / now_.files;
      const bool is_worthwhile =
          after.bytes * 2 <= now_.bytes && now_.bytes - after.bytes >= static_cast<double>(target_);
      if (!is_worthwhile) continue;
      Suggestion suggestion;
      suggestion.kind = SuggestionKind::kBloomFilter;
      suggestion.columns = {column.name};
      suggestion.estimate = table_.Estimate(now_, after);
      AddEvidence(spread, &suggestion);
      suggestion.text =
          "write Bloom filters of " + column.name + " into the files of " + table_.name() +
          ": values are looked up that bounds can't tell: " + EstimateText(*suggestion.estimate);
      suggestion.call = "ice.configure_bloom_filters(" + Quoted(table_.name()) + ", [" +
                        Quoted(column.name) + "])\n" + RewriteAllCall();
      suggestions_->push_back(std::move(suggestion));
    }
  }

  const AdvisedTable& table_;
  std::vector<Suggestion>* suggestions_;
  const int64_t target_mebibytes_;
  const int64_t target_;
  const LayoutRead* subject_;
  LayoutCost now_;
  std::vector<ColumnSpread> spreads_;
};

}  // namespace

void AdviseLayout(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  LayoutAdvisor(table, suggestions).Run();
}

}  // namespace iceframe::internal
