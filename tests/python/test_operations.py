# SPDX-License-Identifier: Apache-2.0
"""Every call ends as one operation in the totals, however it ended."""

from __future__ import annotations

import collections
import gc
from typing import TYPE_CHECKING

import pytest

from iceframe import IceFrame, _native
from iceframe.errors import CancelledError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator


def ended() -> collections.Counter[tuple[str, str]]:
    """Operations of this process that have ended, by kind and status."""
    totals: collections.Counter[tuple[str, str]] = collections.Counter()
    for name, labels, value in _native.metrics():
        if name == "iceframe_queries_total":
            totals[labels["operation"], labels["status"]] = int(value)
    return totals


@pytest.fixture
def table(ice: IceFrame) -> IceFrame:
    ice.create_table("t", {"id": "long"})
    for i in range(3):
        ice.append_to_table("t", {"id": [i]})
    return ice


def test_calls_end_as_one_operation_each(ice: IceFrame) -> None:
    before = ended()
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": [1, 2]})
    ice.append_to_table("t", [{"id": 3}])
    ice.overwrite_table("t", {"id": [4]})
    assert ice.read_table("t")["id"].to_list() == [4]
    assert ice.count_rows("t") == 1
    assert ice.query("t").select("id").execute()["id"].to_list() == [4]
    ice.query("t").explain()
    after = ended() - before
    assert all(status == "ok" for _, status in after)
    kinds = {kind: count for (kind, _), count in after.items() if kind != "load_table"}
    assert kinds == {
        "append": 2,
        "count_rows": 1,
        "create_table": 1,
        "explain": 1,
        "overwrite": 1,
        "query": 1,
        "scan": 1,
    }


def test_readers_dropped_closed_and_cancelled_end_once(table: IceFrame) -> None:
    before = ended()
    reader = table.scan("t")
    assert reader.next_batch() is not None
    assert ended() == before
    del reader
    gc.collect()
    assert ended() - before == {("scan", "dropped"): 1}
    reader = table.scan("t")
    reader.close()
    reader.close()
    assert ended() - before == {("scan", "dropped"): 2}
    reader = table.scan("t")
    reader.cancel()
    with pytest.raises(CancelledError):
        reader.read_all()
    del reader
    assert ended() - before == {("scan", "dropped"): 2, ("scan", "cancelled"): 1}


def test_a_reader_ends_after_its_session(table: IceFrame) -> None:
    before = ended()
    reader = table.scan("t")
    del table
    gc.collect()
    while reader.next_batch() is not None:
        pass
    assert ended() - before == {("scan", "ok"): 1}


def test_exceptions_of_the_caller_and_errors_end_once(table: IceFrame) -> None:
    before = ended()

    def rows() -> Iterator[dict[str, int]]:
        yield {"id": 7}
        raise RuntimeError("the caller's own")

    with pytest.raises(RuntimeError, match="the caller's own"):
        table.append_to_table("t", rows())
    with pytest.raises(SchemaError):
        table.append_to_table("t", [{"id": "seven"}])
    assert ended() - before == {("append", "error"): 2}


def test_counters_are_read_while_a_scan_goes_on(table: IceFrame) -> None:
    before = dict((name, value) for name, labels, value in _native.metrics() if not labels)
    reader = table.scan("t")
    reader.read_all()
    counters = reader.counters()
    assert counters["files_scanned"] == 3
    after = dict((name, value) for name, labels, value in _native.metrics() if not labels)
    considered = "iceframe_scan_files_considered_total"
    assert after[considered] - before[considered] == counters["files_total"] == 3
