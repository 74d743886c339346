# SPDX-License-Identifier: Apache-2.0
"""get_table: what people read from PyIceberg's table, under its names and with its values."""

import datetime as dt

import pyarrow as pa
import pytest

from iceframe import Table, col
from iceframe.errors import (
    NotFoundError,
    TableNotFoundError,
    UnsupportedOperationError,
    ValidationError,
)


@pytest.fixture
def both(ice, lake):
    """The same table, of ours and of PyIceberg."""
    ice.create_table(
        "sales.t",
        {
            "id": {"type": "long", "required": True},
            "day": "date",
            "price": "decimal(9, 2)",
            "tags": "list<string>",
            "at": "struct<x: double, y: double>",
            "names": "map<string, int>",
        },
        partition_spec=[("day", "month"), ("id", "bucket[4]")],
        sort_order=[("id", "desc")],
        properties={"note": "hello"},
    )
    for start in (0, 10):
        ice.append_to_table(
            "sales.t",
            {
                "id": list(range(start, start + 10)),
                "day": [dt.date(2024, 1 + i % 2, 1) for i in range(10)],
            },
        )
    return ice.get_table("sales.t"), lake.pyiceberg().load_table("sales.t")


def test_the_schema_is_pyicebergs(both):
    ours, theirs = (table.schema() for table in both)
    assert sorted(ours.column_names) == sorted(theirs.column_names)
    assert ours.schema_id == theirs.schema_id
    for name in ours.column_names:
        mine, other = ours.find_field(name), theirs.find_field(name)
        assert (mine.field_id, mine.name, mine.required, mine.doc) == (
            other.field_id,
            other.name,
            other.required,
            other.doc,
        )
        assert ours.find_column_name(mine.field_id) == name
        if mine.field_type.is_primitive:
            assert mine.field_type == other.field_type
            assert mine.field_type == str(other.field_type)
    assert [field.name for field in ours.fields] == [field.name for field in theirs.fields]
    assert ours.find_field(1).name == "id"
    assert ours.find_field("ID", case_sensitive=False).field_id == 1
    assert ours.find_type("tags").element_type == "string"
    with pytest.raises(ValueError, match="there is no such column: 'nope'"):
        ours.find_field("nope")


def test_spec_and_sort_order_are_pyicebergs(both):
    ours, theirs = both
    for mine, other in zip(ours.spec().fields, theirs.spec().fields, strict=True):
        assert (mine.source_id, mine.field_id, mine.name, mine.transform) == (
            other.source_id,
            other.field_id,
            other.name,
            str(other.transform),
        )
    assert ours.spec().spec_id == theirs.spec().spec_id
    assert ours.specs().keys() == theirs.specs().keys()
    assert not ours.spec().is_unpartitioned()
    for mine, other in zip(ours.sort_order().fields, theirs.sort_order().fields, strict=True):
        assert (mine.source_id, mine.transform) == (other.source_id, str(other.transform))
        assert (mine.direction, mine.null_order) == (
            other.direction.value,
            other.null_order.value,
        )
    assert ours.sort_orders().keys() == theirs.sort_orders().keys()


def test_snapshots_are_pyicebergs(both):
    ours, theirs = both
    for mine, other in zip(ours.snapshots(), theirs.snapshots(), strict=True):
        for name in ("snapshot_id", "parent_snapshot_id", "timestamp_ms", "manifest_list"):
            assert getattr(mine, name) == getattr(other, name)
        assert mine.summary.operation == other.summary.operation.value
        assert mine.summary["added-records"] == other.summary["added-records"] == "10"
    current = ours.current_snapshot()
    assert current.snapshot_id == theirs.current_snapshot().snapshot_id
    assert ours.snapshot_by_id(current.snapshot_id) == current
    assert ours.snapshot_by_name("main") == current
    assert ours.snapshot_by_id(1) is None
    assert ours.snapshot_by_name("nope") is None
    assert ours.snapshot_as_of_timestamp(current.timestamp_ms) == current
    assert ours.snapshot_as_of_timestamp(1) is None
    assert [entry.snapshot_id for entry in ours.history()] == [
        entry.snapshot_id for entry in theirs.history()
    ]
    assert {n: (r.snapshot_id, r.snapshot_ref_type) for n, r in ours.refs().items()} == {
        n: (r.snapshot_id, r.snapshot_ref_type) for n, r in theirs.refs().items()
    }


