# SPDX-License-Identifier: Apache-2.0
"""head, count_rows, describe, to_pandas and lazy."""

import datetime as dt
import decimal

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from iceframe import IceFrame
from iceframe.errors import TableNotFoundError, UnsupportedOperationError, ValidationError


def duckdb_rows(stream):
    return duckdb.sql("SELECT * FROM stream").fetchall()


@pytest.fixture
def users(ice):
    ice.create_table("users", {"id": "long", "name": "string", "x": "double"})
    for start in (0, 100, 200):
        ids = list(range(start, start + 100))
        names = [f"u{i}" if i % 7 else None for i in ids]
        x = [float("nan") if i % 5 == 0 else float(i) for i in ids]
        ice.append_to_table("users", {"id": ids, "name": names, "x": x})
    return ice


def test_head_returns_the_first_rows(users):
    rows = users.read_table("users")
    assert users.head("users").equals(rows.head(5))
    assert users.head("users", 2).equals(rows.head(2))
    assert users.head("users", 0).shape == (0, 3)
    with pytest.raises(ValidationError, match="limit must not be negative"):
        users.head("users", -1)


def test_count_rows_counts_exactly(users):
    first = users.get_table("users").snapshots()[0].snapshot_id
    assert users.count_rows("users") == 300
    assert users.count_rows("users", "id >= 250") == 50
    assert users.count_rows("users", "name IS NULL") == len(range(0, 300, 7))
    assert users.count_rows("users", snapshot_id=first) == 100
    users.create_table("empty", {"id": "long"})
    assert users.count_rows("empty") == 0
    with pytest.raises(TableNotFoundError):
        users.count_rows("nowhere")


def test_describe_is_what_polars_says_of_the_rows(users):
    assert users.describe("users").equals(users.read_table("users").describe())
    assert users.describe("users", ["id"]).columns == ["statistic", "id"]


def test_to_pandas_returns_the_rows(users):
    frame = users.to_pandas("users", ["id", "name"], "id < 3")
    assert frame["id"].tolist() == [0, 1, 2]
    assert frame["name"][0] is None or frame["name"].isna()[0]


LAZY_QUERIES = [
    lambda f: f,
    lambda f: f.select("name"),
    lambda f: f.filter(pl.col("id") > 120),
    lambda f: f.filter(pl.col("id") > 120).select("name"),
    lambda f: f.filter(pl.col("id") > 120).head(3),
    lambda f: f.head(110).filter(pl.col("id") > 90),
    lambda f: f.filter(pl.col("x") > 250).select("id"),
    lambda f: f.filter(pl.col("name").is_null()).select(pl.len()),
    lambda f: f.select(pl.len()),
    lambda f: f.select(pl.col("id").sum()),
    lambda f: f.filter(pl.col("id") < 0),
    lambda f: f.tail(2),
    lambda f: f.slice(99, 3).select("id"),
    lambda f: f.join(f.select("id"), on="id", how="semi").select("id"),
]


@pytest.mark.parametrize("query", LAZY_QUERIES)
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_lazy_answers_as_the_whole_frame_does(users, query, engine):
    expected = query(users.read_table("users").lazy()).collect()
    answer = query(users.lazy("users")).collect(engine=engine)
    assert answer.equals(expected)


def test_lazy_reads_only_what_is_asked_for(users, monkeypatch):
    asked = []
    whole = users._reads.rows

    def spy(table, request):
        asked.append((request["columns"], request["limit"]))
        return whole(table, request)

    monkeypatch.setattr(users._reads, "rows", spy)
    assert users.lazy("users").select("name").head(3).collect().height == 3
    assert asked == [(["name"], 3)]


def test_lazy_reads_the_table_as_it_was_at_the_call(users):
    frame = users.lazy("users")
    users.append_to_table("users", {"id": [999]})
    assert frame.select(pl.len()).collect().item() == 300
    users.create_table("empty", {"id": "long"})
    assert users.lazy("empty").collect().shape == (0, 1)
    with pytest.raises(TableNotFoundError):
        users.lazy("nowhere")


@pytest.mark.parametrize("read", [pa.table, pl.DataFrame, duckdb_rows])
def test_errors_inside_a_stream_say_their_kind_and_file(users, lake, read):
    (damaged, *_) = sorted((lake.folder / "warehouse").rglob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-8] + bytes(8))
    with pytest.raises(Exception, match="damaged") as caught:
        read(users.scan("users"))
    assert "InvalidData" in str(caught.value)
    assert damaged.name in str(caught.value)


def test_tables_with_a_sort_order_are_written_in_it(ice, lake):
    ice.create_table(
        "t",
        {"city": "string", "n": "long"},
        partition_spec=[("n", "truncate[1000]")],
        sort_order=[("city", "desc"), "n"],
    )
    rows = {"city": ["Oslo", None, "Rome", "Oslo"], "n": [7, 1, 3, 2]}
    ice.append_to_table("t", rows)
    expected = {"city": ["Rome", "Oslo", "Oslo", None], "n": [3, 2, 7, 1]}
    assert ice.to_arrow("t").to_pydict() == expected
    theirs = lake.pyiceberg().load_table("default.t")
    order = theirs.sort_order().order_id
    assert order > 0
    assert theirs.inspect.files()["sort_order_id"].to_pylist() == [order]
    assert theirs.scan().to_arrow().to_pydict() == expected


