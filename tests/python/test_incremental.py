# SPDX-License-Identifier: Apache-2.0
"""What came into tables since a snapshot, what changed between two, and tables followed."""

import datetime as dt
import inspect
import threading
from random import Random

import polars as pl
import pytest

from iceframe import _native, col
from iceframe.errors import (
    NotFoundError,
    TableNotFoundError,
    ValidationError,
)
from iceframe.frame import IceFrame
from iceframe.incremental import TableTail
from iceframe.skipping import DataSkipper


@pytest.fixture
def events(ice):
    ice.create_table("events", {"n": "long", "s": "string"})
    return ice


def append(ice, *ns, **options):
    rows = {"n": list(ns), "s": [f"s{n}" for n in ns]}
    return ice.append_to_table("events", rows, **options).snapshot_id


def numbers(frame):
    return frame["n"].to_list()


# -- read_incremental -------------------------------------------------------------------------


def test_rows_since_a_snapshot(events):
    first = append(events, 1, 2)
    append(events, 3)
    append(events, 4, 5)
    assert numbers(events.read_incremental("events", first)) == [3, 4, 5]
    rows = events.read_incremental("events", first, columns=["s"], filter_expr="n > 3")
    assert rows.to_dict(as_series=False) == {"s": ["s4", "s5"]}
    assert numbers(events.read_incremental("events", since_snapshot_id=None)) == [1, 2, 3, 4, 5]
    last = events.get_table("events").current_snapshot().snapshot_id
    nothing = events.read_incremental("events", last)
    assert (nothing.height, nothing.columns) == (0, ["n", "s"])


def skipped_files() -> dict[str, float]:
    return {
        labels["reason"]: value
        for name, labels, value in _native.metrics()
        if name == "iceframe_scan_files_total" and labels["result"] == "skipped"
    }


def test_files_that_a_filter_keeps_nothing_of_are_not_opened(ice):
    ice.create_table("t", {"n": "long", "day": "string"}, partition_spec=["day"])
    random = Random(3)
    first = ice.append_to_table("t", [{"n": 0, "day": "a"}]).snapshot_id
    appended = []
    for number in range(12):
        rows = [
            {"n": 100 * number + random.randrange(100), "day": random.choice("abcd")}
            for _ in range(10)
        ]
        ice.append_to_table("t", rows)
        appended += rows
    filters = {
        "n >= 700": lambda row: row["n"] >= 700,
        "day = 'b'": lambda row: row["day"] == "b",
        "n < 300 and day <> 'c'": lambda row: row["n"] < 300 and row["day"] != "c",
        "n is null": lambda row: False,
        "n > 250 or day = 'd'": lambda row: row["n"] > 250 or row["day"] == "d",
    }
    before = skipped_files()
    for text, keeps in filters.items():
        found = ice.read_incremental("t", first, filter_expr=text)
        expected = [row for row in appended if keeps(row)]
        assert sorted(map(str, found.to_dicts())) == sorted(map(str, expected)), text
    after = skipped_files()
    assert after["min_max"] - before.get("min_max", 0) > 20
    assert after["partition"] - before.get("partition", 0) > 20


def test_manifests_that_a_filter_keeps_nothing_of_are_not_read(lake):
    ice = lake.open()
    ice.create_table("t", {"n": "long", "day": "string"}, partition_spec=["day"])
    first = ice.append_to_table("t", [{"n": 100, "day": "a"}]).snapshot_id
    for n in range(12):
        ice.append_to_table("t", [{"n": n, "day": "abcd"[n % 4]}])
    for since, num_skipped in ((first, 9), (None, 10)):
        reader = lake.open()
        found = reader.read_incremental("t", since, filter_expr="day = 'b'")
        assert found["n"].to_list() == [1, 5, 9]
        levels = DataSkipper(reader).get_stats()["levels"]
        manifests, files = levels["manifests"], levels["files"]
        assert (manifests["scanned"], manifests["skipped"]) == (3, num_skipped)
        assert manifests["reasons"]["partition"] == num_skipped
        assert manifests["bytes_skipped"] > 0
        assert (files["scanned"], files["reasons"]["partition"]) == (3, num_skipped)


