# SPDX-License-Identifier: Apache-2.0
"""Bloom filters skip row groups, and never one that holds a match, whoever wrote them."""

import datetime as dt
import decimal
import random
import uuid

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from sql_literals import literal

from iceframe import IceFrame
from iceframe.skipping import DataSkipper

BLOOM = "write.parquet.bloom-filter-enabled.column."


def reasons(skipper: DataSkipper) -> dict[str, int]:
    return skipper.get_stats()["levels"]["row_groups"]["reasons"]


@pytest.fixture
def keys(ice: IceFrame) -> IceFrame:
    """Eight files whose keys are spread alike, so that no bounds tell them apart."""
    ice.create_table(
        "keys",
        {"key": "string", "n": "long"},
        properties={f"{BLOOM}key": "true", f"{BLOOM}n": "true"},
    )
    for part in range(8):
        numbers = list(range(part, 80_000, 8))
        ice.append_to_table(
            "keys", {"key": [f"key-{i * 7919 % 100_003:06}" for i in numbers], "n": numbers}
        )
    return ice


def test_a_key_opens_the_row_groups_that_have_it(keys):
    skipper = DataSkipper(keys)
    rows = keys.read_table("keys", filter="key = 'key-007919'")
    assert rows["n"].to_list() == [1]
    assert skipper.get_stats()["levels"]["row_groups"]["scanned"] <= 2
    assert reasons(skipper)["bloom"] >= 6


def test_a_key_that_is_nowhere_reads_next_to_nothing(keys):
    keys.read_table("keys", columns=["n"])  # the footers are at hand then
    skipper = DataSkipper(keys)
    before = skipper.get_stats()["bytes_scanned"]
    assert keys.read_table("keys", filter="key = 'key-00791x'").height == 0
    assert (
        keys.query("keys").filter("key IN ('key-00791x', 'key-50000y') AND n >= 0").execute().height
        == 0
    )
    stats = skipper.get_stats()
    assert reasons(skipper)["bloom"] >= 14
    assert stats["bytes_scanned"] - before < 50_000
    assert stats["levels"]["row_groups"]["bytes_skipped"] > 500_000


def test_lists_of_keys(keys):
    skipper = DataSkipper(keys)
    absent = ", ".join(f"'key-{i:06}z'" for i in range(20))
    assert keys.read_table("keys", filter=f"key IN ({absent})").height == 0
    assert reasons(skipper)["bloom"] >= 1
    rows = keys.read_table("keys", filter=f"key IN ({absent}, 'key-007919')")
    assert rows["n"].to_list() == [1]


@pytest.mark.parametrize(
    "condition",
    [
        "key <> 'key-00791x'",
        "NOT (key = 'key-00791x')",
        "key NOT IN ('key-00791x')",
        "key = 'key-00791x' OR n = 5",
        "key > 'key-00791x' AND n = 5",
        "key IS NOT NULL AND n IN (5, 6, 7)",
    ],
)
def test_what_a_filter_cannot_rule_out_is_found(keys, condition):
    found = keys.read_table("keys", filter=condition)
    everything = keys.read_table("keys")
    expected = pl.SQLContext(t=everything).execute(f"SELECT n FROM t WHERE {condition}", eager=True)
    assert sorted(found["n"]) == sorted(expected["n"])
    assert found.height > 0


VALUES = {
    "i": ("int", [-(2**31), -1, 0, 1, 7, 2**31 - 1]),
    "l": ("long", [-(2**63), -1, 0, 2**40, 2**63 - 1]),
    "f": ("float", [-0.0, 0.5, 1.5, -2.25, float("inf")]),
    "d": ("double", [0.0, 0.1, -1e300, float("-inf"), float("nan")]),
    "s": ("string", ["", "a", "é", "\U0001f600", "x" * 100]),
    "b": ("binary", [b"", b"\x00", b"\xff\xfe"]),
    "u": ("uuid", [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.UUID(int=77)]),
    "day": ("date", [dt.date(1969, 12, 31), dt.date(2024, 2, 29)]),
    "t": ("time", [dt.time(0), dt.time(23, 59, 59, 999999)]),
    "at": ("timestamp", [dt.datetime(1969, 1, 1, 1, 1, 1, 1), dt.datetime(2024, 1, 1)]),
    "p9": ("decimal(9,2)", [decimal.Decimal("-1.10"), decimal.Decimal("9999999.99")]),
    "p18": ("decimal(18,3)", [decimal.Decimal("-1.100"), decimal.Decimal(10) ** 14]),
    "p38": ("decimal(38,2)", [decimal.Decimal("-1.10"), decimal.Decimal(10) ** 30]),
}


