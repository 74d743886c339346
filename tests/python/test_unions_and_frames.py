# SPDX-License-Identifier: Apache-2.0
"""Unions, and data that is no table's, as parts of queries."""

import datetime as dt
import decimal
import uuid
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from iceframe import IceFrame, col
from iceframe.errors import MemoryLimitError, SchemaError, ValidationError
from iceframe.functions import count, max, sum

NAMES = {"id": [1, 3], "name": ["Ada", "Cleo"]}


@pytest.fixture
def ice(tmp_path):
    ice = IceFrame(
        {"uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": f"file://{tmp_path}/warehouse"}
    )
    ice.create_table("sales", {"id": "int", "price": "double"})
    ice.append_to_table("sales", {"id": [1, 2, 3], "price": [1.0, 2.0, 3.0]})
    ice.append_to_table("sales", {"id": [10, 11], "price": [10.0, None]})
    return ice


@dataclass
class Named:
    id: int
    name: str


class OnlyAnArray:
    def __init__(self, batch):
        self._batch = batch

    def __arrow_c_array__(self, requested_schema=None):
        return self._batch.__arrow_c_array__(requested_schema)


BATCH = pa.record_batch(NAMES)
DATA = {
    "polars": pl.DataFrame(NAMES),
    "lazy": pl.LazyFrame(NAMES),
    "pandas": pd.DataFrame(NAMES),
    "table": pa.table(NAMES),
    "batch": BATCH,
    "array": OnlyAnArray(BATCH),
    "dict": NAMES,
    "dict of arrays": {"id": np.array([1, 3]), "name": pl.Series(["Ada", "Cleo"])},
    "rows": [{"id": 1, "name": "Ada"}, {"id": 3, "name": "Cleo"}],
    "models": [Named(1, "Ada"), Named(3, "Cleo")],
    "batches": [pa.record_batch({"id": [1], "name": ["Ada"]}), BATCH.slice(1)],
    "frames": [pl.DataFrame(NAMES).head(1), pl.DataFrame(NAMES).tail(1)],
    "pandas frames": [pd.DataFrame(NAMES)],
}


# -- data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DATA)
def test_data_joins(ice, kind):
    joined = ice.query("sales").join(DATA[kind], "id").execute()
    assert joined.columns == ["id", "price", "name"]
    assert joined.rows() == [(1, 1.0, "Ada"), (3, 3.0, "Cleo")]


@pytest.mark.parametrize(
    "once", [iter(DATA["rows"]), pa.RecordBatchReader.from_batches(BATCH.schema, [BATCH])]
)
def test_what_can_be_read_once_is_read_at_the_call(ice, once):
    names = ice.query(once)
    assert names.execute().rows() == names.execute().rows() == [(1, "Ada"), (3, "Cleo")]


def test_all_kinds_of_joins_take_data(ice):
    names = {"id": [3, 4], "price": [0.5, 0.6]}
    sales = ice.query("sales").filter("id < 4")
    expected = {
        "inner": [(3, 3.0, 0.5)],
        "left": [(1, 1.0, None), (2, 2.0, None), (3, 3.0, 0.5)],
        "right": [(3, 3.0, 0.5), (4, None, 0.6)],
        "full": [(1, 1.0, None), (2, 2.0, None), (3, 3.0, 0.5), (4, None, 0.6)],
        "semi": [(3, 3.0)],
        "anti": [(1, 1.0), (2, 2.0)],
    }
    for how, rows in expected.items():
        joined = sales.join(names, "id", how).order_by("id").execute()
        assert joined.rows() == rows, how
    joined = sales.join(names, left_on="id", right_on="id").select("*").execute()
    assert joined.columns == ["id", "price", "id_right", "price_right"]
    assert joined.rows() == [(3, 3.0, 3, 0.5)]


def test_data_starts_a_query(ice):
    query = ice.query(pl.DataFrame({"id": [1, 2, None]})).filter("id > 1")
    assert query.execute().rows() == [(2,)]
    assert repr(query) == "query(<DataFrame>).filter('id > 1')"
    joined = ice.query({"id": [1]}).join("sales", "id")
    assert joined.execute().rows() == [(1, 1.0)]
    with pytest.raises(ValidationError, match="data has no snapshot_id"):
        ice.query({"id": [1]}, ref="main")


