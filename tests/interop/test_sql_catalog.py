# SPDX-License-Identifier: Apache-2.0
"""PyIceberg and we use one SQLite catalog, and see what the other one did."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError

_ROOT = Path(__file__).resolve().parents[2]
_COLUMNS = (
    "catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, "
    "table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), "
    "previous_metadata_location VARCHAR(1000)"
)


def _tool() -> Path:
    folders = [os.environ.get("ICEFRAME_TOOLS"), _ROOT / "build/release", _ROOT / "build/dev"]
    tools = [Path(folder) / "catalog_tool" for folder in folders if folder]
    found = next((tool for tool in tools if tool.exists()), None)
    assert found, "catalog_tool is not built"
    return found


class Both:
    """One database and warehouse, seen through both implementations."""

    def __init__(self, folder: Path, name: str = "iceframe") -> None:
        self.folder = folder
        self.uri = f"sqlite:///{folder}/c.db"
        self.warehouse = str(folder / "warehouse")
        self.name = name

    def pyiceberg(self) -> SqlCatalog:
        return SqlCatalog(self.name, uri=self.uri, warehouse=self.warehouse)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_tool(), self.uri, self.warehouse, self.name, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def ours(self, *arguments: str) -> list[str]:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()


@pytest.fixture
def both(tmp_path: Path) -> Both:
    return Both(tmp_path)


def test_pyiceberg_sees_what_we_made(both: Both) -> None:
    both.ours("create-namespace", "a", "owner", "me")
    both.ours("create-namespace", "a.inner")
    both.ours("create", "a.t")
    both.ours("create", "a.inner.u")
    catalog = both.pyiceberg()
    assert sorted(catalog.list_namespaces()) == [("a",)]
    assert catalog.list_namespaces("a") == [("a", "inner")]
    assert catalog.load_namespace_properties("a") == {"exists": "true", "owner": "me"}
    assert catalog.list_tables("a") == [("a", "t")]
    table = catalog.load_table("a.inner.u")
    assert table.schema().column_names == ["id", "s"]
    table.append(
        pa.table({"id": pa.array([1], pa.int64()), "s": ["x"]}, schema=table.schema().as_arrow())
    )
    assert table.scan().to_arrow().num_rows == 1
    assert f"metadata {table.metadata_location}" in both.ours("load", "a.inner.u")


def test_we_see_what_pyiceberg_made(both: Both) -> None:
    catalog = both.pyiceberg()
    catalog.create_namespace("a", {"owner": "me"})
    catalog.create_namespace("b")
    table = catalog.create_table("a.t", pa.schema([("id", pa.int64()), ("d", pa.date32())]))
    assert both.ours("list") == ["namespace a", "property a owner=me", "table a.t", "namespace b"]
    lines = both.ours("load", "a.t")
    assert f"metadata {table.metadata_location}" in lines
    assert f"uuid {table.metadata.table_uuid}" in lines
    assert "column d date" in lines


def test_both_put_tables_at_the_same_place(both: Both) -> None:
    both.ours("create-namespace", "a.b")
    both.ours("create", "a.b.ours")
    theirs = both.pyiceberg().create_table("a.b.theirs", pa.schema([("id", pa.int64())]))
    assert theirs.location() == f"{both.warehouse}/a.b/theirs"
    assert f"location {both.warehouse}/a.b/ours" in both.ours("load", "a.b.ours")


def test_commits_take_turns_and_stale_ones_are_refused(both: Both) -> None:
    both.ours("create-namespace", "a")
    both.ours("create", "a.t")
    table = both.pyiceberg().load_table("a.t")
    with table.transaction() as change:
        change.set_properties(theirs="1")
    both.ours("set", "a.t", "ours", "1")
    lines = both.ours("load", "a.t")
    assert "set ours=1" in lines
    assert "set theirs=1" in lines
    both.ours("set", "a.t", "ours", "2")
    assert table.refresh().properties["ours"] == "2"


def test_many_writers_of_both_kinds_lose_nothing(both: Both) -> None:
    both.ours("create-namespace", "a")
    both.ours("create", "a.t")
    rounds = 15
    failures: list[str] = []

    def ours() -> None:
        for i in range(rounds):
            done = both.run("set", "a.t", f"ours{i}", "x")
            if done.returncode != 0:
                failures.append(done.stdout)

    landed: list[str] = []

    def theirs() -> None:
        catalog = both.pyiceberg()
        for i in range(rounds):
            try:
                with catalog.load_table("a.t").transaction() as change:
                    change.set_properties({f"theirs{i}": "x"})
                landed.append(f"theirs{i}")
            except CommitFailedException:
                pass

    threads = [threading.Thread(target=ours), threading.Thread(target=theirs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    expected = {f"ours{i}" for i in range(rounds)} | set(landed)
    assert set(both.pyiceberg().load_table("a.t").properties) == expected


def test_renames_and_purges_are_seen(both: Both) -> None:
    both.ours("create-namespace", "a")
    both.ours("create", "a.t")
    catalog = both.pyiceberg()
    catalog.rename_table("a.t", "a.u")
    assert "table a.u" in both.ours("list")
    both.ours("rename", "a.u", "a.v")
    location = Path(catalog.load_table("a.v").location())
    both.ours("purge", "a.v")
    with pytest.raises(NoSuchTableError):
        catalog.load_table("a.v")
    assert not [f for f in location.rglob("*") if f.is_file()]


def test_the_layout_without_the_type_column_works(both: Both) -> None:
    with sqlite3.connect(both.folder / "c.db") as database:
        key = "PRIMARY KEY (catalog_name, table_namespace, table_name)"
        database.execute(f"CREATE TABLE iceberg_tables ({_COLUMNS}, {key})")
        database.execute(
            "CREATE TABLE iceberg_namespace_properties (catalog_name VARCHAR(255) NOT NULL, "
            "namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL, "
            "property_value VARCHAR(1000) NOT NULL, "
            "PRIMARY KEY (catalog_name, namespace, property_key))"
        )
    both.ours("create-namespace", "a")
    both.ours("create", "a.ours")
    both.pyiceberg().create_table("a.theirs", pa.schema([("id", pa.int64())]))
    assert both.ours("list") == ["namespace a", "table a.ours", "table a.theirs"]
    assert sorted(both.pyiceberg().list_tables("a")) == [("a", "ours"), ("a", "theirs")]


def test_both_make_the_same_layout(tmp_path: Path) -> None:
    def columns(folder: Path) -> list[tuple[object, ...]]:
        with sqlite3.connect(folder / "c.db") as database:
            return [
                column
                for table in ("iceberg_tables", "iceberg_namespace_properties")
                for column in database.execute(f"PRAGMA table_info({table})")
            ]

    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    # The first change makes the layout.
    Both(tmp_path / "ours").ours("create-namespace", "a")
    Both(tmp_path / "theirs").pyiceberg()
    assert columns(tmp_path / "ours") == columns(tmp_path / "theirs")
    assert columns(tmp_path / "ours")
