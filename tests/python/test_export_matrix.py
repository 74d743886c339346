# SPDX-License-Identifier: Apache-2.0
"""Every type with every operator: what is exported keeps our rows, or says that it can't."""

import datetime as dt
import decimal
import itertools

import polars as pl
import pyarrow as pa
import pytest
from every_type import every_type_schema

from iceframe import col
from iceframe import functions as F
from iceframe.errors import UnsupportedOperationError
from iceframe.expressions import sql

D = decimal.Decimal
NAN = float("nan")
UTC = dt.UTC
U1, U2 = "f79c3e09-677c-4bbd-a479-3f349cb785e7", "00000000-0000-0000-0000-000000000001"
MOMENTS = [dt.datetime(2020, 2, 29, 12), dt.datetime(1969, 12, 31, 23, 59, 59, 999999)]

VALUES = {
    "b": [True, False],
    "i": [0, 1, -7, 2**31 - 1, -(2**31), 2**24 + 1],
    "l": [0, 1, 2**53 + 1, 2**63 - 1, -(2**63)],
    "f": [0.1, 0.5, -0.0, 0.0, NAN, float("inf"), -float("inf"), 16777216.0],
    "d": [0.1, 0.5, -0.0, 0.0, NAN, float("inf"), -float("inf"), 2.0**53],
    "dec9": [D("10.50"), D("10.51"), D("0.10"), D("-9999999.99"), D("2.00")],
    "dec18": [D("10.5000"), D("0.1000"), D("2.0000"), D("99999999999999.9999")],
    "dec38": [D("1234567890123456789012345678.0123456789"), D("0.1"), D("2"), D("10.5")],
    "day": [dt.date(2020, 2, 29), dt.date(2020, 3, 1), dt.date(1969, 12, 31)],
    "tod": [dt.time(12), dt.time(23, 59, 59, 999999)],
    "ts": MOMENTS,
    "tz": [moment.replace(tzinfo=UTC) for moment in MOMENTS],
    "s": ["", "a", "ab", "2020-02-29", U1, "ä\\x", "12:00:00"],
    "u": [bytes.fromhex(U1.replace("-", "")), bytes.fromhex(U2.replace("-", ""))],
    "fx": [b"\x00\xff\x01\x02", b"abcd"],
    "bin": [b"", b"a", b"\xff" * 3, b"2020-02-29"],
}
# Beside each type's own values: what is like them, and what text and Python give.
LITERALS = {
    "b": ["TRUE", "FALSE"],
    "i": ["1", "2.5", "1.0", "1e0", "3000000000", "-3000000000", "16777217", "DOUBLE 'NaN'", "0e0"],
    "l": ["1", "2.5", "9007199254740993", "9.5e0", "99999999999999999999", "DOUBLE 'NaN'"],
    "f": ["0.1", "1e-1", "0.1::double", "FLOAT '0.1'", "0", "16777217", "1e300", "DOUBLE 'NaN'"],
    "d": ["0.1", "1e-1", "0", "9007199254740993", "DOUBLE 'NaN'", "DOUBLE 'Infinity'"],
    "dec9": ["10.5", "10.505", "10", "0.1", "1e-1", "99999999999"],
    "dec18": ["10.5", "10.50001", "2"],
    "dec38": ["1234567890123456789012345678.0123456789", "0.1", "2"],
    "day": ["'2020-02-29'", "DATE '2020-02-29'", "TIMESTAMP '2020-02-29 12:00:00'"],
    "tod": ["'12:00:00'", "TIME '12:00:00'"],
    "ts": [
        "'2020-02-29 12:00:00'",
        "'2020-02-29'",
        "TIMESTAMP '2020-02-29 12:00:00'",
        "DATE '2020-02-29'",
        "TIMESTAMP_NS '2020-02-29 12:00:00.000000001'",
    ],
    "tz": ["'2020-02-29T12:00:00Z'", "TIMESTAMPTZ '2020-02-29 13:00:00+01:00'"],
    "s": ["'a'", "'2020-02-29'", "''", f"'{U1}'", "'ä\\x'", "'12:00:00'"],
    "u": [f"'{U1}'", f"UUID '{U2}'"],
    "fx": ["'abcd'", "x'00ff0102'", "x'61'"],
    "bin": ["'a'", "x'61'", "'\\xff\\xff\\xff'", "'2020-02-29'"],
}
OPERATORS = ["=", "<>", "<", "<=", ">", ">="]


def conditions(name):
    """Yields every operator over a column, as text."""
    literals = LITERALS[name]
    for op, literal in itertools.product(OPERATORS, literals):
        yield f"{name} {op} {literal}"
    yield f"{literals[0]} < {name}"
    yield f"NOT ({name} > {literals[0]})"
    yield f"NOT ({name} <= {literals[-1]} OR {name} IS NULL)"
    yield f"{name} > {literals[0]} AND {name} <> {literals[-1]} OR {name} IS NULL"
    for items in (literals[:1], literals, [*literals[:2], "NULL"]):
        yield f"{name} IN ({', '.join(items)})"
        yield f"{name} NOT IN ({', '.join(items)})"
    yield f"{name} BETWEEN {literals[0]} AND {literals[-1]}"
    yield f"{name} IS NULL"
    yield f"{name} IS NOT NULL"
    yield f"{name} = NULL"
    if name in ("i", "l", "f", "d", "dec9", "dec18", "dec38"):
        yield f"{name} IS NAN"
        yield f"NOT {name} IS NAN"
    if name == "s":
        for pattern in ("a%", "%b", "_", "a", "2020-%", "%", "ä\\x"):
            yield f"s LIKE '{pattern}'"
            yield f"s NOT LIKE '{pattern}'"
        yield "s STARTS WITH 'a'"
        yield "NOT s STARTS WITH ''"