def test_columns_have_the_types_of_a_new_table(ice):
    moment = dt.datetime(2020, 1, 2, 3, 4, 5, 678901)
    frame = pl.DataFrame(
        {
            "small": pl.Series([1], dtype=pl.UInt8),
            "cat": pl.Series(["x"], dtype=pl.Categorical),
            "ns": pl.Series([moment], dtype=pl.Datetime("ns")),
            "nothing": [None],
            "cents": [decimal.Decimal("1.25")],
            "nested": [{"a": [1, None]}],
        }
    )
    read = ice.query(frame).execute()
    assert dict(read.schema) == {
        "small": pl.Int32,
        "cat": pl.String,
        "ns": pl.Datetime("ns"),
        "nothing": pl.Null,
        "cents": pl.Decimal(38, 2),
        "nested": pl.Struct({"a": pl.List(pl.Int64)}),
    }
    assert read.rows() == frame.rows()
    key = uuid.uuid4()
    assert ice.query({"key": [key]}).filter(f"key = '{key}'").execute().height == 1
    floats = ice.query(pd.DataFrame({"v": [1.5, np.nan]})).execute()
    assert floats["v"].to_list() == [1.5, None]


def test_what_is_no_data_is_refused(ice):
    sales = ice.query("sales")
    for wrong in (None, 5, 1.5, dict, object(), [1, 2], {"id": 3}, b"x"):
        with pytest.raises(ValidationError):
            sales.join(wrong, "id")
        with pytest.raises(ValidationError):
            sales.union(wrong)
    with pytest.raises(ValidationError, match="no rows, and nothing says what its columns are"):
        sales.union([])
    with pytest.raises(SchemaError, match=r"types of data can't be told .*found value of type"):
        sales.union({"id": [1, "x"]})
    with pytest.raises(SchemaError, match=r"d .*duration"):
        sales.union({"d": [dt.timedelta(1)]})
    with pytest.raises(ValidationError, match="same IceFrame"):
        sales.union(IceFrame({"type": "memory"}).query({"id": [1]}))


def test_an_error_within_data_comes_back(ice):
    def rows():
        yield {"id": 1}
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        ice.query("sales").join(rows(), "id")


def test_rows_of_data_are_not_counted_but_what_is_made_of_them(tmp_path):
    ice = IceFrame(
        {"uri": f"sqlite:///{tmp_path}/c.db", "warehouse": f"file://{tmp_path}/w"},
        memory_limit="8MB",
    )
    big = pl.DataFrame({"n": range(2_000_000)})
    assert ice.query(big).select(sum("n")).execute().item() == big["n"].sum()
    with pytest.raises(MemoryLimitError):
        ice.query(big).order_by("n", descending=True).execute()


def test_joins_skip_files_by_the_keys_of_data(ice):
    plan = ice.query("sales").join({"id": [10]}, "id").explain(analyze=True)
    assert "files: 1 of 2" in plan


# -- unions ----------------------------------------------------------------------------------------


def test_unions_keep_all_rows_in_order(ice):
    sales = ice.query("sales").filter("id < 3")
    united = sales.union("sales").union({"id": [1], "price": [1.0]}).union(sales)
    assert united.execute()["id"].to_list() == [1, 2, 1, 2, 3, 10, 11, 1, 1, 2]
    assert united.distinct().execute()["id"].to_list() == [1, 2, 3, 10, 11]
    assert united.limit(3).execute()["id"].to_list() == [1, 2, 1]
    assert repr(united) == (
        "query('sales').filter('id < 3').union('sales').union(<dict>)"
        ".union(query('sales').filter('id < 3'))"
    ).replace(").", ")\n  .").replace(
        "query('sales')\n  .filter('id < 3'))", "query('sales').filter('id < 3'))"
    )


def test_unions_match_columns_by_position_or_name(ice):
    swapped = pl.DataFrame({"price": [7.0], "id": [8]})
    sales = ice.query("sales").filter("id = 1")
    with pytest.raises(ValidationError, match="id is int in sales and double of price in <"):
        sales.union(swapped).execute()
    assert sales.union(swapped, by_name=True).execute().rows() == [(1, 1.0), (8, 7.0)]
    renamed = sales.union({"a": [8], "b": [7.0]}).execute()
    assert renamed.columns == ["id", "price"]
    with pytest.raises(ValidationError, match=r"as many columns .* 2 \(id, price\) and 1 \(id\)"):
        sales.union({"id": [8]}).execute()