def test_every_value_of_every_type_is_found(ice):
    """Each row alone in a file with filters on all columns: what is there is never skipped."""
    schema = {name: kind for name, (kind, _) in VALUES.items()}
    ice.create_table("v", schema, properties={f"{BLOOM}{name}": "true" for name in schema})
    most = max(len(values) for _, values in VALUES.values())
    for i in range(most):
        row = {name: [values[i % len(values)]] for name, (_, values) in VALUES.items()}
        # Nothing that bounds could tell: all files have the same least and greatest.
        for name, (_, values) in VALUES.items():
            row[name] += [values[0], values[-1], None]
        ice.append_to_table("v", row)
    for name, (column_kind, values) in VALUES.items():
        # Values of floats are looked up as doubles.
        kind = "double" if column_kind == "float" else column_kind
        for i, value in enumerate(values):
            condition = f"{name} = {literal(kind, value)}"
            found = ice.read_table("v", columns=[name], filter=condition)
            expected = sum(j % len(values) == i for j in range(most))
            expected += most * ((i == 0) + (i == len(values) - 1))
            assert found.height == expected, condition
            among = f"{name} IN ({literal(kind, value)}, {literal(kind, values[0])})"
            assert ice.read_table("v", columns=[name], filter=among).height >= expected, among


def test_both_zeros_are_found(ice):
    ice.create_table("z", {"x": "double"}, properties={f"{BLOOM}x": "true"})
    ice.append_to_table("z", {"x": [-1.0, -0.0, 1.0]})
    ice.append_to_table("z", {"x": [-1.0, 0.0, 1.0]})
    ice.append_to_table("z", {"x": [-1.0, 0.5, 1.0]})
    skipper = DataSkipper(ice)
    assert ice.read_table("z", filter="x = 0.0").height == 2
    assert ice.read_table("z", filter="x = -0.0").height == 2
    assert reasons(skipper)["bloom"] == 2


def test_a_column_that_was_widened_since(ice):
    ice.create_table(
        "w", {"i": "int", "f": "float"}, properties={f"{BLOOM}i": "true", f"{BLOOM}f": "true"}
    )
    ice.append_to_table("w", {"i": [-5, 3, 900], "f": [-5.0, 0.5, 900.0]})
    change = ice.evolve_schema("w")
    change.update_column_type("i", "long")
    change.update_column_type("f", "double")
    ice.append_to_table("w", {"i": [-5, 4, 2**40], "f": [-5.0, 0.1, 1e300]})
    skipper = DataSkipper(ice)
    assert ice.read_table("w", filter="i = 3").height == 1
    assert ice.read_table("w", filter="i = 4")["i"].to_list() == [4]
    assert ice.read_table("w", filter="f = 0.5").height == 1
    assert ice.read_table("w", filter="f = 0.1").height == 1
    assert ice.read_table("w", filter="i = 5").height == 0
    assert reasons(skipper)["bloom"] >= 5


@pytest.mark.parametrize("seed", range(4))
def test_filters_that_duckdb_wrote(ice, lake, seed):
    """DuckDB writes bloom filters for columns that have a dictionary."""
    rng = random.Random(seed)
    rows = pl.DataFrame(
        {
            "id": [rng.randrange(10**6) for _ in range(20_000)],
            "name": [f"n{rng.randrange(300) * 3}" for _ in range(20_000)],
            "group": [rng.randrange(200) * 5 for _ in range(20_000)],
        }
    )
    file = lake.folder / "warehouse" / "file.parquet"
    duckdb.from_arrow(rows.to_arrow()).to_parquet(str(file), row_group_size=5_000)
    catalog = lake.pyiceberg()
    catalog.create_namespace_if_not_exists("default")
    schema = pa.schema([("id", pa.int64()), ("name", pa.string()), ("group", pa.int64())])
    catalog.create_table("default.d", schema).add_files([str(file)])
    skipper = DataSkipper(ice)
    for _ in range(60):
        number = rng.randrange(1000)
        condition = rng.choice(
            [
                f"name = 'n{number}'",
                f'"group" = {number}',
                f"\"group\" IN ({number}, {number + 1}) AND name <> 'n3'",
                f"name IN ('n{number}', 'x') OR id = {rng.choice(rows['id'].to_list())}",
            ]
        )
        found = ice.read_table("d", filter=condition)
        expected = pl.SQLContext(t=rows).execute(f"SELECT * FROM t WHERE {condition}", eager=True)
        assert sorted(found.rows()) == sorted(expected.rows()), condition
    assert reasons(skipper)["bloom"] > 0