@pytest.mark.parametrize("day", ["a", "b", "c"])
def test_what_a_snapshot_removed_is_seen_whatever_the_filter(ice, day):
    ice.create_table("t", {"n": "long", "day": "string"}, partition_spec=["day"])
    first = ice.append_to_table("t", [{"n": 1, "day": "a"}, {"n": 2, "day": "b"}]).snapshot_id
    ice.overwrite_table("t", [{"n": 1, "day": "a"}, {"n": 3, "day": "b"}], filter_expr="day <> 'c'")
    where = f"day = '{day}'"
    with pytest.raises(ValidationError, match="snapshot removed rows"):
        ice.read_incremental("t", first, filter_expr=where, on_removed="error")
    found = ice.read_incremental("t", first, filter_expr=where, on_removed="difference")
    assert found["n"].to_list() == ([3] if day == "b" else [])


def test_rows_since_a_time(events):
    append(events, 1)
    snapshot = events.get_table("events").current_snapshot()
    time = dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, dt.UTC)
    before = time - dt.timedelta(days=1)
    assert numbers(events.read_incremental("events", since_timestamp=before)) == [1]
    assert numbers(events.read_incremental("events", since_timestamp=snapshot.timestamp_ms)) == []
    after = snapshot.timestamp_ms + 10**6
    assert numbers(events.read_incremental("events", since_timestamp=after)) == []


def test_since_when_has_to_be_said(events):
    first = append(events, 1)
    with pytest.raises(ValidationError, match="since_snapshot_id=None"):
        events.read_incremental("events")
    with pytest.raises(ValidationError, match="give one of them"):
        events.read_incremental("events", first, since_timestamp=7)
    with pytest.raises(ValidationError, match="expired or was never"):
        events.read_incremental("events", 12345)
    with pytest.raises(ValidationError, match="on_removed"):
        events.read_incremental("events", first, on_removed="maybe")
    append(events, 2)
    second = append(events, 3)
    events.rollback_to_snapshot("events", first)
    with pytest.raises(ValidationError, match="not an ancestor"):
        events.read_incremental("events", second)
    with pytest.raises(TableNotFoundError):
        events.read_incremental("nothing", first)


def test_rows_that_another_engine_wrote_again_are_not_new(events, lake):
    first = append(events, 1, 2, 3, 4)
    # Writes the file anew without one row, as an overwrite.
    lake.pyiceberg().load_table("default.events").delete("n == 2")
    append(events, 5)
    assert numbers(events.read_incremental("events", first)) == [5]
    assert numbers(events.read_incremental("events", first, on_removed="skip")) == [5]
    with pytest.raises(ValidationError, match="removed rows"):
        events.read_incremental("events", first, on_removed="error")
    events.overwrite_table("events", {"n": [1, 3, 9], "s": ["s1", "s3", "s9"]})
    assert numbers(events.read_incremental("events", first)) == [5, 9]


def test_compaction_brings_nothing_new(events):
    first = append(events, 1)
    tail = events.tail("events", timeout=0)
    append(events, 2)
    append(events, 3)
    events.compact_data_files("events")
    append(events, 4)
    snapshots = events.get_table("events").snapshots()
    assert "replace" in [snapshot.summary["operation"] for snapshot in snapshots]
    assert numbers(events.read_incremental("events", first)) == [2, 3, 4]
    assert sorted(numbers(events.get_row_changes("events", first)["added"])) == [2, 3, 4]
    assert events.get_row_changes("events", first)["deleted"].height == 0
    assert [numbers(rows) for rows in tail] == [[2], [3], [4]]


def test_columns_are_those_of_the_table_now(events):
    first = append(events, 1)
    append(events, 2)
    with events.alter_table("events") as columns:
        columns.rename_column("s", "text")
        columns.add_column("extra", "double")
    assert events.read_incremental("events", first).to_dicts() == [
        {"n": 2, "text": "s2", "extra": None}
    ]


