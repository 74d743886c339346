// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/file_groups.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "iceframe/types/value.h"

namespace iceframe {

namespace {

bool IsOfGoodSize(const DataFile& file, const FileGroupOptions& options) {
  const int64_t target = options.target_file_size_bytes;
  const int64_t size = file.file_size_in_bytes;
  return size >= target / 4 * 3 && size / 9 <= target / 5;
}

bool IsOfOtherSpec(const ScanTask& task, const FileGroupOptions& options) {
  return task.data_file.spec_id != options.spec_id;
}

// The bytes of a partition value: they tell it from all others of its type.
struct BytesOf {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(const arrow::Decimal128& number) const { return number.ToIntegerString(); }
  std::string operator()(const std::shared_ptr<const Value::Nested>&) const { return {}; }
  template <typename T>
  std::string operator()(T number) const {
    return std::string(reinterpret_cast<const char*>(&number), sizeof(number));
  }
};

// How often the size fits into the target, in powers of four.
int SizeClass(int64_t size, int64_t target) {
  int number = 0;
  for (int64_t most = target / 4; size <= most && most > 0; most /= 4) ++number;
  return number;
}

// What files have in common that may be in one group.
std::string PartitionOf(const ScanTask& task, const FileGroupOptions& options) {
  if (options.one_group) return "all";
  if (IsOfOtherSpec(task, options)) return "other";
  std::string key = "own";
  if (options.by_size) {
    const int64_t size = task.data_file.file_size_in_bytes;
    key += std::to_string(SizeClass(size, options.target_file_size_bytes));
  }
  for (const Value& value : task.data_file.partition) {
    const std::string bytes = std::visit(BytesOf{}, value.storage());
    key += (value.is_null() ? "n" : "v") + std::to_string(bytes.size()) + ':' + bytes;
  }
  return key;
}

void AddTo(ScanTask task, FileGroup* group) {
  group->num_bytes += task.data_file.file_size_in_bytes;
  group->num_rows += task.data_file.record_count;
  group->tasks.push_back(std::move(task));
}

bool IsWorthWhile(const FileGroup& group, const FileGroupOptions& options) {
  if (options.all_files) return true;
  if (std::ranges::any_of(group.tasks, [&](const ScanTask& task) {
        return IsOfOtherSpec(task, options) ||
               task.data_file.file_size_in_bytes > options.target_file_size_bytes;
      })) {
    return true;
  }
  if (group.tasks.size() < 2) return false;
  return group.tasks.size() >= static_cast<size_t>(std::max(options.min_input_files, 0)) ||
         group.num_bytes > options.target_file_size_bytes;
}

int64_t FileSizeFor(const FileGroup& group, int64_t target) {
  const int64_t num_files = std::max<int64_t>((group.num_bytes + target / 2) / target, 1);
  return std::max(target, (group.num_bytes + num_files - 1) / num_files);
}

}  // namespace

std::vector<FileGroup> GroupFiles(std::vector<ScanTask> tasks, const FileGroupOptions& options) {
  std::vector<FileGroup> groups;
  std::unordered_map<std::string, size_t> open;
  for (ScanTask& task : tasks) {
    const bool is_wanted =
        options.all_files || IsOfOtherSpec(task, options) || !IsOfGoodSize(task.data_file, options);
    if (!is_wanted) continue;
    const auto [place, is_new] = open.try_emplace(PartitionOf(task, options), groups.size());
    const int64_t size = task.data_file.file_size_in_bytes;
    if (is_new) {
      groups.emplace_back();
    } else if (groups[place->second].num_bytes + size > options.max_group_bytes) {
      place->second = groups.size();
      groups.emplace_back();
    }
    AddTo(std::move(task), &groups[place->second]);
  }
  std::erase_if(groups, [&](const FileGroup& group) { return !IsWorthWhile(group, options); });
  for (FileGroup& group : groups) {
    group.file_size_bytes = FileSizeFor(group, options.target_file_size_bytes);
  }
  return groups;
}

}  // namespace iceframe
