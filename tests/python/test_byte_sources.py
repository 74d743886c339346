# SPDX-License-Identifier: Apache-2.0
"""Bytes by where they came from: files, or caches in memory and on disk."""

import polars as pl
import pytest

from iceframe import IceFrame, _native
from iceframe.cache import DiskCache, QueryCache
from iceframe.monitoring import QueryLog

pa = pytest.importorskip("pyarrow")


def counted():
    """Returns the bytes that the process has counted, by kind and source."""
    return {
        (labels["kind"], labels["source"]): value
        for name, labels, value in _native.metrics()
        if name == "iceframe_scan_bytes_total"
    }


def grown(before):
    return {key: value - before[key] for key, value in counted().items() if value != before[key]}


def read(ice: IceFrame) -> dict[str, int]:
    """Reads the table and returns what that counted."""
    with QueryLog() as log:
        assert ice.read_table("t").height == 3
    return log.entries()[0]["counters"]


def test_what_was_read_is_found_in_memory_afterwards(lake):
    # Written by somebody else: no cache of ours knows it.
    catalog = lake.pyiceberg()
    catalog.create_namespace_if_not_exists("default")
    theirs = catalog.create_table("default.t", schema=pa.schema([("id", pa.int64())]))
    theirs.append(pa.table({"id": [1, 2, 3]}))
    (metadata_folder,) = lake.folder.rglob("metadata")
    (data_file,) = lake.folder.rglob("*.parquet")
    footer_bytes = int.from_bytes(data_file.read_bytes()[-8:-4], "little") + 8
    newest = max(metadata_folder.glob("*.json"))
    metadata_bytes = sum(file.stat().st_size for file in (newest, *metadata_folder.glob("*.avro")))

    ice, before = lake.open(), counted()
    first = read(ice)
    assert first["metadata_bytes_read"] == metadata_bytes
    assert first["data_bytes_read"] > footer_bytes
    assert "footer_bytes_from_cache" not in first
    assert grown(before) == {
        ("metadata", "remote"): metadata_bytes,
        ("data", "remote"): first["data_bytes_read"],
    }

    before = counted()
    second = read(ice)
    assert "metadata_bytes_read" not in second
    assert second["metadata_bytes_from_cache"] == metadata_bytes
    assert second["footer_bytes_from_cache"] == footer_bytes
    assert 0 < second["data_bytes_read"] < first["data_bytes_read"]
    assert grown(before) == {
        ("metadata", "memory"): metadata_bytes,
        ("data", "remote"): second["data_bytes_read"],
        ("data", "memory"): footer_bytes,
    }


def test_a_kept_answer_is_rows_from_memory(ice):
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": list(range(1000))})
    cache = QueryCache()
    ice.query("t").cache().execute()
    before = counted()
    assert ice.query("t").cache().execute().height == 1000
    assert grown(before)[("rows", "memory")] >= 8000
    before = counted()
    prepared = ice.query("t").cache()
    prepared.execute()
    prepared.execute()
    assert grown(before)[("rows", "memory")] >= 16000
    assert ("data", "remote") not in grown(before)
    cache.clear()


def test_rows_of_callers_come_from_memory_and_from_disk(tmp_path):
    frame = pl.DataFrame({"id": range(1000)})
    disk, memory = DiskCache(tmp_path / "kept"), QueryCache()
    disk.put("t", {}, frame)
    memory.put("t", {}, frame)
    (entry,) = (tmp_path / "kept").glob("*.entry")
    before = counted()
    assert disk.get("t", {"other": 1}) is None
    assert grown(before) == {}
    assert disk.get("t", {}).height == 1000
    assert grown(before) == {("rows", "disk"): entry.stat().st_size}
    before = counted()
    assert memory.get("t", {}).height == 1000
    assert grown(before)[("rows", "memory")] >= 8000
