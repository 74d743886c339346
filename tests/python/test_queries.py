# SPDX-License-Identifier: Apache-2.0
"""The query builder: what its steps mean, seen from outside."""

import json

import polars as pl
import pyarrow as pa
import pytest

from iceframe import ValidationError, col, lit
from iceframe.functions import (
    avg,
    count,
    count_distinct,
    lag,
    max,
    min,
    rank,
    row_number,
    sum,
    when,
)

ROWS = pa.table(
    {
        "id": [1, 2, 3, 4, 5, 6],
        "g": ["a", "b", "a", None, "b", "a"],
        "v": [10, 20, None, 40, 50, 60],
        "f": [1.5, float("nan"), -0.0, 0.0, None, 2.5],
        "s": [{"x": i, "y": str(i)} for i in range(6)],
    }
)


@pytest.fixture
def ice(lake):
    ice = lake.open()
    ice.create_table("t", ROWS.schema)
    ice.append_to_table("t", ROWS)
    names = {"g": ["a", "b", "c", None], "name": ["AA", "BB", "CC", "NN"], "v": [1, 2, 3, 4]}
    ice.create_table("d", {"g": "string", "name": "string", "v": "long"})
    ice.append_to_table("d", names)
    return ice


def rows(query):
    return [tuple(row) for row in query.execute().iter_rows()]


def test_steps_work_on_the_rows_of_the_step_before(ice):
    t = ice.query("t")
    assert rows(t.filter("v > 15").select("id")) == [(2,), (4,), (5,), (6,)]
    assert rows(t.limit(3).filter(col("v") > 15).select("id")) == [(2,)]
    assert rows(t.order_by("v", descending=True).limit(2).select("id")) == [(6,), (5,)]
    assert rows(t.limit(2).offset(3).select("id")) == [(4,), (5,)]
    assert rows(t.offset(4).select("id")) == [(5,), (6,)]


def test_a_limit_stays_above_aggregates_and_windows(ice):
    t = ice.query("t")
    assert rows(t.select(sum("v")).limit(1)) == [(180,)]
    total = sum("v").over().alias("total")
    assert rows(t.select("id", total).limit(2)) == [(1, 180), (2, 180)]


def test_aggregates_skip_nulls_and_take_nan_for_the_greatest(ice):
    query = ice.query("t").select(
        count(), count("v"), count_distinct("g"), sum("v"), avg("v"), min("f"), max("f")
    )
    row = query.execute().row(0)
    assert row[:5] == (6, 5, 2, 180, 36.0)
    assert row[5] == 0
    assert row[6] != row[6]
    none = ice.query("t").filter("id < 0").select(count(), sum("v"), max("g"))
    assert rows(none) == [(0, None, None)]
    assert rows(ice.query("t").filter("id < 0").group_by("g").select("g", count())) == []


def test_groups_come_in_order_of_appearance_and_null_is_one(ice):
    t = ice.query("t")
    expected = [("a", 70), ("b", 70), (None, 40)]
    assert rows(t.group_by("g").select("g", sum("v"))) == expected
    assert rows(t.select("g", sum("v")).group_by("g")) == expected
    assert rows(t.group_by("g").filter("id < 6").select("g", sum("v"))) == [
        ("a", 10),
        ("b", 70),
        (None, 40),
    ]
    assert rows(t.group_by(col("id") % 2).select(col("id") % 2, count())) == [(1, 3), (0, 3)]
    halves = (sum("v") / count()).alias("mean")
    assert rows(t.group_by("g").select("g", halves).order_by("g").limit(1)) == [("a", 70 / 3)]


def test_columns_and_aggregates_out_of_sight_filter_and_order(ice):
    t = ice.query("t")
    assert rows(t.select("id").filter("v >= 50").order_by("v DESC")) == [(6,), (5,)]
    groups = t.group_by("g").select("g", count().alias("n"))
    assert rows(groups.filter(sum("v") > 40)) == [("a", 3), ("b", 2)]
    assert rows(groups.select("g").order_by(sum("v"), "g")) == [(None,), ("a",), ("b",)]
    assert rows(t.select("s.x").filter("s.y = '3'")) == [(3,)]