def test_partitioned_tables(ice):
    ice.create_table("p", {"n": "long", "day": "string"}, partition_spec=["day"])
    first = ice.append_to_table("p", {"n": [1], "day": ["mon"]}).snapshot_id
    ice.append_to_table("p", {"n": [2, 3], "day": ["mon", "tue"]})
    rows = ice.read_incremental("p", first, filter_expr=col("day") == "tue")
    assert rows.to_dicts() == [{"n": 3, "day": "tue"}]


# -- get_changes ------------------------------------------------------------------------------


def test_changes_between_two_snapshots(events):
    first = append(events, 1, 2, 2)
    append(events, 3)
    events.overwrite_table("events", {"n": [1, 2, 3, 4], "s": ["new", "s2", "s3", None]})
    changes = events.get_changes("events", first, primary_keys=["n"])
    assert {kind: sorted(numbers(rows)) for kind, rows in changes.items()} == {
        "added": [3, 4],
        "deleted": [2],
        "modified": [1],
    }
    assert changes["modified"].to_dicts() == [{"n": 1, "s": "new"}]
    rows = events.get_row_changes("events", first)
    assert sorted(numbers(rows["added"])) == [1, 3, 4]
    assert sorted(numbers(rows["deleted"])) == [1, 2]
    assert (rows["modified"].height, rows["modified"].columns) == (0, ["n", "s"])
    nothing = events.get_changes("events", first, first)
    assert [frame.height for frame in nothing.values()] == [0, 0, 0]
    assert numbers(events.get_changes("events", None, first)["added"]) == [1, 2, 2]


def test_changes_by_some_columns(events):
    first = append(events, 1, 2)
    events.overwrite_table("events", {"n": [1, 2, 3], "s": ["x", "y", "z"]})
    changes = events.get_changes("events", first, columns=["n"])
    assert changes["added"].to_dicts() == [{"n": 3}]
    assert changes["deleted"].height == 0


def test_rows_with_nulls_lists_and_nan_are_equal_to_themselves(ice, lake):
    ice.create_table("t", {"id": "long", "x": "double", "l": "list<int>", "m": "map<string, int>"})
    rows = pl.DataFrame(
        {"id": [1, None, 3], "x": [float("nan"), None, -0.5], "l": [[1, None], None, []]}
    )
    first = ice.append_to_table("t", rows).snapshot_id
    lake.pyiceberg().load_table("default.t").delete("id == 3")
    changes = ice.get_changes("t", first)
    assert changes["added"].height == 0
    assert changes["deleted"]["id"].to_list() == [3]


def test_keys_have_to_tell_rows_apart(events):
    first = append(events, 1)
    append(events, 2, 2)
    with pytest.raises(ValidationError, match="tell rows apart"):
        events.get_changes("events", first, primary_keys=["n"])
    with pytest.raises(ValidationError, match="nn"):
        events.get_changes("events", first, primary_keys=["nn"])
    with pytest.raises(ValidationError):
        events.get_changes("events", first, columns=["s"], primary_keys=["n"])
    with pytest.raises(NotFoundError):
        events.get_changes("events", 7)


# -- tail -------------------------------------------------------------------------------------


def test_tail_gives_new_rows_per_snapshot(events):
    append(events, 1)
    tail = events.tail("events", timeout=0)
    assert list(tail) == []
    second = append(events, 2, 3)
    append(events, 4)
    assert numbers(next(tail)) == [2, 3]
    assert tail.snapshot_id == second
    token = tail.token
    assert [numbers(rows) for rows in tail] == [[4]]
    assert [numbers(rows) for rows in events.tail("events", token, timeout=0)] == [[4]]
    again = events.tail("events", start="earliest", timeout=0)
    assert [numbers(rows) for rows in again] == [[1], [2, 3], [4]]
    assert again.token == tail.token
    assert (again.timestamp_ms or 0) > 0