def rows_of_every_type() -> pa.Table:
    """One value a row in its column, nulls in the others."""
    rows = []
    for name, values in VALUES.items():
        rows += [{name: value} for value in values]
    schema = every_type_schema()
    kept = [schema.field(name) for name in VALUES]
    columns = {"row": pa.array(range(len(rows) + 1), pa.int32())}
    for field in kept:
        given = [row.get(field.name) for row in rows] + [None]
        if field.type == pa.uuid():
            columns[field.name] = pa.array(given, pa.binary(16)).cast(pa.uuid())
        else:
            columns[field.name] = pa.array(given, field.type)
    return pa.table(columns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def every(folder):
    """The engine, the rows in other libraries, and PyIceberg's table of them."""
    from conftest import Lake

    lake = Lake(folder)
    (folder / "warehouse").mkdir()
    ice = lake.open()
    rows = rows_of_every_type()
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    table = ice.to_arrow("t")
    return ice, table, ice.read_table("t"), lake.pyiceberg().load_table("default.t")


def arrow_rows(table, expression):
    return table.filter(expression)["row"].to_pylist()


def frame_rows(frame, expression):
    return frame.filter(expression)["row"].to_list()


@pytest.mark.parametrize("name", VALUES)
def test_exports_keep_our_rows_or_say_that_they_cannot(every, name):
    ice, table, frame, iceberg = every
    # Every column but the one that is asked about is in other tests' way.
    table, frame = table.select(["row", name]), frame.select("row", name)
    forms = {
        "polars": lambda e: frame_rows(frame, e.to_polars()),
        "polars with a schema": lambda e: frame_rows(frame, e.to_polars(table.schema)),
        "pyarrow": lambda e: arrow_rows(table, e.to_arrow()),
        "pyarrow with a schema": lambda e: arrow_rows(table, e.to_arrow(table.schema)),
        "iceberg": lambda e: iceberg_rows(iceberg, e.to_iceberg()),
    }
    exported = dict.fromkeys(forms, 0)
    wrong = []
    for text in conditions(name):
        expression = sql(text)
        ours = ice.to_arrow("t", ["row"], expression)["row"].to_pylist()
        for form, rows in forms.items():
            try:
                theirs = rows(expression)
            except UnsupportedOperationError:
                continue
            except Exception as error:
                wrong.append((form, text, f"{type(error).__name__}: {error}"[:150]))
                continue
            exported[form] += 1
            if theirs != ours:
                wrong.append((form, text, f"{theirs} instead of {ours}"))
    for each in wrong:
        print(*each)
    assert not wrong
    assert exported["polars with a schema"] > 20
    assert name == "u" or min(exported["pyarrow with a schema"], exported["iceberg"]) > 5


def iceberg_rows(table, expression):
    return table.scan(expression, ("row",)).to_arrow()["row"].to_pylist()


def test_pushdown_says_when_it_is_exact(every):
    ice, _, _, iceberg = every
    for text in ("d > 1", "f = 0.1", "NOT d <= 0.5", "dec9 > 10.5", "s > 'a' AND i % 2 = 1"):
        ours = ice.to_arrow("t", ["row"], text)["row"].to_pylist()
        pushed, fully = sql(text).pushdown()
        theirs = iceberg_rows(iceberg, pushed)
        assert set(theirs) >= set(ours), text
        assert fully == ("%" not in text)
        assert not fully or theirs == ours, text


def test_texts_take_the_type_of_the_column(every):
    _, table, frame, _ = every
    expression = col("day") == "2020-02-29"
    assert frame_rows(frame, expression.to_polars()) == frame_rows(
        frame, pl.col("day") == dt.date(2020, 2, 29)
    )
    with pytest.raises(UnsupportedOperationError, match="give the table's schema"):
        expression.to_arrow()
    assert len(arrow_rows(table, expression.to_arrow(table.schema))) == 1
    ice = every[0]
    for schema in (ice.get_table("t").schema(), every[3].schema(), frame):
        exported = (col("day") == "2020-02-29").to_polars(schema)
        assert len(frame_rows(frame, exported)) == 1
    with pytest.raises(UnsupportedOperationError, match="pyarrow has no such expression"):
        (F.lower("s") == "a").to_arrow()


def test_nan_stays_where_the_bounds_of_a_row_group_are_one_number(lake):
    # Without a null beside them, pyarrow takes all of its values for that number in any filter.
    ice = lake.open()
    ice.create_table("t", {"row": "int", "f": "float", "d": "double"})
    for values in ([None, NAN, 0.1], [NAN, NAN], [0.1, 0.2], [0.0, NAN, -0.0, None]):
        rows = range(len(values))
        ice.append_to_table("t", {"row": rows, "f": values, "d": values})
    iceberg = lake.pyiceberg().load_table("default.t")
    for column in ("f", "d"):
        for condition in (
            "{} <> 0.1",
            "NOT ({} = 0.1)",
            "{} NOT IN (0.1, 0.2)",
            "NOT ({} IN (0.1, 0.2))",
            "{} NOT IN (0, 0.1)",
            "{} <> 0",
            "{} <> 1 AND {} NOT IN (2, 3)",
            "NOT ({} = 0.1 OR {} < 0)",
        ):
            text = condition.replace("{}", column)
            ours = ice.to_arrow("t", ["row"], text)["row"].to_pylist()
            for exported in (sql(text).to_iceberg(), (~~sql(text)).to_iceberg()):
                theirs = iceberg_rows(iceberg, exported)
                assert sorted(theirs) == sorted(ours), text
            assert sql(text).pushdown()[1]