def test_damaged_metadata_is_named_even_with_bytes_that_are_no_text(ice, lake):
    ice.create_table("t", {"n": "long"})
    ice.append_to_table("t", {"n": [1]})
    (manifest_list,) = (lake.folder / "warehouse").rglob("snap-*.avro")
    content = manifest_list.read_bytes()
    assert b"deflate" in content
    manifest_list.write_bytes(content.replace(b"deflate", b"def\xecate"))
    where = ice.get_table("t").metadata_location
    other = IceFrame({"type": "memory", "allowed-locations": f"file://{lake.folder}"})
    other.register_table("t", where)
    with pytest.raises(UnsupportedOperationError, match=r"def\\xecate") as caught:
        other.to_arrow("t")
    assert manifest_list.name in str(caught.value)


PUSHED = [
    (pl.col("id") > 120, "id > 120"),
    (120 < pl.col("id"), "id > 120"),
    (pl.col("id").is_in([3, 250]), "id IN (3, 250)"),
    (pl.col("id").is_between(5, 9, closed="left"), "id >= 5 AND id < 9"),
    (pl.col("name") == "u8", "name = 'u8'"),
    (pl.col("name").str.starts_with("u25"), "name STARTS WITH 'u25'"),
    (pl.col("name").is_null(), "name IS NULL"),
    (~(pl.col("id") > 120), "id <= 120"),
    ((pl.col("id") < 5) | (pl.col("name") == "u299"), "id < 5 OR name = 'u299'"),
    ((pl.col("id") < 50) & (pl.col("name").str.len_chars() == 2), "id < 50"),
    (pl.col("x") >= 1.5, "x >= 1.5e0"),
    # Polars' own alone: another type, a computed value, a part of an OR.
    (pl.col("id") * 2 > 5, None),
    (pl.col("id") > 2.5, None),
    ((pl.col("id") < 5) | (pl.col("name").str.len_chars() == 2), None),
]


@pytest.mark.parametrize(("predicate", "text"), PUSHED)
def test_filters_of_lazy_frames_reach_the_scan(users, monkeypatch, predicate, text):
    asked = []
    whole = users._reads.rows

    def spy(table, request):
        asked.append(None if request["filter"] is None else request["filter"].to_sql())
        return whole(table, request)

    expected = users.read_table("users").filter(predicate)
    monkeypatch.setattr(users._reads, "rows", spy)
    assert users.lazy("users").filter(predicate).collect().equals(expected)
    assert asked == [text]


def test_lazy_frames_of_every_kind_of_value_are_filtered_right(ice):
    day, moment = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30)
    rows = pl.DataFrame(
        {
            "i": [1, 2, None],
            "f": [0.5, float("nan"), None],
            "b": [True, False, None],
            "d": [day, dt.date(1969, 1, 1), None],
            "t": [moment, dt.datetime(1969, 1, 1), None],
            "z": [moment.replace(tzinfo=dt.UTC), dt.datetime(1969, 1, 1, tzinfo=dt.UTC), None],
            "m": [decimal.Decimal("1.50"), decimal.Decimal("-2.25"), None],
            "a.b": [1, 2, None],
        },
        schema_overrides={"m": pl.Decimal(9, 2), "f": pl.Float32, "i": pl.Int32},
    )
    ice.create_table("t", rows)
    ice.append_to_table("t", rows)
    column = pl.col
    for predicate in (
        column("i") == 2,
        column("i") < 2**40,
        column("f") > 0.4,
        column("f") == float("nan"),
        column("b"),
        ~column("b"),
        column("d") == day,
        column("t") >= moment,
        column("z") >= moment.replace(tzinfo=dt.UTC),
        column("z") != moment.replace(tzinfo=dt.UTC),
        column("m") == decimal.Decimal("1.5"),
        column("m") < 0,
        column("m").is_in([decimal.Decimal("1.50")]),
        column("a.b") == 1,
        column("i").is_in([1, None]),
        column("i").eq_missing(None),
        column("i").ne_missing(1),
        column("d").is_in([]),
    ):
        expected = rows.filter(predicate)
        assert ice.lazy("t").filter(predicate).collect().equals(expected), str(predicate)


def test_lazy_frames_are_collected_together_and_joined(users):
    frame = users.lazy("users")
    low, high = pl.collect_all([frame.filter(pl.col("id") < 5), frame.filter(pl.col("id") > 295)])
    assert (low["id"].to_list(), high["id"].to_list()) == ([0, 1, 2, 3, 4], [296, 297, 298, 299])
    other = pl.LazyFrame({"id": [3, 299], "y": ["a", "b"]})
    joined = frame.join(other, on="id").filter(pl.col("id") > 200).select("y")
    assert joined.collect(engine="streaming").to_series().to_list() == ["b"]


def test_frames_get_text_as_views_and_arrow_gets_it_as_it_was(ice):
    ice.create_table("t", {"a": "string", "b": "binary", "c": "list<string>", "n": "long"})
    texts = ["short", None, "longer than twelve bytes", ""]
    rows = {"a": texts, "b": [b"x", b"", None, b"y" * 20], "c": [texts, [], None, ["z"]]}
    ice.append_to_table("t", {**rows, "n": [1, 2, 3, 4]})
    stream = ice.scan("t")
    views = pa.table(stream.read_all(as_views=True))
    kept = pa.list_(pa.field("element", pa.string()))
    assert views.schema.types == [pa.string_view(), pa.binary_view(), kept, pa.int64()]
    assert pa.table(stream.read_all(as_views=True)).num_rows == 0
    assert ice.to_arrow("t").schema.types == [pa.string(), pa.binary(), kept, pa.int64()]
    frame = ice.read_table("t")
    assert frame.to_dict(as_series=False) == ice.to_arrow("t").to_pydict()
    assert ice.read_table("t", limit=0).schema == frame.schema
