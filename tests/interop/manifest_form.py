# SPDX-License-Identifier: Apache-2.0
"""Manifests as PyIceberg reads them, in the JSON form of manifest_json.h."""

from pyiceberg.conversions import to_bytes
from pyiceberg.manifest import ManifestEntry, ManifestFile
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema


def _hex(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).hex()


def _map(values: dict | None, convert=int) -> dict[str, object]:
    return {str(key): convert(value) for key, value in (values or {}).items()}


def entry_form(entry: ManifestEntry, spec: PartitionSpec, schema: Schema) -> dict[str, object]:
    """Gives one entry; `spec` and `schema` are those of its manifest."""
    file = entry.data_file
    types = [field.field_type for field in spec.partition_type(schema).fields]
    values = [file.partition[i] for i in range(len(types))]
    return {
        "status": int(entry.status),
        "snapshot_id": entry.snapshot_id,
        "sequence_number": entry.sequence_number,
        "file_sequence_number": entry.file_sequence_number,
        "content": int(file.content or 0),
        "file_path": file.file_path,
        "file_format": file.file_format.value,
        "spec_id": file.spec_id,
        "partition": [
            None if value is None else to_bytes(kind, value).hex()
            for kind, value in zip(types, values, strict=True)
        ],
        "record_count": file.record_count,
        "file_size_in_bytes": file.file_size_in_bytes,
        "column_sizes": _map(file.column_sizes),
        "value_counts": _map(file.value_counts),
        "null_value_counts": _map(file.null_value_counts),
        "nan_value_counts": _map(file.nan_value_counts),
        "lower_bounds": _map(file.lower_bounds, _hex),
        "upper_bounds": _map(file.upper_bounds, _hex),
        "key_metadata": _hex(file.key_metadata),
        "split_offsets": list(file.split_offsets or []),
        "equality_ids": list(file.equality_ids or []),
        "sort_order_id": file.sort_order_id,
    }


def manifest_form(manifest: ManifestFile) -> dict[str, object]:
    """Gives one manifest as its list describes it."""
    names = (
        "manifest_path",
        "manifest_length",
        "partition_spec_id",
        "content",
        "sequence_number",
        "min_sequence_number",
        "added_snapshot_id",
        "added_files_count",
        "existing_files_count",
        "deleted_files_count",
        "added_rows_count",
        "existing_rows_count",
        "deleted_rows_count",
    )
    form: dict[str, object] = {name: getattr(manifest, name) for name in names}
    form["content"] = int(manifest.content or 0)
    form["partitions"] = [
        {
            "contains_null": summary.contains_null,
            "contains_nan": summary.contains_nan,
            "lower_bound": _hex(summary.lower_bound),
            "upper_bound": _hex(summary.upper_bound),
        }
        for summary in manifest.partitions or []
    ]
    form["key_metadata"] = _hex(manifest.key_metadata)
    return form
