# SPDX-License-Identifier: Apache-2.0
"""Overwriting by filters: which files go, which rows may come."""

import datetime as dt

import pytest

from iceframe import UnsupportedOperationError, ValidationError, col


@pytest.fixture
def ice(lake):
    """Two files in t: of negative, and of positive even numbers beside other texts."""
    ice = lake.open()
    ice.create_table("t", {"n": "int", "s": "string", "d": "double"})
    ice.append_to_table("t", {"n": [-2, -1], "s": ["ant", "bee"], "d": [0.5, None]})
    ice.append_to_table("t", {"n": [2, 4], "s": ["cat", "cow"], "d": [float("nan"), 1.5]})
    return ice


WHOLE = [
    "n < 0 OR n = -1",
    "n = -2 OR s = 'bee'",
    "n IN (-2, -1)",
    "n IN (-1, -2, 7)",
    "NOT n > 0",
    "NOT (n = 2 OR n = 4)",
    "n NOT IN (2, 4)",
    "s IN ('ant', 'bee')",
    "s LIKE 'a%t' OR s LIKE 'b%'",
    "s NOT LIKE 'c%'",
    "n + 1 <= 0",
    "n * n < 5 AND n % 2 <= 0 AND n < 2",
    "abs(n) < 3 AND n <> 2",
    "length(s) = 3 AND s < 'c'",
    "CASE WHEN n < 0 THEN TRUE ELSE FALSE END",
    "coalesce(d, 0.5) = 0.5",
    "d IS NULL OR d = 0.5",
    "n BETWEEN -2 AND -1",
]


@pytest.mark.parametrize("condition", WHOLE)
def test_whole_files_are_overwritten_however_the_filter_is_written(ice, condition):
    report = ice.overwrite_table("t", ice.to_arrow("t").slice(0, 0), condition)
    assert report.num_deleted_files == 1, condition
    assert ice.to_arrow("t").to_pydict()["n"] == [2, 4]


@pytest.mark.parametrize(
    "condition",
    ["n % 3 = 1", "n = -2 OR n = 2", "s LIKE '%t'", "NOT n = 4", "d IS NOT NULL AND n < 0"],
)
def test_files_that_match_in_part_are_refused_once_that_is_shown(ice, condition):
    before = ice.to_arrow("t").to_pydict()["n"]
    with pytest.raises(UnsupportedOperationError, match="in part"):
        ice.overwrite_table("t", ice.to_arrow("t").slice(0, 0), condition)
    assert ice.to_arrow("t").to_pydict()["n"] == before


@pytest.mark.parametrize("condition", ["s LIKE 'x%'", "n % 7 = 6", "n = 3 OR n = 1"])
def test_a_filter_that_no_row_matches_takes_nothing(ice, condition):
    report = ice.overwrite_table("t", ice.to_arrow("t").slice(0, 0), condition)
    assert report.num_deleted_files == 0
    assert ice.to_arrow("t").num_rows == 4


def test_nested_and_partition_columns_are_read_too(ice):
    ice.create_table(
        "p",
        {"day": "date", "st": "struct<x: int, tags: list<string>>"},
        partition_spec=[("day", "month")],
    )
    rows = [
        {"day": dt.date(2024, month, 1 + i), "st": {"x": x, "tags": ["a"]}}
        for month, x in ((1, 1), (2, 5))
        for i in range(2)
    ]
    ice.append_to_table("p", rows)
    gone = ice.overwrite_table("p", ice.to_arrow("p").slice(0, 0), "st.x IN (1, 2, 3)")
    assert gone.num_deleted_files == 1
    assert ice.to_arrow("p").num_rows == 2
    with pytest.raises(UnsupportedOperationError, match="in part"):
        ice.overwrite_table("p", ice.to_arrow("p").slice(0, 0), "day = DATE '2024-02-01'")


def test_rows_outside_of_the_filter_are_refused(ice):
    before = ice.to_arrow("t").to_pylist
    rows = before()
    new = {"n": [-5, 7, 8], "s": ["x", "y", "z"], "d": [1.0, 2.0, 3.0]}
    with pytest.raises(ValidationError) as raised:
        ice.overwrite_table("t", new, "n < 0")
    assert "row 1 has n = 7" in str(raised.value)
    assert "n < 0" in str(raised.value)
    with pytest.raises(ValidationError, match="row 0 has n = null"):
        ice.overwrite_table("t", {"n": [None]}, col("n") < 0)
    assert repr(before()) == repr(rows)
    report = ice.overwrite_table("t", new, "n < 0", allow_rows_outside_filter=True)
    assert report.num_deleted_files == 1
    assert sorted(ice.to_arrow("t").to_pydict()["n"]) == [-5, 2, 4, 7, 8]


def test_rows_inside_of_the_filter_are_taken(ice):
    new = {"n": [-9, -8], "s": ["x", "y"], "d": [None, None]}
    report = ice.overwrite_table("t", new, "n < 0")
    assert (report.num_rows, report.num_deleted_files) == (2, 1)
    assert sorted(ice.to_arrow("t").to_pydict()["n"]) == [-9, -8, 2, 4]
    # Without a filter every row is inside.
    ice.overwrite_table("t", {"n": [1, None]})
    assert ice.to_arrow("t").to_pydict()["n"] == [1, None]
