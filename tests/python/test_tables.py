# SPDX-License-Identifier: Apache-2.0
"""Create, append, read, overwrite, time-travel; PyIceberg and DuckDB read what was written."""

import datetime as dt
import math

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from every_type import every_type_rows, every_type_schema

import iceframe
from iceframe.errors import (
    AlreadyExistsError,
    NotFoundError,
    SchemaError,
    TableNotFoundError,
    ValidationError,
)


def rows_of(table: pa.Table) -> list[dict]:
    """Rows as plain values with NaN made comparable."""
    return [
        {
            name: "NaN" if isinstance(value, float) and math.isnan(value) else value
            for name, value in row.items()
        }
        for row in table.to_pylist()
    ]


def test_the_package_is_ours():
    assert int(iceframe.__version__.split(".")[0]) >= 1
    assert iceframe._native.version() == iceframe.__version__


def test_a_table_is_created_appended_to_and_read_back(ice, lake):
    ice.create_table("users", {"id": "long", "name": "string"})
    report = ice.append_to_table("users", {"id": [1, 2, 3], "name": ["Ada", None, "Cid"]})
    assert report.num_rows == 3
    assert ice.to_arrow("users").to_pydict() == {"id": [1, 2, 3], "name": ["Ada", None, "Cid"]}
    theirs = lake.pyiceberg().load_table("default.users")
    assert theirs.scan().to_arrow().to_pydict() == {"id": [1, 2, 3], "name": ["Ada", None, "Cid"]}
    assert theirs.current_snapshot().snapshot_id == report.snapshot_id


def test_every_type_survives_and_pyiceberg_reads_it_equal(ice, lake):
    rows = every_type_rows()
    ice.create_table("every", every_type_schema())
    ice.append_to_table("every", rows)
    ours = ice.to_arrow("every")
    assert ours.schema.equals(every_type_schema())
    assert rows_of(ours) == rows_of(rows)
    theirs = lake.pyiceberg().load_table("default.every").scan().to_arrow()
    assert rows_of(theirs.cast(every_type_schema())) == rows_of(rows)


def test_pyiceberg_written_tables_read_equal(ice, lake):
    rows = every_type_rows()
    catalog = lake.pyiceberg()
    catalog.create_namespace("default")
    table = catalog.create_table("default.theirs", every_type_schema())
    table.append(rows)
    assert rows_of(ice.to_arrow("theirs")) == rows_of(rows)


@pytest.mark.parametrize(
    ("column", "transform"),
    [
        ("i", "identity"),
        ("s", "identity"),
        ("b", "identity"),
        ("day", "identity"),
        ("tz", "identity"),
        ("dec9", "identity"),
        ("u", "identity"),
        ("i", "bucket[4]"),
        ("l", "bucket[4]"),
        ("dec9", "bucket[4]"),
        ("dec18", "bucket[4]"),
        ("day", "bucket[4]"),
        ("tod", "bucket[4]"),
        ("ts", "bucket[4]"),
        ("tz", "bucket[4]"),
        ("s", "bucket[4]"),
        ("u", "bucket[4]"),
        ("bin", "bucket[4]"),
        ("fx", "bucket[4]"),
        ("i", "truncate[10]"),
        ("l", "truncate[10]"),
        ("dec9", "truncate[50]"),
        ("s", "truncate[2]"),
        ("bin", "truncate[2]"),
        ("day", "year"),
        ("day", "month"),
        ("day", "day"),
        ("ts", "year"),
        ("ts", "month"),
        ("ts", "day"),
        ("ts", "hour"),
        ("tz", "day"),
        ("tz", "hour"),
        ("i", "void"),
    ],
)
def test_every_transform_partitions_and_pyiceberg_reads_it_equal(ice, lake, column, transform):
    rows = every_type_rows()
    if transform == "truncate[10]":
        # The least integers have no multiple of ten below them.
        rows = rows.filter(~pc.is_in(pc.field(column), pa.array([-(2**31), -(2**63)])))
    ice.create_table("parts", every_type_schema(), partition_spec=[(column, transform)])
    ice.append_to_table("parts", rows)
    key = lambda row: repr(sorted(row.items()))  # noqa: E731
    expected = sorted(rows_of(rows), key=key)
    assert sorted(rows_of(ice.to_arrow("parts")), key=key) == expected
    theirs = lake.pyiceberg().load_table("default.parts").scan().to_arrow()
    assert sorted(rows_of(theirs.cast(every_type_schema())), key=key) == expected


