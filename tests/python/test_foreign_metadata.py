# SPDX-License-Identifier: Apache-2.0
"""Metadata of other writers that can't be right, and what others must find in ours."""

import datetime as dt
import math
import uuid
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.conversions import to_bytes
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.manifest import DataFile, ManifestFile
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.typedef import Record
from pyiceberg.types import (
    DoubleType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    UUIDType,
)

import iceframe
from iceframe import IceFrame

INT_MIN = -(2**31)


def found(ice: IceFrame, filter_expr: str, column: str = "i") -> list[Any]:
    return sorted(ice.to_arrow("t", filter_expr=filter_expr)[column].to_pylist())


def file_by_hand(
    table: Table, rows: dict[str, Any], partition: Any, without_bounds: bool = False
) -> DataFile:
    """A file of PyIceberg's with a partition value that it didn't compute."""
    frame = pa.table(rows, schema=table.schema().as_arrow())
    unpartitioned = table.metadata.model_copy(
        update={"partition_specs": [PartitionSpec(spec_id=0)]}
    )
    (file,) = _dataframe_to_data_files(unpartitioned, frame, table.io)
    file._data[3] = Record(partition)
    if without_bounds:
        for statistics in (file.lower_bounds, file.upper_bounds, file.null_value_counts):
            statistics.clear()
    return file


def append_files(table: Table, *files: DataFile) -> None:
    with table.transaction() as change, change.update_snapshot().fast_append() as fast:
        for file in files:
            fast.append_data_file(file)
    table.refresh()


def append_by_hand(table: Table, *file: Any) -> None:
    append_files(table, file_by_hand(table, *file))


@pytest.mark.parametrize("without_bounds", [False, True])
def test_rows_whose_truncation_wrapped_around_are_found_after_promotion(ice, lake, without_bounds):
    schema = Schema(NestedField(1, "i", IntegerType()))
    ice.create_table("t", schema, partition_spec=[("i", "truncate[10]")])
    table = lake.pyiceberg().load_table("default.t")
    # As Iceberg Java and pyiceberg-core have it: wrapped around in 32 bits.
    append_by_hand(table, {"i": [INT_MIN, INT_MIN + 1]}, 2147483646, without_bounds)
    append_by_hand(table, {"i": [INT_MIN + 8]}, INT_MIN + 8, without_bounds)
    append_by_hand(table, {"i": [-11]}, -20, without_bounds)
    append_by_hand(table, {"i": [0, 9]}, 0, without_bounds)
    append_by_hand(table, {"i": [2**31 - 1]}, 2147483640, without_bounds)
    with table.update_schema() as change:
        change.update_column("i", LongType())
    table.refresh()
    append_by_hand(table, {"i": [2**31 + 5]}, 2147483650, without_bounds)
    values = [INT_MIN, INT_MIN + 1, INT_MIN + 8, -11, 0, 9, 2**31 - 1, 2**31 + 5]
    for text in (
        f"i = {INT_MIN}",
        "i <= 0",
        "i < 0",
        f"i < {INT_MIN + 2}",
        f"i IN ({INT_MIN}, 9)",
        f"i <> {INT_MIN}",
        "i > 0",
        f"i >= {INT_MIN}",
        f"i = {2**31 - 1}",
        f"NOT i > {INT_MIN + 1}",
    ):
        python = text.replace(" = ", " == ").replace("<>", "!=").replace("IN", "in")
        python = python.replace("NOT", "not")
        expected = sorted(i for i in values if eval(python, {"i": i}))
        assert found(ice, text) == expected, text
        assert ice.count_rows("t", text) == len(expected), text


@pytest.fixture
def hours(ice, lake) -> Table:
    """A table by hours."""
    schema = Schema(NestedField(1, "i", LongType()), NestedField(2, "ts", TimestampType()))
    ice.create_table("t", schema, partition_spec=[("ts", "hour")])
    return lake.pyiceberg().load_table("default.t")


@pytest.mark.parametrize("without_bounds", [False, True])
def test_hours_rounded_towards_zero_hide_no_row(hours, ice, without_bounds):
    times = [dt.datetime(1969, 12, 31, 23, 59), dt.datetime(1969, 12, 31, 20, 30)]
    append_by_hand(hours, {"i": [1], "ts": [times[0]]}, 0, without_bounds)
    append_by_hand(hours, {"i": [2], "ts": [times[1]]}, -3, without_bounds)
    append_by_hand(hours, {"i": [3], "ts": [dt.datetime(1970, 1, 1, 0, 30)]}, 0, without_bounds)
    assert found(ice, "ts < TIMESTAMP '1970-01-01 00:00:00'") == [1, 2]
    assert found(ice, "ts = TIMESTAMP '1969-12-31 23:59:00'") == [1]
    assert found(ice, "ts <= TIMESTAMP '1969-12-31 21:00:00'") == [2]
    assert found(ice, "ts IN (TIMESTAMP '1969-12-31 20:30:00')") == [2]
    assert found(ice, "ts >= TIMESTAMP '1970-01-01 00:00:00'") == [3]


