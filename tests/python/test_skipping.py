# SPDX-License-Identifier: Apache-2.0
"""Skipping is counted as it happens, loses no row, and can be asked about statistics alone."""

import ctypes
import datetime as dt
import decimal
import json
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import uuid

import polars as pl
import pytest

from iceframe import IceFrame
from iceframe.errors import ValidationError
from iceframe.expressions import Column, col
from iceframe.skipping import DataSkipper, can_skip_file, should_skip

# -- what is counted -------------------------------------------------------------------------------

IN_OPEN = 0x20


class OpenedFiles:
    """The files below a folder that the system is asked to open, as the kernel tells."""

    def __init__(self, root: pathlib.Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._fd >= 0
        folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
        self._folders = {}
        for folder in folders:
            watch = self._libc.inotify_add_watch(self._fd, bytes(folder), IN_OPEN)
            assert watch >= 0
            self._folders[watch] = folder

    def take(self) -> set[pathlib.Path]:
        """Returns the data files that were opened since the last call."""
        opened = set()
        while True:
            try:
                events = os.read(self._fd, 1 << 20)
            except BlockingIOError:
                return opened
            at = 0
            while at < len(events):
                watch, _, _, length = struct.unpack_from("iIII", events, at)
                name = events[at + 16 : at + 16 + length].rstrip(b"\0").decode()
                at += 16 + length
                if name.endswith(".parquet"):
                    opened.add(self._folders[watch] / name)

    def close(self) -> None:
        os.close(self._fd)


def delta(after: dict, before: dict, level: str, what: str) -> int:
    return after["levels"][level][what] - before["levels"][level][what]


@pytest.fixture
def events(ice: IceFrame) -> IceFrame:
    """Thirty files of a partitioned table, in rows groups of a few rows."""
    rng = random.Random(3)
    ice.create_table(
        "events",
        {"id": "long", "name": "string", "x": "double"},
        partition_spec=[("id", "truncate[256]")],
        properties={
            "write.parquet.row-group-size-bytes": "4096",
            "write.parquet.page-row-limit": "20",
        },
    )
    for _ in range(30):
        first = rng.randrange(1000)
        ids = range(first, first + rng.randrange(1, 80))
        ice.append_to_table(
            "events",
            pl.DataFrame(
                {
                    "id": ids,
                    "name": [f"name {i:05}" for i in ids],
                    "x": [None if i % 7 == 0 else math.nan if i % 11 == 0 else i / 4 for i in ids],
                }
            ),
        )
    return ice


def random_filter(rng: random.Random) -> str:
    number = lambda: rng.randrange(1100)  # noqa: E731
    leaves = [
        lambda: f"id = {number()}",
        lambda: f"id > {number()}",
        lambda: f"id IN ({', '.join(str(number()) for _ in range(rng.choice([1, 3, 40, 400])))})",
        lambda: f"id NOT IN ({number()}, {number()})",
        lambda: f"name = 'name {number():05}'",
        lambda: f"name LIKE 'name {number():05}%'",
        lambda: f"x > {number() / 4}",
        lambda: f"x <= {number() / 4}",
        lambda: "x IS NULL",
        lambda: f"NOT (id < {number()})",
    ]
    parts = [rng.choice(leaves)() for _ in range(rng.choice([1, 1, 2, 3]))]
    return f" {rng.choice(['AND', 'OR'])} ".join(parts)


def test_the_counts_are_what_the_file_system_saw(events, lake):
    rng = random.Random(11)
    skipper = DataSkipper(events).for_table("events")
    everything = events.read_table("events")
    num_files = skipper.files_scanned
    assert num_files >= 30
    opened = OpenedFiles(lake.folder / "warehouse")
    try:
        for _ in range(200):
            condition = random_filter(rng)
            limit = rng.choice([None, None, None, 1, 10])
            columns = rng.choice([None, ["id"], ["name", "id"]])
            before = skipper.get_stats()
            opened.take()
            rows = events.read_table("events", columns=columns, filter=condition, limit=limit)
            seen = opened.take()
            after = skipper.get_stats()
            assert after["files_scanned"] - before["files_scanned"] == len(seen), condition
            if limit is None and after["scans"] > before["scans"]:
                num_skipped = after["files_skipped"] - before["files_skipped"]
                assert num_skipped == num_files - len(seen), condition
            if limit is None:
                expected = pl.SQLContext(t=everything).execute(
                    f"SELECT id FROM t WHERE {condition}", eager=True
                )
                assert sorted(rows["id"]) == sorted(expected["id"]), condition
    finally:
        opened.close()
    assert skipper.get_stats()["levels"]["pages"]["skipped"] > 0


def test_levels_add_up(events):
    skipper = DataSkipper(events)
    events.query("events").filter(Column("id") == 500).execute()
    events.read_table("events", filter="name < 'name 00100'", limit=3)
    stats = skipper.get_stats()
    assert list(stats["levels"]) == ["manifests", "files", "row_groups", "pages"]
    for level in stats["levels"].values():
        assert sum(level["reasons"].values()) == level["skipped"]
        assert min(level["reasons"].values()) >= 0
    assert stats["levels"]["files"]["skipped"] == stats["files_skipped"] == skipper.files_skipped
    assert stats["files_scanned"] == skipper.files_scanned
    assert stats["bytes_skipped"] > 0 < stats["bytes_scanned"]
    assert 0 < stats["skip_rate"] < 1


def test_an_unbound_skipper_tells_of_scans_before_it_was_made(lake):
    code = """
import json, sys
from iceframe import IceFrame
from iceframe.skipping import DataSkipper
ice = IceFrame(json.loads(sys.argv[1]))
ice.create_table("t", {"id": "long"})
ice.append_to_table("t", {"id": [1, 2]})
ice.append_to_table("t", {"id": [11, 12]})
assert DataSkipper().get_stats()["skip_rate"] == 0.0
other = IceFrame(json.loads(sys.argv[1]))
ice.read_table("t", filter="id > 10")
other.read_table("t", filter="id > 10")
print(DataSkipper().files_skipped, DataSkipper().files_scanned,
      DataSkipper(ice).files_skipped, DataSkipper(other).files_scanned)
"""
    run = subprocess.run(
        [sys.executable, "-c", code, json.dumps(lake.config)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout == "2 2 1 1\n"


def test_the_last_queries_are_told_apart(events):
    events.create_table("users", {"id": "long"})
    events.append_to_table("users", {"id": [1, 2]})
    skipper = DataSkipper(events)
    events.query("users").filter(Column("id") > 5).execute()
    events.read_table("events", filter="id = 4000")
    scan, query = skipper.recent_queries(2)
    assert (query["operation"], query["tables"]) == ("query", ["default.users"])
    assert (query["files_skipped"], query["files_scanned"]) == (1, 0)
    assert (scan["operation"], scan["tables"]) == ("scan", ["default.events"])
    assert [q["tables"] for q in skipper.for_table("users").recent_queries()] == [["default.users"]]
    assert skipper.recent_queries(0) == []


def test_plans_are_no_scans(events):
    skipper = DataSkipper(events)
    events.query("events").filter(Column("id") == 5).explain()
    list(events.get_table("events").scan().plan_files())
    assert skipper.get_stats()["scans"] == 0
    events.query("events").filter(Column("id") == 5).explain(analyze=True)
    assert skipper.get_stats()["scans"] == 1


def test_a_cached_answer_scans_nothing(events):
    skipper = DataSkipper(events)
    query = events.query("events").filter(Column("id") == 500).cache()
    query.execute()
    before = skipper.get_stats()
    query.execute()
    assert skipper.get_stats() == before


def test_recorded_files_count_in_that_object_alone(ice):
    skipper = DataSkipper(ice)
    skipper.record(True)
    skipper.record(skipped=False)
    skipper.record(True)
    assert (skipper.files_skipped, skipper.files_scanned) == (2, 1)
    assert skipper.get_stats()["skip_rate"] == 2 / 3
    assert DataSkipper(ice).files_skipped == 0
    assert skipper.for_table("t").files_skipped == 0
    with pytest.raises(ValidationError, match="skipped must be True or False"):
        skipper.record("yes")


# -- statistics alone ------------------------------------------------------------------------------

STATS = {
    "age": {"min": 18, "max": 65, "null_count": 0},
    "name": {"min": "Ada", "max": "Max"},
    "day": {"min": dt.date(2024, 1, 1), "max": dt.date(2024, 1, 31)},
    "at": {"min": dt.datetime(2024, 1, 1), "max": dt.datetime(2024, 1, 2)},
    "price": {"min": decimal.Decimal("1.10"), "max": decimal.Decimal("2.50")},
    "flag": {"min": False, "max": False},
    "gone": {"null_count": 7, "value_count": 7},
    "x": {"min": 0.5, "max": 1.5},
    "y": {"min": 0.5, "max": 1.5, "nan_count": 0},
    "key": {"min": uuid.UUID(int=5), "max": uuid.UUID(int=9)},
    "raw": {"min": b"\x01", "max": b"\x05"},
}


@pytest.mark.parametrize(
    "condition",
    [
        "age > 65",
        Column("age") > 65,
        Column("age") == 17,
        (Column("age") < 18) | (Column("name") > "Mb"),
        (Column("nope") == 1) & (Column("age") > 65),
        ~(Column("age") >= 18),
        "age IN (1, 2, 70)",
        "age BETWEEN 66 AND 80",
        "age IS NULL",
        "name LIKE 'Z%'",
        "name = 'Aaron'",
        "day > DATE '2024-01-31'",
        col("day") == dt.date(2023, 12, 31),
        "day = '2024-02-01'",
        col("at") > dt.datetime(2024, 1, 2),
        "price > 2.5",
        "flag",
        "gone = 3",
        "gone <> 'x'",
        "gone IS NOT NULL",
        "x < 0.5",
        "y > 1.5",
        col("key") == uuid.UUID(int=4),
        col("raw") == b"\x09",
        pl.col("age") > 65,
        "false",
        "age = NULL",
    ],
)
def test_what_can_be_skipped(condition):
    assert can_skip_file(STATS, condition) is True
    assert DataSkipper().can_skip_file(STATS, condition) is True
    assert should_skip(STATS, condition) is True


@pytest.mark.parametrize(
    "condition",
    [
        "age >= 65",
        "age = 18",
        "NOT (age > 18)",
        "age IN (1, 30)",
        "age = 17 OR name = 'Bob'",
        "age = 'text'",
        "age + 1 > 100",
        "age > price",
        "nope > 5",
        "NAME > 'Zoe'",
        "name LIKE '%z'",
        "name IS NULL",
        "day >= DATE '2024-01-31'",
        "price = 1.105",
        "gone IS NULL",
        "x > 1.5",  # there may be NaNs, which are above
        "x IS NAN",
        "random() > 2",
        None,
        "true",
    ],
)
def test_what_has_to_be_read(condition):
    assert can_skip_file(STATS, condition) is False


def test_bounds_that_cannot_be_right_prove_nothing():
    for stats in (
        {"min": 9, "max": 1},
        {"min": "a", "max": 1},
        {"min": math.nan, "max": 1.0, "nan_count": 0},
        {"min": 1},
        {"min": None, "max": None},
        {},
        {"min": 1, "max": 5, "type": "string"},
    ):
        assert can_skip_file({"a": stats}, "a = 7") is False, stats
    # One bound is enough where it decides.
    assert can_skip_file({"a": {"min": 8}}, "a = 7") is True


def test_types_widen():
    assert can_skip_file({"a": {"min": 1, "max": 5}}, f"a = {2**40}") is True
    assert can_skip_file({"a": {"min": 1, "max": 5, "type": "int"}}, f"a = {2**40}") is True
    assert can_skip_file({"a": {"min": 1, "max": 5}}, "a = 4.5") is False
    assert can_skip_file({"a": {"min": 1, "max": 5, "type": "long"}}, "a = 4.5") is True
    tenth = struct.unpack("f", struct.pack("f", 0.1))[0]
    stats = {"a": {"min": tenth, "max": tenth, "nan_count": 0}}
    assert can_skip_file(stats, "a = 0.1") is False
    assert can_skip_file({"a": {**stats["a"], "type": "double"}}, "a = 0.1") is True


@pytest.mark.parametrize(
    ("stats", "message"),
    [
        ([1], "file_stats must be a mapping of columns, got"),
        ({"a": 3}, r"file_stats\['a'\] must be a mapping such as .*, got 3"),
        ({"a": {"minimum": 3}}, "unknown entry: 'minimum'"),
        ({"a": {"min": 3, "lower": 4}}, "two entries for lower"),
        ({"a": {"null_count": "x"}}, "null_count of file_stats"),
        ({"a": {"min": object()}}, "can't be a literal"),
        ({1: {}}, "a column of file_stats is no text"),
        ({"a": {"type": "nope"}}, "nope"),
    ],
)
def test_what_is_no_statistics_is_refused(stats, message):
    with pytest.raises(ValidationError, match=message):
        can_skip_file(stats, "a > 1")


def test_a_skipped_file_never_holds_a_match():
    """Ten thousand pairs of a file and a filter, every row of which the engine judged."""
    rng = random.Random(7)
    files, rows = [], []
    ends = [-(2**63), 2**63 - 1, 0, -1]
    for number in range(100):
        around = rng.randrange(-50, 50)
        floats = [around / 4, around / 4 + 0.5, math.inf, -math.inf, -0.0, 1e300]
        for _ in range(rng.randrange(1, 5)):
            rows.append(
                {
                    "file": number,
                    "i": rng.choice([None, around, around + 1, around + 3, rng.choice(ends)]),
                    "x": rng.choice([None, math.nan, *floats]),
                    "s": rng.choice([None, "", "a", "ab", "ab\U0010ffff", f"k{around}", "é"]),
                    "d": dt.date(2024, 1, 1) + dt.timedelta(rng.randrange(-3, 4)),
                    "p": decimal.Decimal(rng.randrange(-300, 300)) / 100,
                }
            )
    frame = pl.DataFrame(
        rows,
        schema={"file": pl.Int64, "i": pl.Int64, "x": pl.Float64, "s": pl.String, "d": pl.Date,
                "p": pl.Decimal(9, 2)},
    )  # fmt: skip
    for number in range(100):
        of_file = [row for row in rows if row["file"] == number]
        stats = {}
        for name in ("i", "x", "s", "d", "p"):
            values = [row[name] for row in of_file if row[name] is not None]
            numbers = [v for v in values if not (isinstance(v, float) and math.isnan(v))]
            known = {
                "min": min(numbers, default=None),
                "max": max(numbers, default=None),
                "value_count": len(of_file),
                "null_count": len(of_file) - len(values),
                "nan_count": len(values) - len(numbers),
            }
            stats[name] = {key: v for key, v in known.items() if rng.random() < 0.85}
        files.append(stats)

    def leaf() -> str:
        number = rng.choice([rng.randrange(-50, 50), rng.choice(ends[1:])])
        op = rng.choice(["=", "<>", "<", "<=", ">", ">="])
        return rng.choice(
            [
                f"i {op} {number}",
                f"i {op} {number}.5",
                f"i IN ({number}, {number + 2 if number < 60 else number}, NULL)",
                f"i NOT IN ({number})",
                f"x {op} {number / 4}",
                f"x {op} CAST('nan' AS DOUBLE)",
                "x IS NAN",
                f"s {op} '{rng.choice(['', 'a', 'ab', 'b', 'é'])}'",
                f"s LIKE '{rng.choice(['a%', '%b', 'k_%', 'ab'])}'",
                f"{rng.choice(['i', 'x', 's'])} IS {rng.choice(['', 'NOT '])}NULL",
                f"d {op} DATE '2024-01-0{rng.randrange(1, 5)}'",
                f"p {op} {rng.randrange(-300, 300) / 100}",
                f"p {op} 1.005",
            ]
        )

    def condition(depth: int) -> str:
        if depth == 0 or rng.random() < 0.3:
            return leaf()
        if rng.random() < 0.2:
            return f"NOT ({condition(depth - 1)})"
        parts = [f"({condition(depth - 1)})" for _ in range(rng.choice([2, 3]))]
        return rng.choice([" AND ", " OR "]).join(parts)

    ice = IceFrame({"type": "in-memory"})
    ice.create_table("t", frame.schema)
    ice.append_to_table("t", frame)
    num_skipped = 0
    for _ in range(100):
        where = condition(3)
        matching = set(ice.read_table("t", filter=where)["file"])
        for number, stats in enumerate(files):
            if can_skip_file(stats, where):
                num_skipped += 1
                assert number not in matching, (where, stats)
    assert num_skipped > 500
