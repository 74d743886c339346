// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/manifest_files.h"

#include <algorithm>

#include "iceframe/catalog/catalog_counters.h"
#include "iceframe/format/manifest_list_avro.h"
#include "iceframe/runtime/operation_span.h"
#include "iceframe/table/table_counters.h"

namespace iceframe {

namespace {

using ManifestList = std::vector<ManifestFile>;

/// What a decoded manifest is taken to need, in sizes of its file, until that is known.
constexpr int64_t kUsualInflation = 4;

SharedCache<ColumnarManifest>& ManifestCache() {
  static auto& cache = *new SharedCache<ColumnarManifest>(
      {.name = "manifests", .capacity_bytes = SharedCacheOptions::kAllOfShared});
  return cache;
}

struct KeptList {
  ManifestList manifests;
  int64_t file_bytes = 0;
};

SharedCache<KeptList>& ManifestListCache() {
  static auto& cache = *new SharedCache<KeptList>(
      {.name = "manifest lists", .capacity_bytes = SharedCacheOptions::kAllOfShared});
  return cache;
}

bool HasAllSources(const PartitionSpec& spec, const Schema& schema) {
  return std::all_of(spec.fields.begin(), spec.fields.end(), [&](const PartitionField& field) {
    return std::all_of(field.source_ids.begin(), field.source_ids.end(),
                       [&](FieldId id) { return schema.FindField(id) != nullptr; });
  });
}

Result<std::shared_ptr<arrow::Buffer>> ReadBytes(const OperationContext& context, FileIO& io,
                                                 const std::string& location,
                                                 std::optional<int64_t> size) {
  auto buffer = io.ReadAll(context, location, size);
  if (!buffer.ok()) {
    // The location comes from metadata: no caller gave a wrong argument.
    if (KindOf(buffer.status()) != ErrorKind::kInvalidArgument) return buffer.status();
    return Error(ErrorKind::kInvalidMetadata,
                 "table's metadata names no valid file: ", buffer.status().message());
  }
  context.counters->Add(CatalogCount::kMetadataBytesRead, (*buffer)->size());
  return buffer;
}

std::string_view ViewOf(const arrow::Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), static_cast<size_t>(buffer.size())};
}

int64_t WeightOf(const ManifestList& manifests) {
  auto weight = static_cast<int64_t>(sizeof(ManifestList));
  for (const ManifestFile& manifest : manifests) {
    weight += static_cast<int64_t>(sizeof(ManifestFile) + manifest.manifest_path.capacity());
    for (const PartitionFieldSummary& summary : manifest.partitions) {
      weight += static_cast<int64_t>(sizeof(PartitionFieldSummary));
      if (summary.lower_bound) weight += static_cast<int64_t>(summary.lower_bound->capacity());
      if (summary.upper_bound) weight += static_cast<int64_t>(summary.upper_bound->capacity());
    }
  }
  return weight;
}

// A v1 snapshot that names its manifests itself: each one's header has to tell its spec.
Result<ManifestList> ManifestsWithoutList(const OperationContext& context, FileIO& io,
                                          const TableMetadata& metadata, const Snapshot& snapshot) {
  ICEFRAME_ASSIGN_OR_RETURN(Type type, PartitionTypeOf(metadata, *metadata.default_spec()));
  ManifestList manifests;
  for (const std::string& path : snapshot.manifests) {
    ManifestFile manifest;
    manifest.manifest_path = path;
    manifest.added_snapshot_id = snapshot.snapshot_id;
    ICEFRAME_ASSIGN_OR_RETURN(auto bytes, ReadBytes(context, io, path, std::nullopt));
    manifest.manifest_length = bytes->size();
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(
        auto decoded, ColumnarManifest::FromAvro(ViewOf(*bytes), manifest, type), "manifest", path);
    manifest.partition_spec_id = decoded->spec_id();
    manifests.push_back(std::move(manifest));
  }
  return manifests;
}

// A promoted source column changes the form of partition values, so the type is part of the key.
std::string CacheKey(const ManifestFile& manifest, const Type& partition_type) {
  std::string key = manifest.manifest_path;
  key += '\n' + std::to_string(manifest.sequence_number.value());
  key += '\n' + std::to_string(manifest.added_snapshot_id.value());
  key += '\n' + std::to_string(manifest.first_row_id.value_or(-1));
  key += '\n' + partition_type.ToString();
  return key;
}