def test_metadata_is_pyicebergs(both):
    ours, theirs = both
    names = [
        "location",
        "format_version",
        "table_uuid",
        "current_snapshot_id",
        "last_updated_ms",
        "last_column_id",
        "last_sequence_number",
        "current_schema_id",
        "default_spec_id",
        "default_sort_order_id",
        "properties",
    ]
    for name in names:
        assert getattr(ours.metadata, name) == getattr(theirs.metadata, name), name
    assert len(ours.metadata.schemas) == len(theirs.metadata.schemas)
    assert len(ours.metadata.metadata_log) == len(theirs.metadata.metadata_log)
    assert ours.metadata.to_dict()["format-version"] == 2
    assert ours.location() == theirs.location()
    assert ours.metadata_location == theirs.metadata_location
    assert ours.properties == theirs.properties == {"note": "hello"}
    assert ours.name() == theirs.name() == ("sales", "t")
    assert theirs.schema().as_arrow().names == ours.arrow_schema().names


FILE_NAMES = (
    "file_path",
    "file_format",
    "content",
    "record_count",
    "file_size_in_bytes",
    "column_sizes",
    "value_counts",
    "null_value_counts",
    "lower_bounds",
    "upper_bounds",
    "split_offsets",
    "spec_id",
)


def test_manifests_and_files_are_pyicebergs(both):
    ours, theirs = both
    mine = ours.current_snapshot().manifests(ours.io)
    other = theirs.current_snapshot().manifests(theirs.io)
    for left, right in zip(mine, other, strict=True):
        for name in ("manifest_path", "manifest_length", "content", "added_files_count"):
            assert getattr(left, name) == getattr(right, name)
        entries = zip(
            left.fetch_manifest_entry(ours.io), right.fetch_manifest_entry(theirs.io), strict=True
        )
        for a, b in entries:
            assert (a.status, a.snapshot_id) == (b.status, b.snapshot_id)
            for name in FILE_NAMES:
                assert getattr(a.data_file, name) == getattr(b.data_file, name), name
            assert list(a.data_file.partition) == list(b.data_file.partition)


@pytest.mark.parametrize("text", ["id > 12", "day = '2024-02-01'", "id IS NULL", "id >= 0"])
def test_scans_are_pyicebergs(both, text):
    ours, theirs = both
    mine, other = ours.scan(text), theirs.scan(text)
    paths: list[list[str]] = []
    ids: list[list[int]] = []
    for scan in (mine, other):
        paths.append(sorted(task.file.file_path for task in scan.plan_files()))
        ids.append(sorted(scan.to_arrow()["id"].to_pylist()))
    assert paths[0] == paths[1]
    assert ids[0] == ids[1]
    assert mine.count() == other.count() == mine.to_polars().height == len(mine.to_pandas())
    assert pa.table(mine).num_rows == mine.to_arrow_batch_reader().read_all().num_rows


def test_scans_take_fields_snapshots_refs_and_limits(both):
    table, _ = both
    first = table.snapshots()[0].snapshot_id
    assert table.scan(selected_fields=("day", "id")).to_arrow().column_names == ["day", "id"]
    assert table.scan(snapshot_id=first).count() == 10
    assert table.scan(col("id") < 15, limit=3, ref="main").count() == 3
    assert table.scan("ID < 3", case_sensitive=False).count() == 3
    assert table.scan().to_duckdb("t").sql("SELECT count(*) FROM t").fetchone() == (20,)
    with pytest.raises(ValidationError, match="limit must not be negative"):
        table.scan(limit=-1)
    with pytest.raises(ValidationError, match="row_filter is neither text nor an expression: 5"):
        table.scan(5)
    with pytest.raises(NotFoundError):
        table.scan(ref="nope").count()


def test_a_table_stays_as_it_was_until_it_is_refreshed(both, ice):
    table, _ = both
    ice.append_to_table("sales.t", {"id": [99]})
    assert table.scan().count() == 20
    assert len(table.snapshots()) == 2
    assert table.refresh() is table
    assert table.scan().count() == 21
    assert len(table.snapshots()) == 3
    ice.drop_table("sales.t")
    with pytest.raises(TableNotFoundError):
        table.refresh()


def test_a_table_without_snapshots_has_none(ice):
    table = ice.create_table("t", {"id": "long"})
    assert table.current_snapshot() is None
    assert table.snapshots() == []
    assert table.history() == []
    assert table.refs() == {}
    assert table.scan().count() == 0
    assert table.scan().plan_files() == []
    assert table.spec().is_unpartitioned()
    assert table.sort_order().is_unsorted


def test_what_is_not_built_says_so(ice):
    table = ice.create_table("t", {"id": "long"})
    for call in (
        lambda: ice.delete_from_table("t", "id = 1"),
        lambda: ice.upsert("t", {"id": [1]}),
        lambda: ice.query("t").delete(),
        lambda: table.upsert({"id": [1]}),
    ):
        with pytest.raises(UnsupportedOperationError, match="is not built yet: "):
            call()
    assert not hasattr(ice, "merge")
    assert not hasattr(table, "upsert")
    for thing in (ice, table, ice.query("t")):
        with pytest.raises(AttributeError, match="has no attribute 'colour'") as caught:
            _ = thing.colour
        assert not isinstance(caught.value, UnsupportedOperationError)
    assert isinstance(table, Table)