def test_a_partition_value_that_its_rows_can_not_have_hides_none(hours, ice):
    noon = dt.datetime(2024, 1, 1, 12)
    files = [
        file_by_hand(hours, {"i": [i], "ts": [noon]}, hour) for i, hour in ((1, 7), (2, 473364))
    ]
    append_files(hours, *files)
    assert found(ice, "ts > TIMESTAMP '2024-01-01 00:00:00'") == [1, 2]
    assert found(ice, "ts < TIMESTAMP '2000-01-01 00:00:00'") == []
    # Nor does it prove that all of a file's rows match: nothing is overwritten.
    early = {"i": [9], "ts": [dt.datetime(1970, 1, 1, 7, 30)]}
    ice.overwrite_table("t", early, "ts < TIMESTAMP '2000-01-01 00:00:00'")
    assert found(ice, "i > 0") == [1, 2, 9]


@pytest.mark.parametrize(
    ("lower", "upper"),
    [(b"\xc3", b"b"), (b"b", b"\xc3"), (b"z", b"b"), (b"\xff", None), (None, b"\xc3")],
)
def test_bounds_of_text_that_can_not_be_right_hide_no_row(ice, lake, lower, upper):
    ice.create_table("t", {"s": "string"})
    table = lake.pyiceberg().load_table("default.t")
    rows = pa.table({"s": ["a", "é"]}, schema=table.schema().as_arrow())
    (file,) = _dataframe_to_data_files(table.metadata, rows, table.io)
    for bounds, value in ((file.lower_bounds, lower), (file.upper_bounds, upper)):
        bounds.pop(1, None)
        if value is not None:
            bounds[1] = value
    append_files(table, file)
    for text, expected in (("s = 'a'", ["a"]), ("s > 'c'", ["é"]), ("s LIKE 'é%'", ["é"])):
        assert found(ice, text, "s") == expected, text
    extremes = ice.query("t").select("min(s) AS low", "max(s) AS high").to_arrow().to_pylist()
    assert extremes == [{"low": "a", "high": "é"}]


@pytest.mark.parametrize(("lower", "upper"), [(30, 10), (math.nan, 10.0), (10.0, math.nan)])
def test_bounds_of_numbers_that_can_not_be_right_hide_no_row(ice, lake, lower, upper):
    ice.create_table("t", {"i": "double"})
    table = lake.pyiceberg().load_table("default.t")
    rows = pa.table({"i": [5.0, 50.0]}, schema=table.schema().as_arrow())
    (file,) = _dataframe_to_data_files(table.metadata, rows, table.io)
    file.lower_bounds[1] = to_bytes(DoubleType(), float(lower))
    file.upper_bounds[1] = to_bytes(DoubleType(), float(upper))
    file.nan_value_counts[1] = 0
    append_files(table, file)
    assert found(ice, "i < 9") == [5.0]
    assert found(ice, "i > 40") == [50.0]
    extremes = ice.query("t").select("min(i) AS low", "max(i) AS high").to_arrow().to_pylist()
    assert extremes == [{"low": 5.0, "high": 50.0}]


def manifest_list(lake) -> list[ManifestFile]:
    table = lake.pyiceberg().load_table("default.t")
    return table.current_snapshot().manifests(table.io)


@pytest.mark.parametrize("version", [1, 2])
def test_manifest_lists_always_have_the_array_of_partitions(ice, lake, version):
    ice.create_table("t", {"i": "long"}, format_version=version)
    table = lake.pyiceberg().load_table("default.t")
    table.append(pa.table({"i": [1]}))
    ice.append_to_table("t", {"i": [2]})
    assert [manifest.partitions for manifest in manifest_list(lake)] == [[], []]


def test_snapshots_say_who_made_them_of_what(ice, lake):
    ice.create_table("t", {"i": "long"}, properties={"commit.manifest.min-count-to-merge": "3"})
    for i in range(3):
        ice.append_to_table("t", {"i": [i]})
    table = lake.pyiceberg().load_table("default.t")
    summaries = [snapshot.summary for snapshot in table.snapshots()]
    for summary in summaries:
        assert summary["engine-name"] == "iceframe"
        assert summary["engine-version"] == iceframe.__version__
        assert summary["iceberg-version"] == f"iceframe {iceframe.__version__}"
    keys = ("manifests-created", "manifests-kept", "manifests-replaced")
    assert [tuple(summary[key] for key in keys) for summary in summaries] == [
        ("1", "0", "0"),
        ("1", "1", "0"),
        ("1", "0", "2"),
    ]


