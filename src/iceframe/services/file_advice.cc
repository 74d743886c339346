// SPDX-License-Identifier: Apache-2.0
// Advice on files themselves: too many small ones, deletes to be worked in.
#include <algorithm>
#include <utility>

#include "iceframe/execution/explanation.h"
#include "iceframe/services/advised_table_internal.h"

namespace iceframe::internal {

namespace {

// So many small files of a partition are worth a rewrite, as compaction has it.
constexpr int64_t kMinSmallFiles = 5;
// A rewrite that saves less is not worth while.
constexpr int64_t kMinFilesSaved = 4;

// Small files of one partition.
struct SmallFiles {
  int64_t num_files = 0;
  int64_t num_bytes = 0;
  /// Of them, those that the query reads.
  int64_t num_kept = 0;
  int64_t kept_bytes = 0;
};

std::vector<SmallFiles> SmallFilesOf(const AdvisedTable& table) {
  // Files of 3/4 of the target are of a good size.
  const int64_t least = table.properties.target_file_size_bytes / 4 * 3;
  std::vector<SmallFiles> by_partition(table.layout.partitions().size());
  for (size_t i = 0; i < table.layout.files().size(); ++i) {
    const TableLayout::File& file = table.layout.files()[i];
    if (file.num_bytes >= least) continue;
    SmallFiles& small = by_partition[file.partition];
    ++small.num_files;
    small.num_bytes += file.num_bytes;
    if (table.read.kept[i] == 0) continue;
    ++small.num_kept;
    small.kept_bytes += file.num_bytes;
  }
  return by_partition;
}

void AdviseCompaction(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  const int64_t target = table.properties.target_file_size_bytes;
  int64_t num_small = 0;
  int64_t num_saved = 0;
  const LayoutCost now = CostNow(table.layout, table.read);
  LayoutCost after = now;
  for (const SmallFiles& small : SmallFilesOf(table)) {
    if (small.num_files < kMinSmallFiles) continue;
    const int64_t num_new = NumFilesOf(static_cast<double>(small.num_bytes), target);
    num_small += small.num_files;
    num_saved += small.num_files - num_new;
    after.files -= static_cast<double>(small.num_kept - std::min(small.num_kept, num_new));
  }
  if (num_saved < kMinFilesSaved) return;
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kCompactFiles;
  suggestion.estimate = table.Estimate(now, after);
  suggestion.evidence.Add("small_files", Json::Int(num_small));
  suggestion.evidence.Add("files", Json::Int(static_cast<int64_t>(table.layout.files().size())));
  suggestion.evidence.Add("files_after",
                          Json::Int(static_cast<int64_t>(table.layout.files().size()) - num_saved));
  suggestion.evidence.Add("target_file_size_bytes", Json::Int(target));
  suggestion.text = std::to_string(num_small) + " of " +
                    std::to_string(table.layout.files().size()) + " files of " + table.name() +
                    " are far below " + ByteText(target) + "; compact them into " +
                    std::to_string(num_small - num_saved) + ": the query opens " +
                    EstimateText(*suggestion.estimate);
  suggestion.call = "ice.compact_data_files(" + Quoted(table.name()) + ", target_file_size_mb=" +
                    std::to_string(std::max<int64_t>(1, target / kMebibyte)) +
                    ", min_input_files=" + std::to_string(kMinSmallFiles) + ")";
  suggestions->push_back(std::move(suggestion));
}

void AdviseDeletes(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  const TableLayout::Deletes& deletes = table.layout.deletes();
  constexpr int64_t kManyDeleteFiles = 10;
  constexpr int64_t kRowsPerDelete = 20;
  const bool are_many = deletes.num_files >= kManyDeleteFiles ||
                        deletes.num_rows * kRowsPerDelete >= table.layout.num_rows();
  if (deletes.num_files == 0 || !are_many) return;
  LayoutCost now = CostNow(table.layout, table.read);
  LayoutCost after = now;
  now.files += static_cast<double>(deletes.num_files);
  // Rows that are deleted are read now, and not written again.
  const auto num_rows = static_cast<double>(std::max<int64_t>(table.layout.num_rows(), 1));
  after.bytes *= 1 - std::min(1.0, static_cast<double>(deletes.num_rows) / num_rows);
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kCompactDeletes;
  suggestion.estimate = table.Estimate(now, after);
  suggestion.estimate->bytes += deletes.num_bytes;
  suggestion.evidence.Add("delete_files", Json::Int(deletes.num_files));
  suggestion.evidence.Add("deleted_rows", Json::Int(deletes.num_rows));
  suggestion.evidence.Add("delete_file_bytes", Json::Int(deletes.num_bytes));
  suggestion.text = std::to_string(deletes.num_files) + " delete files with " +
                    std::to_string(deletes.num_rows) + " deletes stand beside " +
                    std::to_string(table.layout.files().size()) + " data files of " + table.name() +
                    "; rewrite its data files with the engine that wrote them: " +
                    EstimateText(*suggestion.estimate);
  suggestions->push_back(std::move(suggestion));
}

}  // namespace

void AdviseFiles(const AdvisedTable& table, std::vector<Suggestion>* suggestions) {
  AdviseCompaction(table, suggestions);
  AdviseDeletes(table, suggestions);
}

}  // namespace iceframe::internal