def test_nulls_come_last_and_nan_after_numbers(ice):
    t = ice.query("t")
    assert rows(t.order_by("f").select("id")) == [(3,), (4,), (1,), (6,), (2,), (5,)]
    backwards = t.order_by(col("f").desc(nulls_last=False)).select("id")
    assert rows(backwards) == [(5,), (2,), (6,), (1,), (3,), (4,)]
    assert rows(
        t.order_by("g", "v", descending=[True, False], nulls_last=[False, True]).select("id")
    ) == [(4,), (2,), (5,), (1,), (6,), (3,)]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("inner", [(1, "a", "AA"), (2, "b", "BB"), (3, "a", "AA"), (5, "b", "BB"), (6, "a", "AA")]),
        ("left", [(1, "a", "AA"), (2, "b", "BB"), (3, "a", "AA"), (4, None, None), (5, "b", "BB"),
                  (6, "a", "AA")]),
        ("right", [(1, "a", "AA"), (2, "b", "BB"), (3, "a", "AA"), (5, "b", "BB"), (6, "a", "AA"),
                   (None, "c", "CC"), (None, None, "NN")]),
        ("outer", [(1, "a", "AA"), (2, "b", "BB"), (3, "a", "AA"), (4, None, None), (5, "b", "BB"),
                   (6, "a", "AA"), (None, "c", "CC"), (None, None, "NN")]),
    ],
)  # fmt: skip
def test_joins(ice, how, expected):
    joined = ice.query("t").join("d", on="g", how=how)
    assert rows(joined.select("id", "g", "name")) == expected
    assert joined.execute().columns == ["id", "g", "v", "f", "s", "name", "v_right"]


def test_semi_anti_and_cross_joins(ice):
    t = ice.query("t")
    assert rows(t.join("d", on="g", how="semi").select("id")) == [(1,), (2,), (3,), (5,), (6,)]
    assert rows(t.join("d", on="g", how="anti").select("id")) == [(4,)]
    assert rows(t.join("d", how="cross").select(count())) == [(24,)]
    small = ice.query("d").filter("v > 1")
    both = t.join(small, left_on="g", right_on="g").filter("name = 'BB'")
    assert rows(both.select("id", "g", "g_right")) == [(2, "b", "b"), (5, "b", "b")]
    assert rows(t.join("t", on="id").select("id", "v", "v_right").limit(1)) == [(1, 10, 10)]


def test_a_filter_on_the_open_side_of_an_outer_join_keeps_its_meaning(ice):
    joined = ice.query("t").join("d", on="g", how="left").select("id", "name")
    assert rows(joined.filter("name IS NULL")) == [(4, None)]
    assert rows(joined.filter("name = 'BB'")) == [(2, "BB"), (5, "BB")]


def test_windows(ice):
    query = ice.query("t").select(
        "id",
        row_number().over("g", order_by="id").alias("n"),
        lag("v", 1, 0).over("g", order_by="id").alias("before"),
        sum("v").over("g", order_by="id").alias("running"),
        rank().over(order_by=col("g").desc()).alias("rank"),
    )
    assert rows(query) == [
        (1, 1, 0, 10, 3),
        (2, 1, 0, 20, 1),
        (3, 2, 10, 10, 3),
        (4, 1, 0, 40, 6),
        (5, 2, 20, 70, 1),
        (6, 3, None, 70, 3),
    ]
    first = ice.query("t").with_column("n", row_number().over("g", order_by="id"))
    assert rows(first.filter("n = 1").select("id")) == [(1,), (2,), (4,)]


def test_new_columns_case_and_distinct(ice):
    t = ice.query("t")
    double = t.with_column("v", col("v") * 2).filter("v > 90").select("id", "v")
    assert rows(double) == [(5, 100), (6, 120)]
    kind = when(col("v") > 30, "big").otherwise("small").alias("kind")
    assert rows(t.select(kind).distinct()) == [("small",), ("big",)]
    assert rows(t.select("g").distinct()) == [("a",), ("b",), (None,)]
    assert t.select("sum(v) AS total", "*" if False else "count(*)").execute().columns == [
        "total",
        "count(*)",
    ]


def test_terminal_calls_agree(ice):
    query = ice.query("t").select("id", "g")
    expected = ROWS.select(["id", "g"])
    assert query.to_arrow().to_pydict() == expected.to_pydict()
    assert pa.table(query).to_pydict() == expected.to_pydict()
    assert isinstance(query.execute(), pl.DataFrame)
    assert query.to_pandas()["id"].tolist() == [1, 2, 3, 4, 5, 6]
    assert [len(batch) for batch in query.to_batches()] == [6]


def test_a_query_reads_the_version_that_is_asked_for(ice):
    first = ice.get_table("t").current_snapshot_id
    ice.append_to_table("t", ROWS)
    assert rows(ice.query("t").select(count())) == [(12,)]
    assert rows(ice.query("t", snapshot_id=first).select(count())) == [(6,)]