def test_missing_columns_are_refused_or_null(ice):
    sales = ice.query("sales").filter("id = 1")
    other = {"id": [8], "note": ["x"]}
    with pytest.raises(ValidationError, match="missing on the right side of a union: price"):
        sales.union(other, by_name=True).execute()
    united = sales.union(other, by_name=True, allow_missing_columns=True)
    assert united.execute().rows(named=True) == [
        {"id": 1, "price": 1.0, "note": None},
        {"id": 8, "price": None, "note": "x"},
    ]
    assert united.filter("note IS NULL").execute()["id"].to_list() == [1]
    with pytest.raises(ValidationError, match="allow_missing_columns needs by_name=True"):
        sales.union(other, allow_missing_columns=True)
    with pytest.raises(ValidationError, match="by_name"):
        sales.union(other, by_name="yes")


def test_types_are_promoted_where_no_value_is_lost(ice):
    left = pl.DataFrame(
        {"i": [1], "f": [0.5], "d": [decimal.Decimal("1.25")], "t": [dt.datetime(2020, 1, 1)]},
        schema={"i": pl.Int32, "f": pl.Float32, "d": pl.Decimal(5, 2), "t": pl.Datetime("us")},
    )
    right = pl.DataFrame(
        {"i": [2**40], "f": [0.1], "d": [decimal.Decimal("99999.25")], "t": [None]},
        schema={"i": pl.Int64, "f": pl.Float64, "d": pl.Decimal(9, 2), "t": pl.Datetime("ns")},
    )
    for one, other in ((left, right), (right, left)):
        united = ice.query(one).union(other).execute()
        assert united.schema == right.schema
        assert united.rows() == one.rows() + other.rows()
    for wrong in ("string", "boolean", "date", "timestamp"):
        query = ice.query({"v": [1]}).union(ice.query({"v": [1]}).select(f"NULL::{wrong} AS v"))
        with pytest.raises(
            ValidationError, match=f"v is long on the left and {wrong} on the right"
        ):
            query.execute()
    far = ice.query({"t": [dt.datetime(1, 1, 1)]}).union(right.select("t"))
    with pytest.raises(SchemaError, match="0001-01-01"):
        far.execute()


def test_filters_columns_and_limits_go_to_all_sides(ice):
    united = ice.query("sales").union({"id": [9, 10], "price": [0.0, 1.0]})
    plan = str(united.filter("id >= 10").select("price").explain())
    assert "Scan: sales [price], filter: id >= 10\n        files: 1 of 2" in plan
    assert "Scan: <dict> [price], filter: id >= " in plan
    assert united.filter("id >= 10").select("price").execute()["price"].to_list() == [
        10.0,
        None,
        1.0,
    ]
    assert "limit: 2" in united.limit(2).explain()


def test_counts_and_extremes_of_unions_come_from_metadata(ice):
    united = ice.query("sales").union("sales").select(count().alias("n"), max("id").alias("last"))
    assert united.execute().rows() == [(10, 11)]
    plan = ice.query("sales").union("sales").select(count()).explain(analyze=True).to_dict()
    text = str(plan["inputs"])
    assert text.count("from metadata where exact") == 2
    assert "'files_scanned': 0" in text or "'data_bytes_read': 0" in text


def test_joins_offer_their_keys_to_unions(ice):
    united = ice.query("sales").union("sales")
    plan = united.join({"id": [10]}, "id").explain(analyze=True)
    assert str(plan).count("files: 1 of 2") == 2


def test_unions_stand_anywhere(ice):
    united = ice.query("sales").union({"id": [1], "price": [5.0]})
    grouped = united.group_by("id").select("id", sum("price").alias("total")).filter("total > 5")
    assert grouped.execute().rows() == [(1, 6.0), (10, 10.0)]
    joined = ice.query({"id": [1]}).join(united, "id").order_by("price").execute()
    assert joined.rows() == [(1, 1.0), (1, 5.0)]
    place = united.with_column("double", col("id") * 2).union({"a": [0], "b": [0.0], "c": [1]})
    assert place.execute().height == 7
