// SPDX-License-Identifier: Apache-2.0
// Writing manifests: entries in the order of ManifestAvroSchema, and their summary.
#include <cmath>
#include <map>
#include <utility>

#include "iceframe/base/json.h"
#include "iceframe/format/avro_file.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_avro_schema.h"
#include "iceframe/format/manifest_summary_internal.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/types/schema_json.h"

namespace iceframe {

namespace {

// Large enough for deflate's window to be worth it, small enough to inflate in parallel.
constexpr size_t kBlockSize = 64 << 10;
constexpr int64_t kDefaultBlockSizeInBytes = 64 << 20;

std::map<std::string, std::string> HeaderMetadata(const ManifestHeader& header) {
  std::map<std::string, std::string> metadata;
  metadata["schema"] = SchemaToJson(*header.schema).Dump();
  metadata["schema-id"] = std::to_string(header.schema->schema_id().value());
  // The fields alone; the id has a key of its own.
  const Json spec = PartitionSpecToJson(header.spec);
  if (const Json* fields = spec.Find("fields")) metadata["partition-spec"] = fields->Dump();
  metadata["partition-spec-id"] = std::to_string(header.spec.spec_id.value());
  metadata["format-version"] = std::to_string(header.format_version);
  if (header.format_version >= 2) {
    metadata["content"] = header.content == ManifestContent::kData ? "data" : "deletes";
  }
  return metadata;
}

// Encodes entries of one format version.
class EntryEncoder {
 public:
  EntryEncoder(int32_t version, const Type& partition_type, std::string* out)
      : version_(version), partition_type_(partition_type), out_(out) {}

  void Write(const ManifestEntry& entry) {
    out_.WriteLong(static_cast<int64_t>(entry.status));
    if (version_ == 1) {
      // There is one: Append refuses entries without.
      out_.WriteLong(entry.snapshot_id.value_or(SnapshotId{}).value());
    } else {
      WriteOptionalId(entry.snapshot_id);
      WriteOptionalId(entry.data_sequence_number);
      WriteOptionalId(entry.file_sequence_number);
    }
    WriteFile(entry.data_file);
  }

 private:
  void WriteFile(const DataFile& file) {
    if (version_ >= 2) out_.WriteLong(static_cast<int64_t>(file.content));
    out_.WriteBytes(file.file_path);
    out_.WriteBytes(ToString(file.file_format));
    for (size_t i = 0; i < file.partition.size(); ++i) {
      WritePartitionValue(partition_type_.fields()[i].type, file.partition[i]);
    }
    out_.WriteLong(file.record_count);
    out_.WriteLong(file.file_size_in_bytes);
    if (version_ == 1) out_.WriteLong(kDefaultBlockSizeInBytes);
    WriteMap(file.column_sizes);
    WriteMap(file.value_counts);
    WriteMap(file.null_value_counts);
    WriteMap(file.nan_value_counts);
    WriteMap(file.lower_bounds);
    WriteMap(file.upper_bounds);
    WriteOptionalBytes(file.key_metadata);
    WriteList(file.split_offsets);
    if (version_ >= 2) WriteList(file.equality_ids);
    WriteOptionalId(file.sort_order_id);
    if (version_ >= 3) WriteOptionalNumber(file.first_row_id);
    if (version_ >= 2) WriteOptionalBytes(file.referenced_data_file);
    if (version_ >= 3) {
      WriteOptionalNumber(file.content_offset);
      WriteOptionalNumber(file.content_size_in_bytes);
    }
  }

  void WriteValue(int64_t value) { out_.WriteLong(value); }
  void WriteValue(const std::string& value) { out_.WriteBytes(value); }

  template <typename T>
  void WriteMap(const std::map<FieldId, T>& map) {
    out_.WriteLong(map.empty() ? 0 : 1);
    if (map.empty()) return;
    out_.WriteLong(static_cast<int64_t>(map.size()));
    for (const auto& [key, value] : map) {
      out_.WriteLong(key);
      WriteValue(value);
    }
    out_.WriteLong(0);
  }

  template <typename T>
  void WriteList(const std::vector<T>& list) {
    out_.WriteLong(list.empty() ? 0 : 1);
    if (list.empty()) return;
    out_.WriteLong(static_cast<int64_t>(list.size()));
    for (T value : list) out_.WriteLong(value);
    out_.WriteLong(0);
  }

  template <typename Id>
  void WriteOptionalId(const std::optional<Id>& id) {
    out_.WriteLong(id ? 1 : 0);
    if (id) out_.WriteLong(id->value());
  }
  void WriteOptionalNumber(const std::optional<int64_t>& number) {
    out_.WriteLong(number ? 1 : 0);
    if (number) out_.WriteLong(*number);
  }
  void WriteOptionalBytes(const std::optional<std::string>& bytes) {
    out_.WriteLong(bytes ? 1 : 0);
    if (bytes) out_.WriteBytes(*bytes);
  }

  void WriteDecimal(const Type& type, const arrow::Decimal128& value) {
    std::array<uint8_t, 16> little_endian = value.ToBytes();
    std::string bytes;
    for (int32_t i = DecimalRequiredBytes(type.precision()); i-- > 0;) {
      bytes.push_back(static_cast<char>(little_endian[static_cast<size_t>(i)]));
    }
    out_.WriteFixed(bytes);
  }

