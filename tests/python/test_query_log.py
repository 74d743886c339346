# SPDX-License-Identifier: Apache-2.0
"""The log of queries, in memory and in a file; no literal and no secret is ever in it."""

import json

import pytest

from iceframe import IceFrame, _native
from iceframe.errors import IceFrameError, NotFoundError, ValidationError
from iceframe.expressions import col, lit
from iceframe.monitoring import QueryLog

CANARY = "canary7531"
NUMBER = 75310753


@pytest.fixture
def table(ice: IceFrame) -> IceFrame:
    ice.create_table("t", {"id": "long", "name": "string"})
    for i in range(3):
        ice.append_to_table("t", {"id": [i], "name": [f"n{i}"]})
    return ice


def test_records_tell_what_operations_did(table):
    with QueryLog(table) as log:
        table.read_table("t", filter="id >= 2")
        table.append_to_table("t", {"id": [3], "name": ["n3"]})
        with pytest.raises(ValidationError):
            table.query("t").filter("nope = 1").execute()
    table.read_table("t")
    failed, append, scan = log.entries()
    assert (scan["operation"], scan["tables"], scan["status"]) == ("scan", ["default.t"], "ok")
    counters = scan["counters"]
    assert (counters["rows_returned"], counters["files_skipped_by_bounds"]) == (1, 2)
    assert scan["duration_ms"] > 0
    assert scan["peak_memory_bytes"] > 0
    assert scan["error"] is None
    assert (append["operation"], append["counters"]["commit_attempts"]) == ("append", 1)
    assert (failed["operation"], failed["status"]) == ("query", "error")
    assert failed["error"] == "InvalidArgument"
    assert log.entries(1) == [failed]


def test_records_have_icebergs_reports(table):
    with QueryLog(table) as log:
        table.read_table("t", columns=["name"], filter="id >= 2")
        table.append_to_table("t", {"id": [3], "name": ["n3"]})
    append, scan = log.entries()
    (report,) = scan["reports"]
    assert (report["report-type"], report["table-name"]) == ("scan-report", "default.t")
    assert report["snapshot-id"] > 0
    assert report["filter"] == {"type": "gt-eq", "term": "id", "value": "(redacted)"}
    assert "name" in report["projected-field-names"]
    metrics = report["metrics"]
    assert metrics["result-data-files"] == {"unit": "count", "value": 1}
    assert metrics["skipped-data-files"]["value"] == 2
    assert metrics["total-planning-duration"]["total-duration"] > 0
    (report,) = append["reports"]
    assert (report["report-type"], report["operation"]) == ("commit-report", "append")
    assert report["snapshot-id"] == table.get_table("t").current_snapshot().snapshot_id
    assert report["metrics"]["attempts"]["value"] == 1
    assert report["metrics"]["added-records"]["value"] == 1


def test_plans_that_differ_in_literals_have_one_hash(table):
    log = QueryLog(table)
    table.read_table("t", filter="id IN (1, 2)")
    table.read_table("t", filter="id IN (0, 1, 2)", limit=2)
    table.read_table("t", filter="id IN (0, 2)", limit=7)
    table.read_table("t", filter="name = 'x'")
    hashes = [entry["plan_hash"] for entry in log.entries()]
    assert hashes[1] == hashes[2]
    assert len(set(hashes)) == 3
    log.close()


def test_no_literal_is_in_a_record_whatever_it_stands_in(table, tmp_path):
    path = tmp_path / "queries.jsonl"
    log = QueryLog(table, path)
    text, number = f"'{CANARY}'", str(NUMBER)
    filters = [
        f"name = {text}",
        f"name IN ({text}, 'b', 'c')",
        f"name LIKE {text}",
        f"starts_with(name, {text})",
        f"NOT (name > {text} OR id < {number})",
        f"CASE WHEN id = {number} THEN name ELSE {text} END = {text}",
        f"name || {text} = 'x'",
        f"id + {number} > 5",
    ]
    for condition in filters:
        table.read_table("t", filter=condition)
        table.query("t").filter(condition).select(f"upper(name || {text})", f"id * {number}").limit(
            NUMBER
        ).execute()
    query = table.query("t").select(lit(CANARY), (col("id") + NUMBER), f"coalesce(name, {text})")
    query.order_by(f"id + {number}").execute()
    table.query("t").group_by(f"id % {number}").select(f"max(name || {text})").execute()
    table.query("t").with_column("c", lit(CANARY)).distinct().execute()
    left = table.query("t").select("id", f"name || {text}")
    left.join(table.query("t").filter(f"name <> {text}"), on="id").execute()
    left.union(table.query("t").select("id", f"name || {text}")).execute()
    table.count_rows("t", f"name = {text}")
    table.overwrite_table("t", {"id": [NUMBER], "name": [CANARY]}, filter_expr=f"name = {text}")
    for wrong in (f"nope = {text}", f"name = {text} AND", f"CAST({text} AS int) = 1"):
        with pytest.raises(IceFrameError):
            table.read_table("t", filter=wrong)
    log.close()
    entries = log.entries(1000)
    written = path.read_text()
    assert len(entries) == len(written.splitlines()) >= 20
    assert {entry["status"] for entry in entries} == {"ok", "error"}
    assert any("name = ?" in entry["plan"] for entry in entries)
    everything = written + json.dumps(entries) + _native.metrics_text()
    assert CANARY not in everything
    assert number not in everything


def test_no_secret_of_a_catalog_is_in_a_record(tmp_path):
    log = QueryLog(path=tmp_path / "queries.jsonl")
    try:
        ice = IceFrame({"type": "in-memory", "name": "c", "token": CANARY, "credential": CANARY})
        ice.create_table("t", {"id": "long"}, properties={"comment": CANARY})
        ice.read_table("t")
        with pytest.raises(NotFoundError):
            ice.read_table("nope")
    except ValidationError:
        # The catalog takes no such keys; its error is the caller's alone.
        pass
    log.close()
    assert CANARY not in (tmp_path / "queries.jsonl").read_text()


def test_a_file_is_rotated_and_shared(table, tmp_path):
    path = tmp_path / "queries.jsonl"
    logs = [QueryLog(table, path, max_file_bytes=2000, max_files=3) for _ in range(2)]
    for _ in range(10):
        table.read_table("t")
    for log in logs:
        log.close()
    names = sorted(file.name for file in tmp_path.glob("queries*"))
    assert names == ["queries.jsonl", "queries.jsonl.1", "queries.jsonl.2"]
    for file in tmp_path.glob("queries*"):
        assert file.stat().st_mode & 0o777 == 0o600
        for line in file.read_text().splitlines():
            assert json.loads(line)["operation"] == "scan"


def test_wrong_arguments(table, tmp_path):
    with pytest.raises(IceFrameError):
        QueryLog(path=tmp_path)
    with pytest.raises(NotFoundError):
        QueryLog(path=tmp_path / "no" / "such" / "folder")
    with pytest.raises(ValidationError, match="max_files must be at least 1"):
        QueryLog(max_files=0)
    with pytest.raises(ValidationError, match="path must name a file"):
        QueryLog(path="")
    with QueryLog() as log, pytest.raises(ValidationError, match="limit must not be negative"):
        log.entries(-1)
