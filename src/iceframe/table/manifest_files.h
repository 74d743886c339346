// SPDX-License-Identifier: Apache-2.0
// Manifest lists and manifests through FileIO: read by way of a cache, written in rolled files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/shared_cache.h"

namespace iceframe {

/// Returns the schema that knows a spec's source columns: the current one or, where one of them
/// was dropped since, the newest that has them all.
std::shared_ptr<const Schema> SchemaForSpec(const TableMetadata& metadata,
                                            const PartitionSpec& spec);

/// Returns the struct type of a spec's partition tuples, by SchemaForSpec.
Result<Type> PartitionTypeOf(const TableMetadata& metadata, const PartitionSpec& spec);

/// Returns a snapshot's manifests in list order.
///
/// One request, or none when the list is in the process-wide cache. Counts kManifestListsRead. A
/// v1 snapshot without a list costs one request per manifest.
/// Errors: Io, NotFound, InvalidMetadata naming the list; Cancelled.
Result<std::shared_ptr<const std::vector<ManifestFile>>> ReadManifestList(
    const OperationContext& context, FileIO& io, const TableMetadata& metadata,
    const Snapshot& snapshot);

/// Returns a manifest, decoded.
///
/// One request, or none when it is in the process-wide cache: keyed by path and what its entries
/// inherit, weighed by num_bytes() as it grows, loaded once for many callers. Charged to the
/// memory budget while anybody holds it, kept in the cache or not.
/// Counts kManifestsRead or kManifestsFromCache.
/// Errors: Io, NotFound, InvalidMetadata, Unsupported naming the manifest; ResourceExhausted;
/// Cancelled.
Result<std::shared_ptr<const ColumnarManifest>> ReadManifest(const OperationContext& context,
                                                             FileIO& io,
                                                             const TableMetadata& metadata,
                                                             const ManifestFile& manifest);

/// As ReadManifest if it is in the cache, else nullptr: waits for nothing.
/// `partition_type`: PartitionTypeOf the manifest's spec.
std::shared_ptr<const ColumnarManifest> FindCachedManifest(const OperationContext& context,
                                                           const ManifestFile& manifest,
                                                           const Type& partition_type);

SharedCacheStats ManifestCacheStats();
/// Forgets all cached manifest lists and manifests; for tests and benchmarks.
void ClearManifestCaches();

/// "{write.metadata.path or location/metadata}/", where manifests and their lists go.
std::string MetadataFolder(const TableMetadata& metadata);

/// Writes manifest entries into as many manifests as their size asks for.
///
/// Uuids of different signs, which Iceberg Java orders otherwise than the spec, go into manifests
/// of their own, so that the bounds of each are the same for all.
class ManifestFilesWriter {
 public:
  struct Options {
    ManifestHeader header;
    /// The snapshot that the entries are written for.
    SnapshotId snapshot_id;
    /// "{folder}{uuid}-m": a number and ".avro" are added.
    std::string path_prefix;
    /// The first number that is free.
    int* next_number = nullptr;
    /// A manifest is closed when it has reached this size.
    int64_t target_size_bytes = int64_t{8} << 20;
    /// Gets the path of each file before it is written.
    std::vector<std::string>* written_files = nullptr;
  };

  ManifestFilesWriter(const OperationContext& context, FileIO& io, Options options);

  Status Add(const ManifestEntry& entry);
  /// Returns the manifests; sequence numbers are kUnassignedSequenceNumber.
  Result<std::vector<ManifestFile>> Finish();

 private:
  using WriterPtr = std::unique_ptr<ManifestAvroWriter>;
  uint64_t SignsOf(const DataFile& file) const;
  Status Roll(WriterPtr* writer);

  const OperationContext& context_;
  FileIO& io_;
  Options options_;
  /// The positions of the spec's fields that are uuids.
  std::vector<size_t> uuid_fields_;
  /// By SignsOf their entries.
  std::map<uint64_t, WriterPtr> writers_;
  std::vector<ManifestFile> manifests_;
};

}  // namespace iceframe