  void WritePartitionValue(const Type& type, const Value& value) {
    if (type.id() == TypeId::kUnknown) return;
    out_.WriteLong(value.is_null() ? 0 : 1);
    if (value.is_null()) return;
    if (value.holds<bool>()) {
      out_.WriteBoolean(value.get<bool>());
    } else if (value.holds<int32_t>()) {
      out_.WriteLong(value.get<int32_t>());
    } else if (value.holds<int64_t>()) {
      out_.WriteLong(value.get<int64_t>());
    } else if (value.holds<float>()) {
      out_.WriteFloat(value.get<float>());
    } else if (value.holds<double>()) {
      out_.WriteDouble(value.get<double>());
    } else if (value.holds<arrow::Decimal128>()) {
      WriteDecimal(type, value.get<arrow::Decimal128>());
    } else if (type.id() == TypeId::kUuid || type.id() == TypeId::kFixed) {
      out_.WriteFixed(value.get<std::string>());
    } else {
      out_.WriteBytes(value.get<std::string>());
    }
  }

  int32_t version_;
  const Type& partition_type_;
  AvroEncoder out_;
};

class WriterImpl final : public ManifestAvroWriter {
 public:
  WriterImpl(ManifestHeader header, Type partition_type, const std::string& schema)
      : header_(std::move(header)),
        partition_type_(std::move(partition_type)),
        file_(schema, HeaderMetadata(header_)),
        encoder_(header_.format_version, partition_type_, &block_),
        summary_(partition_type_) {}

  Status Add(const ManifestEntry& entry) override {
    if (finished_) return Error(ErrorKind::kInvalidArgument, "manifest is finished already");
    ICEFRAME_RETURN_NOT_OK(Check(entry));
    encoder_.Write(entry);
    ++block_entries_;
    summary_.Add(entry);
    return block_.size() >= kBlockSize ? FlushBlock() : Status::OK();
  }

  int64_t num_bytes() const override {
    // What waits will shrink about as much as what went before.
    const double ratio =
        raw_bytes_ > 0 ? static_cast<double>(file_.num_bytes()) / static_cast<double>(raw_bytes_)
                       : 0.3;
    return file_.num_bytes() +
           static_cast<int64_t>(static_cast<double>(block_.size()) * std::min(ratio, 1.0));
  }

  Result<std::string> Finish(ManifestFile* file) override {
    if (finished_) return Error(ErrorKind::kInvalidArgument, "manifest is finished already");
    finished_ = true;
    if (block_entries_ > 0) ICEFRAME_RETURN_NOT_OK(FlushBlock());
    std::string bytes = file_.Finish();
    file->manifest_length = static_cast<int64_t>(bytes.size());
    file->partition_spec_id = header_.spec.spec_id;
    file->content = header_.content;
    ICEFRAME_RETURN_NOT_OK(summary_.WriteTo(file));
    return bytes;
  }

 private:
  Status FlushBlock() {
    ICEFRAME_RETURN_NOT_OK(file_.AppendBlock(block_entries_, block_));
    raw_bytes_ += static_cast<int64_t>(block_.size());
    block_.clear();
    block_entries_ = 0;
    return Status::OK();
  }

  Status Check(const ManifestEntry& entry) const {
    const DataFile& file = entry.data_file;
    const auto refuse = [&](std::string_view why) {
      return Error(ErrorKind::kInvalidArgument, "manifest can't take an entry: ", why, ": ",
                   file.file_path);
    };
    if ((file.content != FileContent::kData) != (header_.content == ManifestContent::kDeletes)) {
      return refuse("data and delete files go into manifests of their own");
    }
    if (file.spec_id != header_.spec.spec_id) return refuse("it is of another partition spec");
    if (header_.format_version == 1 && !entry.snapshot_id) {
      return refuse("format version 1 needs a snapshot id");
    }
    if (header_.format_version >= 2 && !entry.data_sequence_number &&
        entry.status != EntryStatus::kAdded) {
      return refuse("only an added file may leave its sequence number open");
    }
    if (file.record_count < 0) return refuse("its record count is negative");
    if (file.partition.size() != partition_type_.fields().size()) {
      return refuse("its partition has another number of values than the spec has fields");
    }
    for (size_t i = 0; i < file.partition.size(); ++i) {
      const NestedField& field = partition_type_.fields()[i];
      if (!FitsExactly(field.type, file.partition[i])) {
        return refuse("its partition value does not fit the field " + field.name);
      }
    }
    return Status::OK();
  }

  // Fits, and what only an encoder of fixed lengths has to ask.
  static bool FitsExactly(const Type& type, const Value& value) {
    if (!Fits(type, value)) return false;
    if (value.is_null()) return true;
    switch (type.id()) {
      case TypeId::kUuid:
        return value.get<std::string>().size() == 16;
      case TypeId::kFixed:
        return value.get<std::string>().size() == static_cast<size_t>(type.length());
      case TypeId::kDecimal:
        return value.get<arrow::Decimal128>().FitsInPrecision(type.precision());
      case TypeId::kUnknown:
        return false;
      default:
        return true;
    }
  }

  const ManifestHeader header_;
  const Type partition_type_;
  AvroFileWriter file_;
  std::string block_;
  int64_t block_entries_ = 0;
  int64_t raw_bytes_ = 0;
  EntryEncoder encoder_;
  ManifestSummary summary_;
  bool finished_ = false;
};

}  // namespace

Result<std::unique_ptr<ManifestAvroWriter>> ManifestAvroWriter::Make(ManifestHeader header) {
  if (header.schema == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "manifest needs a schema");
  }
  if (header.format_version == 1 && header.content != ManifestContent::kData) {
    return Error(ErrorKind::kInvalidArgument, "format version 1 has no delete manifests");
  }
  ICEFRAME_ASSIGN_OR_RETURN(Type partition_type, PartitionType(header.spec, *header.schema));
  ICEFRAME_ASSIGN_OR_RETURN(std::string schema,
                            ManifestAvroSchema(header.format_version, partition_type));
  return std::make_unique<WriterImpl>(std::move(header), std::move(partition_type), schema);
}

}  // namespace iceframe
