# SPDX-License-Identifier: Apache-2.0
"""Writes the metadata files of this folder with PyIceberg (the v3 ones are written by hand)."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyiceberg
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    IdentityTransform,
    TruncateTransform,
    VoidTransform,
)
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

assert pyiceberg.__version__ == "0.12.0", pyiceberg.__version__
HERE = Path(__file__).parent
WAREHOUSE = "file:///warehouse"

ALL_TYPES = Schema(
    NestedField(1, "flag", BooleanType(), required=False),
    NestedField(2, "count", IntegerType(), required=False, doc="how many"),
    NestedField(3, "id", LongType(), required=True),
    NestedField(4, "ratio", FloatType(), required=False),
    NestedField(5, "score", DoubleType(), required=False),
    NestedField(6, "price", DecimalType(9, 2), required=False),
    NestedField(7, "day", DateType(), required=False),
    NestedField(8, "clock", TimeType(), required=False),
    NestedField(9, "ts", TimestampType(), required=False),
    NestedField(10, "tstz", TimestamptzType(), required=False),
    NestedField(11, "name", StringType(), required=False, doc='quoted "text" – ünïcode'),
    NestedField(12, "uuid", UUIDType(), required=False),
    NestedField(13, "digest", FixedType(16), required=False),
    NestedField(14, "payload", BinaryType(), required=False),
    NestedField(15, "tags", ListType(16, StringType(), element_required=False), required=False),
    NestedField(
        17,
        "attributes",
        MapType(18, StringType(), 19, LongType(), value_required=False),
        required=False,
    ),
    NestedField(
        20,
        "place",
        StructType(
            NestedField(21, "city", StringType(), required=False),
            NestedField(22, "zip", IntegerType(), required=True),
        ),
        required=False,
    ),
    identifier_field_ids=[3],
)
SPEC = PartitionSpec(
    PartitionField(7, 1000, IdentityTransform(), "day"),
    PartitionField(3, 1001, BucketTransform(16), "id_bucket"),
    PartitionField(11, 1002, TruncateTransform(4), "name_trunc"),
    PartitionField(9, 1003, DayTransform(), "ts_day"),
    PartitionField(2, 1004, VoidTransform(), "count_void"),
)
ORDER = SortOrder(
    SortField(3, IdentityTransform(), SortDirection.DESC, NullOrder.NULLS_LAST),
    SortField(11, BucketTransform(8), SortDirection.ASC, NullOrder.NULLS_FIRST),
)


def save(table, name: str, root: str) -> None:
    """Copies a table's metadata with the temporary warehouse's place replaced."""
    text = Path(table.metadata_location.removeprefix("file://")).read_text()
    text = text.replace(f"file://{root}", WAREHOUSE).replace(root, "/warehouse")
    json.loads(text)
    (HERE / name).write_text(text + "\n")


def history(catalog: SqlCatalog, version: int):
    """A table with appends, an overwrite, a branch, a tag and an evolved schema and spec."""
    schema = Schema(
        NestedField(1, "id", LongType(), required=False),
        NestedField(2, "name", StringType(), required=False),
    )
    table = catalog.create_table(
        f"db.history_v{version}",
        schema,
        properties={"format-version": str(version), "owner": "tests"},
    )
    rows = pa.table({"id": pa.array([1, 2], pa.int64()), "name": ["a", "b"]})
    table.append(rows)
    table.append(rows, snapshot_properties={"by": "tests"})
    first = table.metadata.snapshots[0].snapshot_id
    table.manage_snapshots().create_tag(first, "first", max_ref_age_ms=10_000_000).commit()
    table.manage_snapshots().create_branch(
        first, "audit", max_snapshot_age_ms=1000, min_snapshots_to_keep=2
    ).commit()
    with table.update_schema() as update:
        update.add_column("extra", DoubleType(), doc="added later")
        update.rename_column("name", "label")
    with table.update_spec() as update:
        update.add_field("id", IdentityTransform(), "id")
    with table.transaction() as transaction:
        transaction.set_properties({"commit.retry.num-retries": "7"})
    table.delete("id = 1")
    return table


def main() -> None:
    with tempfile.TemporaryDirectory() as root:
        catalog = SqlCatalog("golden", uri="sqlite:///:memory:", warehouse=f"file://{root}")
        catalog.create_namespace("db")
        for version in (1, 2):
            table = catalog.create_table(
                f"db.all_types_v{version}",
                ALL_TYPES,
                partition_spec=SPEC,
                sort_order=ORDER,
                properties={"format-version": str(version)},
            )
            save(table, f"v{version}_all_types.metadata.json", root)
            save(history(catalog, version), f"v{version}_history.metadata.json", root)
    print(f"written to {HERE}", file=sys.stderr)


if __name__ == "__main__":
    main()