def test_duckdb_reads_what_was_written_equal(ice, duckdb_iceberg):
    ice.create_table("every", every_type_schema(), partition_spec=[("i", "bucket[3]")])
    ice.append_to_table("every", every_type_rows())
    ice.append_to_table("every", every_type_rows())
    where = ice.get_table("every").metadata_location.removeprefix("file://")
    names = [name for name in every_type_schema().names if name not in ("fx", "u")]
    query = f"SELECT {', '.join(names)} FROM iceberg_scan('{where}')"
    theirs = duckdb_iceberg.sql(query).to_arrow_table()
    ours = ice.to_arrow("every", columns=names)
    key = lambda row: repr(sorted(row.items(), key=repr))  # noqa: E731
    cast = theirs.cast(ours.schema)
    assert sorted(rows_of(cast), key=key) == sorted(rows_of(ours), key=key)


def test_filters_columns_and_limit(ice):
    ice.create_table("t", {"id": "long", "city": "string", "n": "int"})
    ice.append_to_table(
        "t", {"id": [1, 2, 3, 4], "city": ["Oslo", "Rome", None, "Oslo"], "n": [1, 2, 3, None]}
    )
    read = ice.to_arrow("t", columns=["n", "id"], filter_expr="city = 'Oslo'")
    assert read.column_names == ["n", "id"]
    assert read.to_pydict() == {"n": [1, None], "id": [1, 4]}
    assert ice.to_arrow("t", filter_expr="city IS NULL").num_rows == 1
    assert ice.to_arrow("t", limit=3).num_rows == 3
    assert ice.to_arrow("t", limit=0).num_rows == 0
    assert ice.to_arrow("t", filter_expr="id > 1 AND n < 3", columns=["city"]).to_pydict() == {
        "city": ["Rome"]
    }


def test_read_table_returns_polars(ice):
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", pl.DataFrame({"id": [1, 2]}))
    frame = ice.read_table("t", filter_expr="id = 2")
    assert isinstance(frame, pl.DataFrame)
    assert frame.to_dict(as_series=False) == {"id": [2]}


def test_time_travel_by_snapshot_time_and_ref(ice, lake):
    ice.create_table("t", {"id": "long"})
    first = ice.append_to_table("t", {"id": [1]}).snapshot_id
    second = ice.append_to_table("t", {"id": [2]}).snapshot_id
    assert ice.to_arrow("t", snapshot_id=first).to_pydict() == {"id": [1]}
    assert sorted(ice.to_arrow("t", snapshot_id=second).to_pydict()["id"]) == [1, 2]
    snapshots = ice.get_table("t").snapshots()
    assert [snapshot.snapshot_id for snapshot in snapshots] == [first, second]
    if snapshots[0].timestamp_ms < snapshots[1].timestamp_ms:
        at_first = ice.to_arrow("t", as_of_timestamp=snapshots[0].timestamp_ms)
        assert at_first.to_pydict() == {"id": [1]}
    with pytest.raises(LookupError):
        ice.to_arrow("t", as_of_timestamp=1)
    with pytest.raises(LookupError):
        ice.to_arrow("t", snapshot_id=12345)
    theirs = lake.pyiceberg().load_table("default.t")
    theirs.manage_snapshots().create_tag(first, "v1").create_branch(first, "audit").commit()
    assert ice.to_arrow("t", ref="v1").to_pydict() == {"id": [1]}
    ice.append_to_table("t", {"id": [9]}, branch="audit")
    assert sorted(ice.to_arrow("t", ref="audit").to_pydict()["id"]) == [1, 9]
    assert sorted(ice.to_arrow("t").to_pydict()["id"]) == [1, 2]
    with pytest.raises(LookupError, match="nope"):
        ice.to_arrow("t", ref="nope")


def test_overwrite_whole_and_by_filter(ice, lake):
    ice.create_table("t", {"day": "date", "n": "long"}, partition_spec=[("day", "identity")])
    days = [dt.date(2024, 1, 1), dt.date(2024, 1, 2)]
    ice.append_to_table("t", {"day": [days[0], days[0], days[1]], "n": [1, 2, 3]})
    report = ice.overwrite_table("t", {"day": [days[0]], "n": [7]}, "day = DATE '2024-01-01'")
    assert report.num_deleted_files == 1
    assert sorted(ice.to_arrow("t").to_pydict()["n"]) == [3, 7]
    ice.create_table("u", {"n": "long"})
    ice.append_to_table("u", {"n": [1, 2]})
    with pytest.raises(NotImplementedError):
        ice.overwrite_table("u", {"n": [1]}, "n = 1")
    assert ice.to_arrow("u").to_pydict() == {"n": [1, 2]}
    ice.overwrite_table("t", {"day": [days[1]], "n": [0]})
    assert ice.to_arrow("t").to_pydict() == {"day": [days[1]], "n": [0]}
    theirs = lake.pyiceberg().load_table("default.t").scan().to_arrow()
    assert theirs.to_pydict() == {"day": [days[1]], "n": [0]}