void CountCached(const OperationContext& context, const ManifestFile& manifest) {
  context.counters->Add(TableCount::kManifestsFromCache);
  context.counters->Add(CatalogCount::kMetadataBytesFromCache, manifest.manifest_length);
}

// A decoded manifest charges itself to the cache's budget, kept or not, with all that it decodes
// later; it gives back when nobody uses it any more.
Result<std::shared_ptr<const ColumnarManifest>> DecodeCharged(const arrow::Buffer& bytes,
                                                              const std::string& key,
                                                              const ManifestFile& manifest,
                                                              const Type& partition_type) {
  ICEFRAME_ASSIGN_OR_RETURN(
      auto made, MemoryReservation::Make(ManifestCache().budget(), kUsualInflation * bytes.size()));
  auto charge = std::make_shared<MemoryReservation>(std::move(made));
  const auto reserve = [charge, key](int64_t num_bytes) {
    if (!charge->Resize(charge->num_bytes() + num_bytes).ok()) return false;
    ManifestCache().Grow(key, num_bytes);
    return true;
  };
  ICEFRAME_ASSIGN_OR_RETURN(
      auto decoded, ColumnarManifest::FromAvro(ViewOf(bytes), manifest, partition_type, reserve));
  ICEFRAME_RETURN_NOT_OK(charge->Resize(decoded->num_bytes()));
  return decoded;
}

}  // namespace

std::shared_ptr<const Schema> SchemaForSpec(const TableMetadata& metadata,
                                            const PartitionSpec& spec) {
  auto current = metadata.current_schema();
  if (HasAllSources(spec, *current)) return current;
  for (auto schema = metadata.schemas.rbegin(); schema != metadata.schemas.rend(); ++schema) {
    if (HasAllSources(spec, **schema)) return *schema;
  }
  return current;
}

Result<Type> PartitionTypeOf(const TableMetadata& metadata, const PartitionSpec& spec) {
  return PartitionType(spec, *SchemaForSpec(metadata, spec));
}

Result<std::shared_ptr<const ManifestList>> ReadManifestList(const OperationContext& context,
                                                             FileIO& io,
                                                             const TableMetadata& metadata,
                                                             const Snapshot& snapshot) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  const bool has_list = !snapshot.manifest_list.empty();
  auto load = [&]() -> Result<CacheValue<KeptList>> {
    KeptList kept;
    if (has_list) {
      ICEFRAME_ASSIGN_OR_RETURN(auto bytes,
                                ReadBytes(context, io, snapshot.manifest_list, std::nullopt));
      context.counters->Add(TableCount::kManifestListsRead);
      kept.file_bytes = bytes->size();
      ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(kept.manifests, ManifestListFromAvro(ViewOf(*bytes)),
                                        "manifest list", snapshot.manifest_list);
    } else {
      ICEFRAME_ASSIGN_OR_RETURN(kept.manifests,
                                ManifestsWithoutList(context, io, metadata, snapshot));
    }
    const int64_t weight = WeightOf(kept.manifests);
    return CacheValue<KeptList>{std::make_shared<const KeptList>(std::move(kept)), weight, 0};
  };
  const std::string key = has_list ? snapshot.manifest_list
                                   : metadata.table_uuid + "\n" + metadata.location + "\n" +
                                         std::to_string(snapshot.snapshot_id.value());
  bool was_cached = false;
  ICEFRAME_ASSIGN_OR_RETURN(const auto kept,
                            ManifestListCache().GetOrLoad(context, key, load, &was_cached));
  if (was_cached) context.counters->Add(CatalogCount::kMetadataBytesFromCache, kept->file_bytes);
  return std::shared_ptr<const ManifestList>(kept, &kept->manifests);
}

