# SPDX-License-Identifier: Apache-2.0
"""Dictionaries skip row groups, and never one that holds a match, whoever wrote them."""

import datetime as dt
import decimal
import math
import random
import uuid

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sql_literals import literal

from iceframe import IceFrame
from iceframe.errors import DataError
from iceframe.skipping import DataSkipper

WORDS = [f"word-{i:03}" for i in range(0, 100, 2)]


def reasons(skipper: DataSkipper) -> dict[str, int]:
    return skipper.get_stats()["levels"]["row_groups"]["reasons"]


def skipped(ice: IceFrame, table: str, condition: str) -> tuple[int, int]:
    """The rows found, and the row groups that dictionaries ruled out for it."""
    skipper = DataSkipper(ice)
    before = reasons(skipper)["dictionary"]
    rows = ice.read_table(table, filter=condition)
    return rows.height, reasons(skipper)["dictionary"] - before


def add_foreign(ice: IceFrame, lake, name: str, table: pa.Table, **options) -> str:
    """A table of one file that pyarrow wrote."""
    file = str(lake.folder / "warehouse" / f"{name}.parquet")
    pq.write_table(table, file, **options)
    catalog = lake.pyiceberg()
    catalog.create_namespace_if_not_exists("default")
    catalog.create_table(f"default.{name}", table.schema).add_files([file])
    return file


@pytest.fixture
def words(ice: IceFrame) -> IceFrame:
    """Four files, the same bounds in each, of which the last alone has word-051 and a null."""
    ice.create_table("words", {"word": "string", "n": "long", "few": "int"})
    for part in range(4):
        word = [WORDS[i % 50] for i in range(5000)]
        few = [(i % 5) * 10 for i in range(5000)]
        if part == 3:
            word[7], word[8] = "word-051", None
        ice.append_to_table(
            "words", {"word": word, "n": range(part * 5000, part * 5000 + 5000), "few": few}
        )
    return ice


@pytest.mark.parametrize(
    ("condition", "num_rows", "num_skipped"),
    [
        ("word = 'word-051x'", 0, 4),
        ("word = 'word-051'", 1, 3),
        ("word IN ('word-051', 'word-053')", 1, 3),
        (f"word IN ({', '.join(repr(f'word-{i:03}') for i in range(1, 99, 2))})", 1, 3),
        ("word LIKE 'word-051%'", 1, 3),
        ("word > 'word-050' AND word < 'word-052'", 1, 3),
        ("word BETWEEN 'word-060x' AND 'word-061x'", 0, 4),
        ("word > 'word-098'", 0, 0),
        ("few = 11 AND word = 'word-002'", 0, 4),
        ("few <> 11 AND few NOT IN (0, 10, 20, 30, 40)", 0, 4),
        ("few NOT IN (0, 10, 20, 30)", 4000, 0),
        ("NOT (word = 'word-051') AND few = 15", 0, 4),
        ("few = 15 OR n = 3", 1, 3),
        ("word IS NULL", 1, 0),
    ],
)
def test_what_a_dictionary_rules_out(words, condition, num_rows, num_skipped):
    assert skipped(words, "words", condition) == (num_rows, num_skipped)


def test_a_skip_reads_the_dictionary_alone_and_counts_it(words):
    words.read_table("words", columns=["n"])  # the footers are at hand then
    skipper = DataSkipper(words).for_table("words")
    before = skipper.get_stats()
    assert words.read_table("words", filter="word = 'word-051x'").height == 0
    after = skipper.get_stats()
    num_read = after["bytes_scanned"] - before["bytes_scanned"]
    assert 0 < num_read < 5_000
    assert after["bytes_skipped"] - before["bytes_skipped"] > 4 * num_read
    # Where the bounds decide, nothing is read.
    assert words.read_table("words", filter="word = 'x'").height == 0
    assert skipper.get_stats()["bytes_scanned"] == after["bytes_scanned"]
    plan = words.query("words").filter("word = 'word-051x'").explain(analyze=True)
    assert "4 by dictionary" in plan


