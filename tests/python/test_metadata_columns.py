# SPDX-License-Identifier: Apache-2.0
"""`_file`, `_pos`, `_spec_id` and `_partition`: where rows lie."""

from __future__ import annotations

import polars as pl
import pytest

from iceframe.errors import UnsupportedOperationError, ValidationError


@pytest.fixture
def ice(lake):
    """Files of three specs: by city; by city and tens of the id; by the tens alone."""
    frame = lake.open()
    frame.create_table("t", {"id": "long", "city": "string"}, partition_spec=["city"])
    frame.append_to_table("t", {"id": [1, 2, 3], "city": ["Oslo", "Rome", None]})
    table = lake.pyiceberg().load_table("default.t")
    with table.update_spec() as spec:
        spec.add_field("id", "truncate[10]", "tens")
    frame.append_to_table("t", {"id": [14, 25], "city": ["Oslo", "Oslo"]})
    with table.update_spec() as spec:
        spec.remove_field("city")
    frame.append_to_table("t", {"id": [36], "city": ["Rome"]})
    return frame


def rows(ice, columns, filter_expr=None, table="t"):
    return ice.read_table(table, columns, filter_expr).rows()


def test_each_row_tells_its_spec_and_partition(ice):
    read = sorted(rows(ice, ["id", "_spec_id", "_partition"]))
    assert read == [
        (1, 0, {"city": "Oslo", "tens": None}),
        (2, 0, {"city": "Rome", "tens": None}),
        (3, 0, {"city": None, "tens": None}),
        (14, 1, {"city": "Oslo", "tens": 10}),
        (25, 1, {"city": "Oslo", "tens": 20}),
        (36, 2, {"city": None, "tens": 30}),
    ]
    assert sorted(rows(ice, ["id", "_partition.tens"], "id > 20")) == [
        (25, {"tens": 20}),
        (36, {"tens": 30}),
    ]


def test_all_columns_are_the_tables_own(ice):
    assert ice.read_table("t").columns == ["id", "city"]


@pytest.mark.parametrize(
    ("filter_expr", "ids"),
    [
        ("_spec_id = 0", [1, 2, 3]),
        ("_spec_id <> 0", [14, 25, 36]),
        ("_spec_id IN (1, 2) AND id < 30", [14, 25]),
        ("_spec_id = 7", []),
        ("_spec_id IS NULL", []),
        ("_partition.city = 'Oslo'", [1, 14, 25]),
        ("_partition.city IS NULL", [3, 36]),
        ("_partition.tens >= 20", [25, 36]),
        ("_partition.tens IS NULL", [1, 2, 3]),
        ("_partition.city = 'Oslo' OR id = 36", [1, 14, 25, 36]),
        ("_pos = 0 AND city = 'Rome'", [2, 36]),
        ("_pos > 0", []),
        ("_file LIKE '%.parquet' AND city IS NULL", [3]),
        ("_file = 'nowhere'", []),
        ("NOT (_file = 'nowhere') AND id = 1", [1]),
    ],
)
def test_filters_see_them(ice, filter_expr, ids):
    assert sorted(row[0] for row in rows(ice, ["id"], filter_expr)) == ids
    assert ice.count_rows("t", filter_expr) == len(ids)


def test_a_file_is_found_by_its_name_and_no_other_is_opened(ice):
    ((name,),) = rows(ice, ["_file"], "id = 14")
    stream = ice.scan("t", ["id"], f"_file = '{name}'")
    assert stream.read_all().num_rows == 1
    counters = stream.counters()
    assert counters["files_total"] == 6
    assert counters["files_scanned"] == 1
    assert counters["files_skipped_by_partition"] == 5
    stream = ice.scan("t", ["id"], "_spec_id = 1")
    assert stream.read_all().num_rows == 2
    assert stream.counters()["files_scanned"] == 2


@pytest.mark.parametrize("name", ["_deleted", "_row_id", "_last_updated_sequence_number"])
def test_others_are_refused_by_name(ice, name):
    for read in (
        lambda: ice.read_table("t", [name]),
        lambda: ice.read_table("t", filter_expr=f"{name} IS NULL"),
    ):
        with pytest.raises(UnsupportedOperationError, match=name):
            read()


def test_a_tables_own_columns_of_such_names_are_its_own(lake):
    ice = lake.open()
    ice.create_table("own", {"_file": "string", "_row_id": "long", "_partition": "int"})
    ice.append_to_table("own", {"_file": ["mine"], "_row_id": [7], "_partition": [1]})
    assert rows(ice, ["_file", "_row_id", "_partition", "_pos"], table="own") == [("mine", 7, 1, 0)]
    assert ice.count_rows("own", "_file = 'mine' AND _row_id = 7 AND _spec_id = 0") == 1


