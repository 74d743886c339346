# SPDX-License-Identifier: Apache-2.0
"""A table whose partition spec and sort order we changed, read and written by PyIceberg and us."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, NestedField, StringType

from iceframe import IceFrame

_ROOT = Path(__file__).resolve().parents[2]
_SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False),
    NestedField(2, "city", StringType(), required=False),
)


def _tool() -> Path:
    folders = [os.environ.get("ICEFRAME_TOOLS"), _ROOT / "build/release", _ROOT / "build/dev"]
    tools = [Path(folder) / "evolve_tool" for folder in folders if folder]
    found = next((tool for tool in tools if tool.exists()), None)
    assert found, "evolve_tool is not built"
    return found


def _rows(begin: int, end: int) -> pa.Table:
    ids = range(begin, end)
    return pa.table({"id": pa.array(ids, pa.int64()), "city": [f"city {i % 3}" for i in ids]})


@pytest.mark.parametrize("version", ["1", "2"])
def test_files_of_every_spec_are_read(tmp_path: Path, version: str) -> None:
    uri, warehouse = f"sqlite:///{tmp_path}/c.db", f"file://{tmp_path}/warehouse"
    theirs = SqlCatalog("lake", uri=uri, warehouse=warehouse)
    theirs.create_namespace("db")
    theirs.create_table(
        "db.t",
        _SCHEMA,
        partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "city")),
        properties={"format-version": version},
    )
    ours = IceFrame({"type": "sql", "name": "lake", "uri": uri, "warehouse": warehouse})
    num_rows = 0

    def append() -> None:
        nonlocal num_rows
        ours.append_to_table("db.t", _rows(num_rows, num_rows + 5))
        num_rows += 5

    def evolve(*change: str) -> None:
        arguments = [_tool(), uri, warehouse, "lake", "db.t", *change]
        subprocess.run(arguments, check=True, timeout=60)

    append()
    # Later specs have a bucket, which PyIceberg writes only with its native extension.
    theirs.load_table("db.t").append(_rows(num_rows, num_rows + 5))
    num_rows += 5
    changes = [
        ["add", "id", "bucket[4]"],
        ["remove", "city"],
        ["rename", "id_bucket", "shard"],
        ["add", "city", "identity"],
        ["sort", "city", "truncate[3]"],
    ]
    for change in changes:
        evolve(*change)
        append()
        wanted = _rows(0, num_rows)
        table = theirs.load_table("db.t")
        assert table.scan().to_arrow().sort_by("id").to_pydict() == wanted.to_pydict()
        got = ours.to_arrow("db.t").sort_by("id")
        assert got.to_pydict() == wanted.to_pydict()
        filtered = table.scan(row_filter="city == 'city 1'").to_arrow()
        assert len(filtered) == sum(i % 3 == 1 for i in range(num_rows))

    assert [field.name for field in table.spec().fields if str(field.transform) != "void"] == [
        "shard",
        "city",
    ]
    assert len(table.specs()) >= 4
    (sort_field,) = table.sort_order().fields
    assert str(sort_field.transform) == "truncate[3]"
