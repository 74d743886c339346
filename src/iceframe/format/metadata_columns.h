// SPDX-License-Identifier: Apache-2.0
// Columns that every table has besides its own: where a row lies. Spec: "Reserved Field IDs".
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/types/schema.h"
#include "iceframe/types/value.h"

namespace iceframe {

inline constexpr FieldId kFileColumnId = 2147483646;
inline constexpr FieldId kPosColumnId = 2147483645;
inline constexpr FieldId kSpecIdColumnId = 2147483643;
inline constexpr FieldId kPartitionColumnId = 2147483642;

/// Whether it is the id of a metadata column itself (not of a field of `_partition`).
bool IsMetadataColumnId(FieldId id);
/// `_pos`: a row's place in its data file, from 0 on.
NestedField PosColumn();

/// Returns the metadata column called `name`, nullptr if there is none: `_file`, `_pos`,
/// `_spec_id` and `_partition`, a struct of all specs' fields.
///
/// Fields of `_partition` have the ids of the partition fields, others where a column has or had
/// that id. As in Iceberg's Java library they are ordered by id, named as the newest spec names
/// them, and without those whose source column the table no longer has; a dropped field of a v1
/// table keeps the type it had. Older fields of a name that is taken get their id at its end.
/// Errors: Unsupported for other reserved names, which can't be read yet, and for unknown
/// transforms; InvalidMetadata if two specs mean different things by one partition field.
Result<std::shared_ptr<const NestedField>> FindMetadataColumn(const TableMetadata& metadata,
                                                              std::string_view name,
                                                              bool case_sensitive = true);

/// Returns the schema with those metadata columns at its end that `names`, dotted ones too, ask
/// for; `schema` itself if none do. Its own columns hide metadata columns of their names.
/// Errors: those of FindMetadataColumn.
Result<std::shared_ptr<const Schema>> WithMetadataColumns(
    const TableMetadata& metadata, const std::shared_ptr<const Schema>& schema,
    const std::vector<std::string>& names, bool case_sensitive = true);

/// As WithMetadataColumns, for those that fields of these ids belong to.
Result<std::shared_ptr<const Schema>> WithMetadataColumnsById(
    const TableMetadata& metadata, const std::shared_ptr<const Schema>& schema,
    const std::set<FieldId>& ids);

/// The values that all rows of a file have in the metadata columns of `schema`, by field id:
/// `_file`, `_spec_id`, and the fields of `_partition`, null where the file's spec lacks one. A
/// `_partition` without fields is null itself.
std::map<FieldId, Value> MetadataValuesOf(const TableMetadata& metadata, const DataFile& file,
                                          const Schema& schema);

/// Whether the spec has the field of `_partition` with that id.
bool HasPartitionField(const PartitionSpec& spec, FieldId id);

}  // namespace iceframe