def test_counts_come_from_metadata(ice):
    plan = ice.query("t").select(count()).explain(analyze=True).to_dict()
    scan = plan["inputs"][0]
    assert scan["planning"]["files_total"] == 1
    assert scan["reading"]["data_bytes_read"] == 0
    some = ice.query("t").filter("id > 2").select(count())
    assert rows(some) == [(4,)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t: t.select("nope"), "nope"),
        (lambda t: t.select("id", sum("v")), "neither grouped nor aggregated: id"),
        (lambda t: t.group_by("g"), "select"),
        (lambda t: t.filter("id > 'x'"), "compared"),
        (lambda t: t.filter("id >"), "id >"),
        (lambda t: t.join("d", on="g", how="sideways"), "sideways"),
        (lambda t: t.join("d"), "on="),
        (lambda t: t.join("d", on="name"), "name"),
        (lambda t: t.limit(-1), "-1"),
        (lambda t: t.with_column("x", sum("v")), "over"),
        (lambda t: t.filter(sum("v") > 1), "group_by"),
        (lambda t: t.select(), "at least one"),
        (lambda t: t.select("id", "id"), "two columns of one name: id"),
        (lambda t: t.order_by("s"), "struct"),
    ],
)
def test_what_cannot_be_meant_is_told(ice, make, message):
    with pytest.raises((ValidationError, ValueError, NotImplementedError)) as raised:
        make(ice.query("t")).execute()
    assert message in str(raised.value)


def test_explain_shows_the_tree_and_opens_no_data_file(ice):
    query = ice.query("t").filter("v > 15").group_by("g").select("g", sum("v"))
    plan = query.explain()
    assert "Scan: t [g, v], filter: v > " in str(plan)
    assert "files: 1 of 1" in str(plan)
    data = json.loads(plan.to_json())
    assert data == plan.to_dict()
    assert "analyze" not in str(plan)
    ran = query.explain(analyze=True)
    assert "rows: 3" in str(ran)
    assert "peak memory" in str(ran)


def test_results_do_not_depend_on_the_rules(ice):
    query = (
        ice.query("t")
        .join("d", on="g", how="left")
        .filter(col("name") != lit("CC"))
        .order_by("id")
        .select("id", "name")
        .limit(3)
    )
    expected = rows(query)
    for rule in ("push_filters", "push_limits", "prune_columns", "tighten_joins"):
        stream = ice._session.execute(query._query, disabled_rules=[rule], progress=None)
        assert [tuple(r.values()) for r in pa.table(stream).to_pylist()] == expected, rule
    with pytest.raises(ValidationError, match="no such rule"):
        query.explain(disabled_rules=["nonsense"])


def test_a_query_shows_itself_as_it_would_be_written(ice):
    t = ice.query("t")
    query = t.select("id", col("v").alias("w")).order_by(col("w").desc(), "id").limit(3)
    assert repr(query) == ("query('t').select('id', 'v AS w').order_by('w DESC', 'id').limit(3)")
    assert repr(t.order_by("v", descending=True, nulls_last=False)) == (
        "query('t').order_by('v DESC NULLS FIRST')"
    )
    joined = t.filter(col("v") > 1).join(ice.query("d").filter("v > 2"), "g", "left")
    assert repr(joined) == (
        "query('t').filter('v > 1').join(query('d').filter('v > 2'), on='g', how='left')"
    )
    place = row_number().over(partition_by="g", order_by="v")
    long = joined.with_column("place", place)
    assert repr(long).splitlines() == [
        "query('t')",
        "  .filter('v > 1')",
        "  .join(query('d').filter('v > 2'), on='g', how='left')",
        "  .with_column('place', 'row_number() OVER (PARTITION BY g ORDER BY v)')",
    ]
    assert "&#x27;t&#x27;" in t._repr_html_()


@pytest.mark.parametrize(
    ("filter_text", "message"),
    [
        ("zz > 1", "column does not exist: zz; there are id, g, v, f, s"),
        ("idd > 1", "column does not exist: idd (did you mean id?)"),
        ("id > 1 AND v = 'x'", "types can't be compared: long and string, in v = 'x'"),
        ("id >", "a value is expected, but the text ends, at column 5"),
        ("id 1", "is expected, not '1', at column 4"),
    ],
)
def test_an_error_says_where_and_what_there_is(ice, filter_text, message):
    with pytest.raises(ValidationError) as caught:
        ice.query("t").filter(filter_text).execute()
    assert message in str(caught.value)
