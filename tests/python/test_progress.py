# SPDX-License-Identifier: Apache-2.0
"""Progress of appends and scans: a callable hears of it; a bar is drawn where one can be seen."""

import io
import threading

import pyarrow as pa
import pytest

from iceframe import Progress, progress
from iceframe.errors import ValidationError

SCHEMA = pa.schema([("id", pa.int64())])


def batches(count: int):
    for i in range(count):
        yield pa.record_batch({"id": range(i * 1000, i * 1000 + 1000)}, SCHEMA)


def reader(count: int) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(SCHEMA, batches(count))


@pytest.fixture
def table(ice):
    ice.create_table("t", SCHEMA)
    return ice


def test_a_callable_hears_of_an_append_on_the_calling_thread(table):
    heard = []
    table.append_to_table(
        "t", reader(100), progress=lambda news: heard.append((news, threading.get_ident()))
    )
    assert heard[-1] == (Progress("write", 100_000, 0, "rows"), threading.get_ident())
    done = [news.done for news, _ in heard]
    assert done == sorted(done)
    assert {ident for _, ident in heard} == {threading.get_ident()}


def test_the_total_is_known_where_the_data_has_one(table):
    heard = []
    table.append_to_table("t", pa.Table.from_batches(batches(3)), progress=heard.append)
    assert heard[-1] == Progress("write", 3_000, 3_000, "rows")


def test_a_callable_hears_of_scans(table):
    table.append_to_table("t", reader(10))
    heard = []
    assert table.to_arrow("t", progress=heard.append, batch_size=1000).num_rows == 10_000
    assert heard[-1] == Progress("scan", 10_000, 0, "rows")
    heard = []
    assert sum(b.num_rows for b in table.scan_batches("t", limit=50, progress=heard.append)) == 50
    assert heard[-1] == Progress("scan", 50, 50, "rows")
    assert table.read_table("t", progress=heard.append).height == 10_000


def test_what_a_callable_raises_cancels_the_operation(table):
    def refuse(news):
        raise ValueError(f"enough at {news.done}")

    with pytest.raises(ValueError, match="enough at"):
        table.append_to_table("t", reader(1_000_000), progress=refuse)
    assert table.to_arrow("t").num_rows == 0
    table.append_to_table("t", reader(10))
    with pytest.raises(ValueError, match="enough at"):
        table.to_arrow("t", progress=refuse)
    assert table._session.memory_used_bytes() == 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_when_asked(table, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    table.append_to_table("t", pa.Table.from_batches(batches(5)))
    assert terminal.getvalue() == ""
    table.append_to_table("t", pa.Table.from_batches(batches(5)), progress=True)
    last = terminal.getvalue().rsplit("\r", 1)[-1]
    assert "write: [####################] 5,000 of 5,000 rows" in last
    assert last.endswith("/s\n")
    table.to_arrow("t", progress=True)
    assert "scan: 10,000 rows" in terminal.getvalue()


def test_nothing_is_drawn_where_there_is_no_terminal(table, capfd):
    table.append_to_table("t", reader(5), progress=True)
    table.to_arrow("t", progress=True)
    assert capfd.readouterr() == ("", "")


def test_a_notebook_gets_one_display_that_is_updated(table, monkeypatch):
    shown = []

    class Handle:
        def update(self, html):
            shown.append(html._repr_html_())

    def display(html, display_id):
        shown.append(html._repr_html_())
        return Handle()

    monkeypatch.setattr(progress, "_notebook_display", lambda: display)
    table.append_to_table("t", pa.Table.from_batches(batches(5)), progress=True)
    assert '<progress value="5000" max="5000"></progress>' in shown[-1]


@pytest.mark.parametrize("wrong", ["yes", 1, None, [], object()])
@pytest.mark.parametrize("write", ["append_to_table", "overwrite_table"])
def test_what_can_hear_of_nothing_is_refused_before_anything_starts(table, write, wrong):
    with pytest.raises(ValidationError, match="progress must be True, False or a callable"):
        getattr(table, write)("t", {"id": [1]}, progress=wrong)
    for read in (table.to_arrow, table.read_table, table.scan_batches):
        with pytest.raises(ValidationError, match="progress must be"):
            read("t", progress=wrong)
    with pytest.raises(ValidationError, match="progress must be"):
        table.query("t").execute(progress=wrong)
    assert table.get_table("t").current_snapshot_id is None


def test_a_callback_that_fails_after_the_commit_does_not_hide_it(table, caplog):
    raised = []

    def fail_once_it_landed(news):
        if table.get_table("t").current_snapshot_id != before:
            raised.append(news)
            raise RuntimeError("too late")

    # The last news may come just before the commit.
    for attempt in range(1, 21):
        before = table.get_table("t").current_snapshot_id
        report = table.append_to_table("t", {"id": [1]}, progress=fail_once_it_landed)
        assert report.snapshot_id == table.get_table("t").current_snapshot_id
        assert table.count_rows("t") == attempt
        if raised:
            break
    assert "the callback raised after the commit" in caplog.text
    assert "too late" in caplog.text
    before = report.snapshot_id
    table.overwrite_table("t", {"id": [2]}, progress=fail_once_it_landed)
    assert table.to_arrow("t").to_pylist() == [{"id": 2}]


def test_a_callback_that_always_fails_never_leaves_it_open_what_happened(table):
    try:
        table.append_to_table("t", {"id": [1]}, progress=lambda news: 1 / 0)
        rows = 1
    except ZeroDivisionError:
        rows = 0
    assert table.count_rows("t") == rows


def test_a_bar_that_cannot_be_drawn_does_not_hide_a_commit(table, monkeypatch, caplog):
    class Broken(Terminal):
        def write(self, text):
            raise OSError("terminal is gone")

    monkeypatch.setattr("sys.stderr", Broken())
    assert table.append_to_table("t", {"id": [1]}, progress=True).num_rows == 1
    assert "terminal is gone" in caplog.text


def test_a_callable_that_takes_no_progress_is_refused_before_anything_starts(table):
    before = table.count_rows("t")
    for wrong in (lambda: None, lambda stage, done: None):
        with pytest.raises(ValidationError, match="one argument"):
            table.append_to_table("t", {"id": [1]}, progress=wrong)
    assert table.count_rows("t") == before