Result<std::shared_ptr<const ColumnarManifest>> ReadManifest(const OperationContext& context,
                                                             FileIO& io,
                                                             const TableMetadata& metadata,
                                                             const ManifestFile& manifest) {
  ICEFRAME_RETURN_NOT_OK(context.Check());
  const PartitionSpec* spec = metadata.FindPartitionSpec(manifest.partition_spec_id);
  if (spec == nullptr) {
    return Error(ErrorKind::kInvalidMetadata,
                 "manifest's partition spec is not in the table: ", manifest.partition_spec_id,
                 ", ", manifest.manifest_path);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Type type, PartitionTypeOf(metadata, *spec));
  const std::string key = CacheKey(manifest, type);
  auto load = [&]() -> Result<CacheValue<ColumnarManifest>> {
    const OperationSpan span(context, "read_manifest", manifest.manifest_path);
    std::optional<int64_t> size;
    if (manifest.manifest_length > 0) size = manifest.manifest_length;
    ICEFRAME_ASSIGN_OR_RETURN(auto bytes, ReadBytes(context, io, manifest.manifest_path, size));
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(auto decoded, DecodeCharged(*bytes, key, manifest, type),
                                      "manifest", manifest.manifest_path);
    const int64_t weight = decoded->num_bytes();
    return CacheValue<ColumnarManifest>{std::move(decoded), weight, weight};
  };
  bool was_cached = false;
  ICEFRAME_ASSIGN_OR_RETURN(auto decoded,
                            ManifestCache().GetOrLoad(context, key, load, &was_cached));
  if (was_cached) {
    CountCached(context, manifest);
  } else {
    context.counters->Add(TableCount::kManifestsRead);
  }
  return decoded;
}

std::shared_ptr<const ColumnarManifest> FindCachedManifest(const OperationContext& context,
                                                           const ManifestFile& manifest,
                                                           const Type& partition_type) {
  auto cached = ManifestCache().Find(CacheKey(manifest, partition_type));
  if (cached != nullptr) CountCached(context, manifest);
  return cached;
}

SharedCacheStats ManifestCacheStats() { return ManifestCache().stats(); }

void ClearManifestCaches() {
  ManifestCache().Clear();
  ManifestListCache().Clear();
}

std::string MetadataFolder(const TableMetadata& metadata) {
  auto property = metadata.properties.find("write.metadata.path");
  std::string folder =
      property == metadata.properties.end() ? metadata.location + "/metadata" : property->second;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder + "/";
}

ManifestFilesWriter::ManifestFilesWriter(const OperationContext& context, FileIO& io,
                                         Options options)
    : context_(context), io_(io), options_(std::move(options)) {
  const Result<Type> type = PartitionType(options_.header.spec, *options_.header.schema);
  if (!type.ok()) return;  // Writing the first entry says why.
  for (size_t i = 0; i < type->fields().size(); ++i) {
    if (type->fields()[i].type.id() == TypeId::kUuid) uuid_fields_.push_back(i);
  }
}

/// The signs of both halves of each uuid; nulls have none.
uint64_t ManifestFilesWriter::SignsOf(const DataFile& file) const {
  uint64_t signs = 0;
  for (const size_t field : uuid_fields_) {
    std::string uuid;
    if (field < file.partition.size() && file.partition[field].holds<std::string>()) {
      uuid = file.partition[field].get<std::string>();
    }
    uuid.resize(16, '\0');
    for (const size_t half : {size_t{0}, size_t{8}}) {
      signs = signs * 2 + (static_cast<unsigned char>(uuid[half]) >> 7);
    }
  }
  return signs;
}

Status ManifestFilesWriter::Add(const ManifestEntry& entry) {
  WriterPtr& writer = writers_[SignsOf(entry.data_file)];
  if (writer == nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(writer, ManifestAvroWriter::Make(options_.header));
  }
  ICEFRAME_RETURN_NOT_OK(writer->Add(entry));
  if (writer->num_bytes() >= options_.target_size_bytes) return Roll(&writer);
  return Status::OK();
}

Status ManifestFilesWriter::Roll(WriterPtr* writer) {
  if (*writer == nullptr) return Status::OK();
  ICEFRAME_RETURN_NOT_OK(context_.Check());
  ManifestFile manifest;
  ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, (*writer)->Finish(&manifest));
  writer->reset();
  manifest.manifest_path =
      options_.path_prefix + std::to_string((*options_.next_number)++) + ".avro";
  manifest.manifest_length = static_cast<int64_t>(bytes.size());
  manifest.partition_spec_id = options_.header.spec.spec_id;
  manifest.content = options_.header.content;
  manifest.added_snapshot_id = options_.snapshot_id;
  manifest.sequence_number = kUnassignedSequenceNumber;
  options_.written_files->push_back(manifest.manifest_path);
  ICEFRAME_RETURN_NOT_OK(io_.WriteAll(context_, manifest.manifest_path, bytes));
  manifests_.push_back(std::move(manifest));
  return Status::OK();
}

Result<std::vector<ManifestFile>> ManifestFilesWriter::Finish() {
  for (auto& [signs, writer] : writers_) ICEFRAME_RETURN_NOT_OK(Roll(&writer));
  return std::move(manifests_);
}

}  // namespace iceframe
