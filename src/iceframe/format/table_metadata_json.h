// SPDX-License-Identifier: Apache-2.0
// Metadata files as JSON, v1 to v3. Spec: Appendix C.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// Parses and checks one metadata file (JSON text; the caller has inflated it).
/// Errors: InvalidMetadata naming the field; Unsupported for a format version above 3.
Result<std::shared_ptr<const TableMetadata>> TableMetadataFromJson(std::string_view text);

/// Writes what TableMetadataFromJson reads back equal. v1 writes both the old single and the new
/// plural fields.
std::string TableMetadataToJson(const TableMetadata& metadata);

Result<Snapshot> SnapshotFromJson(const Json& json);
Json SnapshotToJson(const Snapshot& snapshot, int32_t format_version);
Result<PartitionSpec> PartitionSpecFromJson(const Json& json);
Json PartitionSpecToJson(const PartitionSpec& spec);
Result<SortOrder> SortOrderFromJson(const Json& json);
Json SortOrderToJson(const SortOrder& order);
Result<SnapshotRef> SnapshotRefFromJson(const Json& json);
Json SnapshotRefToJson(const SnapshotRef& ref);

}  // namespace iceframe