def test_a_dictionary_that_is_most_of_the_bytes_is_left_alone(ice):
    ice.create_table("big", {"word": "string"})
    ice.append_to_table("big", {"word": [f"{i % 3000:0100}" for i in range(6000)]})
    assert skipped(ice, "big", f"word = '{1:0100}x'") == (0, 0)


def test_a_column_that_is_only_partly_in_its_dictionary(ice, lake):
    word = [WORDS[i % 50] for i in range(20_000)] + [f"word-0{i}" for i in range(50_000)]
    table = pa.table({"word": word, "n": range(70_000)})
    file = add_foreign(ice, lake, "partly", table, dictionary_pagesize_limit=2_000)
    assert "PLAIN" in pq.read_metadata(file).row_group(0).column(0).encodings
    assert skipped(ice, "partly", "word = 'word-049999'") == (1, 0)
    assert skipped(ice, "partly", "word = 'word-051x'") == (0, 0)


KINDS = {
    "s": ("string", pa.string(), [f"s{i}" for i in range(0, 40, 2)], "s11"),
    "b": ("binary", pa.binary(), [bytes([i]) for i in range(0, 40, 2)], b"\x0b"),
    "u": ("uuid", None, [uuid.UUID(int=i) for i in range(0, 40, 2)], uuid.UUID(int=11)),
    "i": ("int", pa.int32(), list(range(-20, 20, 2)), 11),
    "l": ("long", pa.int64(), list(range(-20, 20, 2)), 11),
    "f": ("float", pa.float32(), [i / 4 for i in range(-20, 20, 2)], 1.75),
    "d": ("double", pa.float64(), [i / 4 for i in range(-20, 20, 2)], 1.75),
    "p9": ("decimal(9,2)", pa.decimal128(9, 2), [decimal.Decimal(i) for i in range(0, 40, 2)], 11),
    "p18": (
        "decimal(18,2)",
        pa.decimal128(18, 2),
        [decimal.Decimal(i) for i in range(0, 40, 2)],
        11,
    ),
    "p38": (
        "decimal(38,2)",
        pa.decimal128(38, 2),
        [decimal.Decimal(i) - 5 for i in range(0, 40, 2)],
        decimal.Decimal(6),
    ),
    "day": (
        "date",
        pa.date32(),
        [dt.date(1969, 12, 20) + dt.timedelta(i) for i in range(0, 40, 2)],
        dt.date(1969, 12, 31),
    ),
    "at": (
        "timestamp",
        pa.timestamp("us"),
        [dt.datetime(1969, 12, 20, 1, 2, 3, 4) + dt.timedelta(i) for i in range(0, 40, 2)],
        dt.datetime(1969, 12, 31, 1, 2, 3, 4),
    ),
    "t": ("time", pa.time64("us"), [dt.time(i // 2, i) for i in range(0, 40, 2)], dt.time(5, 11)),
}


@pytest.mark.parametrize("writer", ["pyiceberg", "pyarrow", "pyarrow 1.0"])
def test_values_of_every_type_by_other_writers(ice, lake, writer):
    rows = 20_000
    kinds = {name: kind for name, kind in KINDS.items() if kind[1] is not None}
    columns = {
        name: pa.array([values[i % 20] for i in range(rows)], type_)
        for name, (_, type_, values, _) in kinds.items()
    }
    table = pa.table({"n": pa.array(range(rows), pa.int64()), **columns})
    if writer == "pyiceberg":
        catalog = lake.pyiceberg()
        catalog.create_namespace_if_not_exists("default")
        catalog.create_table("default.kinds", table.schema).append(table)
    else:
        version = "1.0" if writer.endswith("1.0") else "2.6"
        add_foreign(ice, lake, "kinds", table, version=version)
    for name, (kind, _, values, absent) in kinds.items():
        condition = f"{name} = {literal(kind, absent)}"
        assert skipped(ice, "kinds", condition) == (0, 1), condition
        for value in values:
            condition = f"{name} = {literal(kind, value)}"
            assert skipped(ice, "kinds", condition) == (rows // 20, 0), condition


def test_values_of_every_type_by_this_writer(ice):
    rows = 20_000
    ice.create_table("kinds", {"n": "long", **{name: kind[0] for name, kind in KINDS.items()}})
    data = {name: [kind[2][i % 20] for i in range(rows)] for name, kind in KINDS.items()}
    ice.append_to_table("kinds", {"n": range(rows), **data})
    num_skipped = 0
    for name, (kind, _, values, absent) in KINDS.items():
        found, dictionaries = skipped(ice, "kinds", f"{name} = {literal(kind, absent)}")
        assert found == 0
        num_skipped += dictionaries
        for value in values:
            condition = f"{name} = {literal(kind, value)}"
            assert skipped(ice, "kinds", condition) == (rows // 20, 0), condition
    assert num_skipped >= 10


def test_nan_and_both_zeros(ice, lake):
    values = [-1.5, -0.0, 7.0, math.nan, None]
    table = pa.table({"x": [values[i % 5] for i in range(20_000)], "n": range(20_000)})
    add_foreign(ice, lake, "nan", table)
    assert skipped(ice, "nan", "x = 0.0") == (4000, 0)
    assert skipped(ice, "nan", "x = -0.0") == (4000, 0)
    assert skipped(ice, "nan", "x > 7.0") == (4000, 0)  # NaN is above every number
    assert skipped(ice, "nan", "x = CAST('NaN' AS DOUBLE)") == (4000, 0)
    assert skipped(ice, "nan", "x <> 7.0") == (12_000, 0)
    assert skipped(ice, "nan", "x = 1.0") == (0, 1)
    assert skipped(ice, "nan", "x > 0.5 AND x NOT IN (7.0, CAST('NaN' AS DOUBLE))") == (0, 1)
    without = table.set_column(0, "x", pa.array([[-1.5, 7.0][i % 2] for i in range(20_000)]))
    add_foreign(ice, lake, "numbers", without)
    assert skipped(ice, "numbers", "x > 7.0") == (0, 1)
    assert skipped(ice, "numbers", "x NOT IN (-1.5, 7.0)") == (0, 1)


def test_nulls_match_no_comparison(ice, lake):
    table = pa.table({"s": [["a", "c", None][i % 3] for i in range(30_000)], "n": range(30_000)})
    add_foreign(ice, lake, "nulls", table)
    assert skipped(ice, "nulls", "s NOT IN ('a', 'c')") == (0, 1)
    assert skipped(ice, "nulls", "NOT (s = 'a' OR s = 'c')") == (0, 1)
    assert skipped(ice, "nulls", "s <> 'a'") == (10_000, 0)
    assert skipped(ice, "nulls", "s = 'b' OR s IS NULL") == (10_000, 0)
    assert skipped(ice, "nulls", "s = 'b' AND s IS NOT NULL") == (0, 1)


def test_columns_that_were_widened_since(ice):
    ice.create_table("w", {"i": "int", "f": "float", "p": "decimal(9,2)", "n": "long"})
    rows = 20_000
    ice.append_to_table(
        "w",
        {
            "i": [[-5, 3, 900][k % 3] for k in range(rows)],
            "f": [[-5.0, 0.5, 900.0][k % 3] for k in range(rows)],
            "p": [decimal.Decimal(["-5.10", "3", "900"][k % 3]) for k in range(rows)],
            "n": range(rows),
        },
    )
    change = ice.evolve_schema("w")
    change.update_column_type("i", "long")
    change.update_column_type("f", "double")
    change.update_column_type("p", "decimal(20,2)")
    for condition in ["i = 3", "f = 0.5", "p = 3"]:
        assert skipped(ice, "w", condition)[0] == len(range(1, rows, 3)), condition
    assert skipped(ice, "w", "i = 4") == (0, 1)
    assert skipped(ice, "w", "p = 3.01")[0] == 0
    assert skipped(ice, "w", "f = 0.1")[0] == 0


def test_a_damaged_dictionary_hides_no_error(ice, lake):
    table = pa.table({"s": [WORDS[i % 50] for i in range(20_000)], "n": range(20_000)})
    file = add_foreign(ice, lake, "damaged", table, compression="none", write_page_checksum=True)
    chunk = pq.read_metadata(file).row_group(0).column(0)
    with open(file, "r+b") as out:  # noqa: PTH123
        out.seek(chunk.data_page_offset - 3)
        out.write(b"zzz")
    skipper = DataSkipper(ice)
    with pytest.raises(DataError):
        ice.read_table("damaged", filter="s = 'word-051x'")
    assert reasons(skipper)["dictionary"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_skipping_never_changes_an_answer(ice, lake, seed):
    rng = random.Random(seed)
    rows = 24_000
    frame = pl.DataFrame(
        {
            "s": [rng.choice([*WORDS[:: seed + 3], None]) for _ in range(rows)],
            "i": [rng.choice([*range(0, 100, 9), None]) for _ in range(rows)],
            "x": [rng.choice([0.0, -0.0, 2.5, -7.25, 40.0, None]) for _ in range(rows)],
            "n": range(rows),
        }
    )
    # Values of their own in some row groups.
    frame = frame.with_columns(
        s=pl.when(pl.col("n") // 3000 % 3 == 0).then(pl.lit("word-051")).otherwise(pl.col("s")),
        i=pl.when(pl.col("n") % 3000 == 5).then(pl.col("n") // 3000 * 7).otherwise(pl.col("i")),
    )
    add_foreign(
        ice, lake, "p", frame.to_arrow(), row_group_size=3000, data_page_version=f"{1 + seed % 2}.0"
    )
    ice.create_table("q", {"s": "string", "i": "long", "x": "double", "n": "long"})
    for part in range(8):
        ice.append_to_table("q", frame.slice(part * 3000, 3000))
    skippers = [DataSkipper(ice).for_table(name) for name in ("p", "q")]

    def leaf() -> str:
        number, word = rng.randrange(-5, 105), f"word-{rng.randrange(101):03}"
        among = ", ".join(str(rng.randrange(100)) for _ in range(rng.choice([1, 3, 60])))
        return rng.choice(
            [
                f"i = {number}",
                f"i <> {number}",
                f"i IN ({among})",
                f"i NOT IN ({among}, {', '.join(map(str, range(0, 100, 9)))})",
                f"(i > {number} AND i < {number + 3})",
                f"s = '{word}'",
                f"s IN ('{word}', 'word-051')",
                f"s LIKE '{word[:-1]}%'",
                f"s NOT LIKE '{word[:-2]}%'",
                f"s > '{word}'",
                f"x = {rng.choice(['0.0', '-0.0', '2.5', '1.0'])}",
                f"x NOT IN (0.0, {rng.choice(['2.5, -7.25, 40.0', '1.0'])})",
                "s IS NULL",
                f"n < {rng.randrange(rows)}",
            ]
        )

    for _ in range(150):
        condition = leaf()
        for _ in range(rng.randrange(3)):
            condition = f"({condition}) {rng.choice(['AND', 'OR'])} {leaf()}"
        if rng.random() < 0.2:
            condition = f"NOT ({condition})"
        expected = pl.SQLContext(t=frame).execute(f"SELECT n FROM t WHERE {condition}", eager=True)
        for name in ("p", "q"):
            found = ice.read_table(name, columns=["n"], filter=condition)
            assert sorted(found["n"]) == sorted(expected["n"]), (name, condition)
    for skipper in skippers:
        assert reasons(skipper)["dictionary"] > 20