def test_lossless_casts_and_their_errors(ice):
    ice.create_table("t", {"n": "int", "s": "string", "ts": "timestamptz"})
    moment = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
    rows = pa.table(
        {
            "n": pa.array([1], pa.int64()),
            "s": pa.array(["x"]).dictionary_encode(),
            "ts": pa.array([moment]).cast(pa.timestamp("ms", "Europe/Oslo")),
        }
    )
    ice.append_to_table("t", rows)
    assert ice.to_arrow("t").to_pylist() == [{"n": 1, "s": "x", "ts": moment}]
    with pytest.raises(SchemaError, match="n"):
        ice.append_to_table("t", {"n": [2**31]})
    with pytest.raises(SchemaError, match="extra"):
        ice.append_to_table("t", {"n": [1], "extra": [1]})
    assert ice.to_arrow("t").num_rows == 1


def test_errors_name_the_thing(ice):
    with pytest.raises(TableNotFoundError, match=r"default\.missing"):
        ice.to_arrow("missing")
    ice.create_table("t", {"id": "long"})
    with pytest.raises(AlreadyExistsError, match=r"default\.t"):
        ice.create_table("t", {"id": "long"})
    with pytest.raises(ValidationError, match="nosuchtype"):
        ice.create_table("u", {"id": "nosuchtype"})
    with pytest.raises(ValidationError, match="frob"):
        ice.create_table("u", {"id": "long"}, partition_spec=[("id", "frob")])
    with pytest.raises(ValidationError, match="idd"):
        ice.to_arrow("t", filter_expr="idd = 1")
    with pytest.raises(ValidationError):
        ice.to_arrow("t", filter_expr="id = ")


def test_tables_and_namespaces_are_listed_by_both(ice, lake):
    ice.create_table("a.b.t", {"id": "long"})
    ice.create_namespace("empty", {"owner": "me"})
    catalog = lake.pyiceberg()
    assert catalog.list_tables("a.b") == [("a", "b", "t")]
    assert ("empty",) in catalog.list_namespaces()
    catalog.create_namespace("theirs")
    catalog.create_table("theirs.x", pa.schema([("id", pa.int64())]))
    assert ice.list_tables("theirs") == ["theirs.x"]
    with pytest.raises(NotFoundError, match="namespace does not exist: nowhere"):
        ice.list_tables("nowhere")
    ice.drop_table("a.b.t", purge=True)
    assert not ice.table_exists("a.b.t")
    assert catalog.list_tables("a.b") == []


def test_both_append_to_one_table(ice, lake):
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": [1]})
    theirs = lake.pyiceberg().load_table("default.t")
    theirs.append(pa.table({"id": pa.array([2], pa.int64())}))
    ice.append_to_table("t", {"id": [3]})
    theirs.refresh()
    assert sorted(theirs.scan().to_arrow().to_pydict()["id"]) == [1, 2, 3]
    assert sorted(ice.to_arrow("t").to_pydict()["id"]) == [1, 2, 3]


def test_evolved_tables_read_by_field_id(ice, lake):
    ice.create_table("t", {"a": "int", "b": "string", "s": "struct<x: int, y: string>"})
    ice.append_to_table("t", {"a": [1], "b": ["one"], "s": [{"x": 1, "y": "p"}]})
    theirs = lake.pyiceberg().load_table("default.t")
    from pyiceberg.types import LongType, StringType

    with theirs.update_schema() as update:
        update.rename_column("b", "text")
        update.update_column("a", LongType())
        update.add_column("c", StringType())
        update.rename_column("s.x", "z")
    with theirs.update_schema() as update:
        update.move_first("text")
    ice.append_to_table(
        "t", pa.table({"text": ["two"], "a": [2**40], "c": ["new"], "s": [{"z": 2, "y": "q"}]})
    )
    rows = sorted(ice.to_arrow("t").to_pylist(), key=lambda row: row["a"])
    assert ice.to_arrow("t").column_names == ["text", "a", "s", "c"]
    assert rows == [
        {"text": "one", "a": 1, "s": {"z": 1, "y": "p"}, "c": None},
        {"text": "two", "a": 2**40, "s": {"z": 2, "y": "q"}, "c": "new"},
    ]
    assert ice.to_arrow("t", filter_expr="text = 'one'").num_rows == 1
    assert ice.to_arrow("t", filter_expr="c IS NULL").to_pydict()["a"] == [1]
    assert ice.to_arrow("t", filter_expr="a > 5").to_pydict()["text"] == ["two"]


@pytest.mark.parametrize(
    "described", ["timestamp_ns", "list<timestamptz_ns>", {"at": "timestamp_ns"}]
)
def test_types_of_a_newer_format_version_are_never_made_into_others(ice, described):
    with pytest.raises(ValidationError, match="needs format_version=3"):
        ice.create_table("t", {"x": described})
    ice.create_table("t", {"x": described}, format_version=3)
    ice.create_table("u", {"x": "struct<timestamp_ns: int>"})