def test_tail_waits_for_rows_of_other_threads(events):
    tail = events.tail("events", poll_interval=0.01)
    writer = threading.Thread(target=lambda: [append(events, n) for n in range(3)])
    writer.start()
    assert [numbers(next(tail)) for _ in range(3)] == [[0], [1], [2]]
    writer.join()
    stopper = threading.Thread(target=tail.stop)
    stopper.start()
    assert list(tail) == []
    stopper.join()


def test_tail_takes_columns_filters_and_chunks(events):
    tail = events.tail(
        "events", columns=["n"], filter_expr=col("n") % 2 == 0, chunk_size=2, timeout=0
    )
    append(events, *range(7))
    append(events, 1, 3)
    start = tail.token
    assert [rows.to_dict(as_series=False) for rows in tail] == [{"n": [0, 2]}, {"n": [4, 6]}]
    # Within a snapshot the token stays before it.
    chunks = events.tail("events", start, chunk_size=3, timeout=0)
    assert numbers(next(chunks)) == [0, 1, 2]
    assert chunks.token == start
    assert [numbers(next(chunks)) for _ in range(2)] == [[3, 4, 5], [6]]
    assert numbers(next(events.tail("events", chunks.token, timeout=0))) == [1, 3]


def test_tail_stops_at_removed_rows_or_skips_them(events):
    append(events, 1, 2)
    tail = events.tail("events", timeout=0)
    events.overwrite_table("events", {"n": [1, 7], "s": ["s1", "s7"]})
    append(events, 3)
    for _ in range(2):
        with pytest.raises(ValidationError, match="removed rows"):
            next(tail)
    skipping = events.tail("events", tail.token, on_removed="skip", timeout=0)
    assert [numbers(rows) for rows in skipping] == [[3]]
    comparing = events.tail("events", tail.token, on_removed="difference", timeout=0)
    assert [numbers(rows) for rows in comparing] == [[7], [3]]


def test_tail_says_what_cant_be_followed(events):
    first = append(events, 1)
    append(events, 2)
    tail = events.tail("events", timeout=0)
    events.rollback_to_snapshot("events", first)
    with pytest.raises(ValidationError, match="not an ancestor"):
        next(tail)
    events.drop_table("events")
    events.create_table("events", {"n": "long", "s": "string"})
    with pytest.raises(ValidationError, match="another table"):
        events.tail("events", tail.token)
    for wrong in ({"token": "x"}, {"start": "now"}, {"poll_interval": -1}, {"timeout": "1"}):
        with pytest.raises(ValidationError):
            events.tail("events", **wrong)
    with pytest.raises(ValidationError):
        events.tail("events", chunk_size=0)
    with pytest.raises(NotFoundError):
        events.tail("events", branch="no")
    with pytest.raises(TableNotFoundError):
        events.tail("nothing")


def test_tail_of_a_branch(events):
    append(events, 1)
    events.create_branch("events", "audit")
    with events.tail("events", branch="audit", timeout=0) as tail:
        append(events, 2)
        append(events, 3, branch="audit")
        assert [numbers(rows) for rows in tail] == [[3]]
    assert list(tail) == []


def test_a_read_that_fails_is_tried_again(events, tmp_path):
    tail = events.tail("events", timeout=0)
    append(events, 1)
    (file,) = (tmp_path / "warehouse").rglob("*.parquet")
    hidden = file.rename(file.with_suffix(".hidden"))
    with pytest.raises((NotFoundError, OSError)):
        next(tail)
    hidden.rename(file)
    assert numbers(next(tail)) == [1]


def test_the_faces_have_the_known_names():
    def names(method):
        return list(inspect.signature(method).parameters)[1:]

    assert names(IceFrame.read_incremental)[:4] == [
        "table_name",
        "since_snapshot_id",
        "since_timestamp",
        "columns",
    ]
    known = ["table_name", "from_snapshot_id", "to_snapshot_id", "columns", "primary_keys"]
    assert names(IceFrame.get_changes) == known
    assert names(IceFrame.get_row_changes) == known[:4]
    assert names(IceFrame.tail)[:2] == ["table_name", "token"]
    assert hasattr(TableTail, "__next__")
