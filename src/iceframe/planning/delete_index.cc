// SPDX-License-Identifier: Apache-2.0
// Filing delete files by what they may apply to.
#include "iceframe/planning/delete_index.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace iceframe {
namespace {

/// The reserved column `file_path` of position delete files. Spec: "Reserved Field IDs".
constexpr FieldId kDeleteFilePathFieldId = 2147483546;

void AppendBytes(const void* data, size_t size, std::string* out) {
  out->append(static_cast<const char*>(data), size);
}

template <typename T>
void AppendFloat(T value, std::string* out) {
  if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
  AppendBytes(&value, sizeof(value), out);
}

void AppendValue(const Value& value, std::string* out) {
  out->push_back(static_cast<char>(value.storage().index()));
  if (value.holds<bool>()) {
    out->push_back(value.get<bool>() ? 1 : 0);
  } else if (value.holds<int32_t>()) {
    AppendBytes(&value.get<int32_t>(), sizeof(int32_t), out);
  } else if (value.holds<int64_t>()) {
    AppendBytes(&value.get<int64_t>(), sizeof(int64_t), out);
  } else if (value.holds<float>()) {
    AppendFloat(value.get<float>(), out);
  } else if (value.holds<double>()) {
    AppendFloat(value.get<double>(), out);
  } else if (value.holds<std::string>()) {
    const std::string& text = value.get<std::string>();
    const uint64_t size = text.size();
    AppendBytes(&size, sizeof(size), out);
    out->append(text);
  } else if (value.holds<arrow::Decimal128>()) {
    const auto bytes = value.get<arrow::Decimal128>().ToBytes();
    AppendBytes(bytes.data(), bytes.size(), out);
  }
}

/// The one data file that a position delete file speaks of; empty: perhaps many. Equal bounds of
/// the path column are exact, even truncated ones could not be equal.
std::string_view OnlyDataFileOf(const DataFile& deletes) {
  if (deletes.referenced_data_file) return *deletes.referenced_data_file;
  const auto lower = deletes.lower_bounds.find(kDeleteFilePathFieldId);
  const auto upper = deletes.upper_bounds.find(kDeleteFilePathFieldId);
  if (lower == deletes.lower_bounds.end() || upper == deletes.upper_bounds.end()) return {};
  return lower->second == upper->second ? std::string_view(lower->second) : std::string_view();
}

/// Appends those from the first sequence number on that applies.
void AppendFrom(const std::vector<DeleteFileReference>& sorted, SequenceNumber first,
                std::vector<DeleteFileReference>* out) {
  const auto begin = std::lower_bound(sorted.begin(), sorted.end(), first,
                                      [](const DeleteFileReference& item, SequenceNumber number) {
                                        return item.data_sequence_number < number;
                                      });
  out->insert(out->end(), begin, sorted.end());
}

template <typename Map>
const typename Map::mapped_type* FindIn(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

void SortBySequence(std::vector<DeleteFileReference>* bucket) {
  std::stable_sort(bucket->begin(), bucket->end(), [](const auto& a, const auto& b) {
    return a.data_sequence_number < b.data_sequence_number;
  });
}

}  // namespace

std::string PartitionKey(PartitionSpecId spec_id, const std::vector<Value>& partition) {
  std::string key;
  const int32_t id = spec_id.value();
  AppendBytes(&id, sizeof(id), &key);
  for (const Value& value : partition) AppendValue(value, &key);
  return key;
}

DeleteIndex::DeleteIndex(const TableMetadata& metadata) {
  for (const PartitionSpec& spec : metadata.partition_specs) {
    is_unpartitioned_[spec.spec_id] = spec.is_unpartitioned();
  }
}

Status DeleteIndex::Add(DataFile file, SequenceNumber data_sequence_number) {
  const auto spec = is_unpartitioned_.find(file.spec_id);
  if (spec == is_unpartitioned_.end()) {
    return Error(ErrorKind::kInvalidMetadata,
                 "delete file names an unknown partition spec: ", file.spec_id, " in ",
                 file.file_path);
  }
  Bucket* bucket = nullptr;
  switch (file.content) {
    case FileContent::kData:
      return Error(ErrorKind::kInvalidMetadata,
                   "delete manifest lists a data file: ", file.file_path);
    case FileContent::kPositionDeletes: {
      const std::string path(OnlyDataFileOf(file));
      if (file.file_format == FileFormat::kPuffin) {
        if (path.empty()) {
          return Error(ErrorKind::kInvalidMetadata,
                       "deletion vector names no data file: ", file.file_path);
        }
        bucket = &vectors_by_path_[path];
      } else if (!path.empty()) {
        bucket = &positions_by_path_[path];
      } else {
        bucket = &positions_by_partition_[PartitionKey(file.spec_id, file.partition)];
      }
      break;
    }
    case FileContent::kEqualityDeletes:
      bucket = spec->second ? &global_equality_
                            : &equality_by_partition_[PartitionKey(file.spec_id, file.partition)];
      break;
  }
  bucket->push_back({std::move(file), data_sequence_number});
  ++num_files_;
  return Status::OK();
}

void DeleteIndex::Finish() {
  for (BucketMap* map : {&vectors_by_path_, &positions_by_path_, &positions_by_partition_,
                         &equality_by_partition_}) {
    for (auto& [key, bucket] : *map) SortBySequence(&bucket);
  }
  SortBySequence(&global_equality_);
}

Result<std::vector<DeleteFileReference>> DeleteIndex::DeletesFor(
    const DataFile& data_file, SequenceNumber data_sequence_number) const {
  std::vector<DeleteFileReference> found;
  if (empty()) return found;
  const std::string partition = PartitionKey(data_file.spec_id, data_file.partition);
  if (const Bucket* vectors = FindIn(vectors_by_path_, data_file.file_path)) {
    AppendFrom(*vectors, data_sequence_number, &found);
    if (found.size() > 1) {
      return Error(ErrorKind::kInvalidMetadata,
                   "data file has more than one deletion vector: ", data_file.file_path);
    }
  }
  if (found.empty()) {
    for (const Bucket* bucket : {FindIn(positions_by_path_, data_file.file_path),
                                 FindIn(positions_by_partition_, partition)}) {
      if (bucket != nullptr) AppendFrom(*bucket, data_sequence_number, &found);
    }
    SortBySequence(&found);
  }
  // Equality deletes never hit rows of their own commit.
  const SequenceNumber after(data_sequence_number.value() + 1);
  std::vector<DeleteFileReference> equality;
  AppendFrom(global_equality_, after, &equality);
  if (const Bucket* bucket = FindIn(equality_by_partition_, partition)) {
    AppendFrom(*bucket, after, &equality);
  }
  SortBySequence(&equality);
  found.insert(found.end(), std::make_move_iterator(equality.begin()),
               std::make_move_iterator(equality.end()));
  return found;
}

}  // namespace iceframe