UUIDS = [
    uuid.UUID(text)
    for text in (
        "10000000-0000-4000-8000-000000000001",
        "7fffffff-0000-4000-8000-000000000003",
        "80000000-0000-4000-8000-000000000004",
        "f0000000-0000-4000-8000-000000000002",
    )
]


def uuid_rows() -> pa.Table:
    storage = pa.array([value.bytes for value in UUIDS], pa.binary(16))
    return pa.table({"u": pa.ExtensionArray.from_storage(pa.uuid(), storage), "n": [1, 2, 3, 4]})


def test_uuid_bounds_of_manifests_are_the_same_in_every_order(ice, lake):
    schema = Schema(NestedField(1, "u", UUIDType()), NestedField(2, "n", LongType()))
    ice.create_table("t", schema, partition_spec=[("u", "identity")])
    ice.append_to_table("t", uuid_rows())
    for manifest in manifest_list(lake):
        (summary,) = manifest.partitions
        assert (summary.lower_bound[0] < 0x80) == (summary.upper_bound[0] < 0x80)
    for number, value in enumerate(UUIDS, start=1):
        assert found(ice, f"u = '{value}'", "n") == [number]


def test_an_append_that_outlasts_a_schema_change_names_the_current_schema(ice, lake):
    schema = Schema(NestedField(1, "i", LongType()), NestedField(2, "s", StringType()))
    ice.create_table("t", schema)
    ice.append_to_table("t", {"i": [0], "s": ["old"]})
    arrow_schema = pa.schema([("i", pa.int64()), ("s", pa.string())])

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([[1], ["before"]], schema=arrow_schema)
        table = lake.pyiceberg().load_table("default.t")
        with table.update_schema() as change:
            change.delete_column("s")
        with table.update_schema() as change:
            change.add_column("s", StringType())
        yield pa.record_batch([[2], ["after"]], schema=arrow_schema)

    ice.append_to_table("t", pa.RecordBatchReader.from_batches(arrow_schema, batches()))
    table = lake.pyiceberg().load_table("default.t")
    assert table.current_snapshot().schema_id == table.schema().schema_id
    nulls = [None, None, None]
    assert ice.to_arrow("t").sort_by("i")["s"].to_pylist() == nulls
    assert ice.read_table("t")["s"].to_list() == nulls
    assert ice.lazy("t").collect()["s"].to_list() == nulls
    assert ice.query("t").select("s").to_arrow()["s"].to_pylist() == nulls
    assert ice.query("t").select("count(s) AS n").to_arrow()["n"].to_pylist() == [0]
    assert ice.to_arrow("t", filter_expr="s = 'before'").num_rows == 0
    assert ice.to_arrow("t", filter_expr="s IS NULL").num_rows == 3
    snapshot = table.current_snapshot().snapshot_id
    assert ice.to_arrow("t", snapshot_id=snapshot)["s"].to_pylist() == nulls


def test_head_of_many_appends_opens_the_oldest_files_only(ice):
    ice.create_table("t", {"i": "long"}, properties={"commit.manifest-merge.enabled": "false"})
    for i in range(40):
        ice.append_to_table("t", {"i": [i]})
    reader = ice.scan("t", limit=10)
    assert pa.table(reader)["i"].to_pylist() == list(range(10))
    counters = reader.counters()
    assert counters["manifests_read"] + counters["manifests_from_cache"] == 10
    assert counters["files_scanned"] == 10
    assert ice.head("t", 3)["i"].to_list() == [0, 1, 2]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_rows_come_as_they_were_appended(ice, lake, version):
    properties = {"commit.manifest.min-count-to-merge": "4"}
    ice.create_table("t", {"i": "long"}, format_version=version, properties=properties)
    table = lake.pyiceberg().load_table("default.t")
    for i in range(11):
        if i % 3 == 2 and version < 3:
            table.refresh()
            table.append(pa.table({"i": [i]}))
        else:
            ice.append_to_table("t", {"i": [i]})
    assert ice.read_table("t")["i"].to_list() == list(range(11))
    assert ice.lazy("t").head(3).collect()["i"].to_list() == [0, 1, 2]
    assert ice.query("t").limit(4).execute()["i"].to_list() == [0, 1, 2, 3]