def test_an_unpartitioned_table_has_no_partition(lake):
    ice = lake.open()
    ice.create_table("plain", {"id": "long"})
    ice.append_to_table("plain", {"id": [1]})
    read = ice.to_arrow("plain", ["id", "_partition"])
    assert read.schema.field("_partition").type.num_fields == 0
    assert read["_partition"].to_pylist() == [None]


def test_a_dropped_column_takes_its_field_of_the_partition(ice, lake):
    table = lake.pyiceberg().load_table("default.t")
    with table.update_schema() as update:
        update.delete_column("city")
    assert sorted(rows(ice, ["id", "_partition"])) == [
        (1, {"tens": None}),
        (2, {"tens": None}),
        (3, {"tens": None}),
        (14, {"tens": 10}),
        (25, {"tens": 20}),
        (36, {"tens": 30}),
    ]


def test_positions_count_through_row_groups(lake):
    ice = lake.open()
    ice.create_table("wide", {"id": "long"}, properties={"write.parquet.row-group-limit": 100})
    ice.append_to_table("wide", {"id": list(range(1000))})
    assert rows(ice, ["_pos"], "id IN (5, 250, 999)", table="wide") == [(5,), (250,), (999,)]
    assert rows(ice, ["id"], "_pos BETWEEN 198 AND 201", table="wide") == [
        (198,),
        (199,),
        (200,),
        (201,),
    ]


def test_queries_name_them_wherever_a_column_is_named(ice):
    query = ice.query("t")
    assert query.select("*").execute().columns == ["id", "city"]
    assert query.execute().columns == ["id", "city"]
    by_spec = query.group_by("_spec_id").select("_spec_id", "count(*) AS n").order_by("_spec_id")
    assert by_spec.execute().rows() == [(0, 3), (1, 2), (2, 1)]
    by_partition = query.group_by("_partition").select("_partition", "sum(id) AS ids")
    assert ({"city": "Oslo", "tens": 10}, 14) in by_partition.execute().rows()
    assert by_partition.execute().height == 6
    last = query.order_by("_partition.tens", descending=True, nulls_last=True).limit(1)
    assert last.execute().rows() == [(36, "Rome")]
    places = query.filter("_spec_id = 1 AND id > 20").select("id", "_pos", "_partition.city")
    assert places.execute().rows() == [(25, 0, "Oslo")]
    assert query.with_column("spec", "_spec_id + 1").execute().columns == ["id", "city", "spec"]
    later = query.with_column("double", "id * 2").select("double", "_spec_id").order_by("double")
    assert later.limit(1).execute().rows() == [(2, 0)]
    assert query.select("*", "_spec_id").execute().columns == ["id", "city", "_spec_id"]
    assert query.select("id").filter("_spec_id = 2").execute().rows() == [(36,)]
    files = query.select("_file").distinct().execute()
    assert files.height == 6


def test_a_joined_table_has_its_own(ice):
    other = ice.query("t").select("id", "_spec_id")
    both = ice.query("t").select("id", "_spec_id", "city").join(other, on="id").order_by("id")
    assert both.execute().columns == ["id", "_spec_id", "city", "_spec_id_right"]
    assert both.execute().rows()[-1] == (36, 2, "Rome", 2)


def test_queries_skip_files_by_them_and_refuse_the_others(ice):
    plan = ice.query("t").filter("_spec_id = 1").explain(analyze=True)
    assert "files: 2 of 6" in plan
    for name in ("_row_id", "_deleted"):
        for query in (
            ice.query("t").select(name),
            ice.query("t").filter(f"{name} IS NULL"),
            ice.query("t").order_by(name),
        ):
            with pytest.raises(UnsupportedOperationError, match=name):
                query.execute()


def test_tables_heads_and_lazy_frames_have_them(ice):
    assert ice.head("t", 1, ["_pos", "id"]).columns == ["_pos", "id"]
    scan = ice.get_table("t").scan("_spec_id = 2", selected_fields=("id", "_spec_id"))
    assert scan.to_polars().rows() == [(36, 2)]
    assert scan.count() == 1
    assert len(scan.plan_files()) == 1
    lazy = ice.lazy("t", ["id", "_spec_id"])
    assert lazy.filter(pl.col("_spec_id") == 2).collect().rows() == [(36, 2)]
    assert ice.lazy("t").collect().columns == ["id", "city"]


def test_unknown_names_stay_unknown(ice):
    with pytest.raises(ValidationError, match="_fil"):
        ice.read_table("t", ["_fil"])
