# SPDX-License-Identifier: Apache-2.0
"""Tables that are folders with numbered metadata files: read, and never written."""

import pathlib
import shutil

import pytest

from iceframe import IceFrame
from iceframe.errors import IceFrameError, TableNotFoundError, UnsupportedOperationError


@pytest.fixture
def warehouse(tmp_path):
    """A warehouse as Spark leaves it: `sales.orders` in two versions of two rows each."""
    folder = tmp_path / "warehouse"
    ice = IceFrame({"type": "in-memory", "warehouse": f"file://{folder}"})
    ice.create_namespace("sales")
    ice.create_table("sales.orders", {"id": "long", "item": "string"}, properties={"a": "b"})
    for start in (0, 2):
        ice.append_to_table("sales.orders", {"id": [start, start + 1], "item": ["x", "y"]})
    (metadata,) = folder.rglob("metadata")
    for number, file in enumerate(sorted(metadata.glob("*.metadata.json"))):
        shutil.move(file, metadata / f"v{number}.metadata.json")
    (metadata / "version-hint.text").write_text("1")
    return folder


@pytest.fixture
def ice(warehouse):
    return IceFrame({"type": "hadoop", "warehouse": f"file://{warehouse}"})


def files_of(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_tables_are_listed_and_read(ice):
    assert ice.list_tables("sales") == ["sales.orders"]
    assert ice.table_exists("sales.orders")
    assert not ice.table_exists("sales.nope")
    assert ice.read_table("sales.orders").sort("id")["id"].to_list() == [0, 1, 2, 3]
    assert ice.query("sales.orders").filter("id > 2").execute().rows() == [(3, "y")]
    assert len(ice.get_table("sales.orders").snapshots()) == 2
    with pytest.raises(TableNotFoundError):
        ice.read_table("sales.nope")


def test_what_another_engine_commits_is_seen(ice, warehouse):
    assert ice.read_table("sales.orders").height == 4
    (metadata,) = warehouse.rglob("metadata")
    shutil.copy(metadata / "v1.metadata.json", metadata / "v7.metadata.json")
    assert ice.read_table("sales.orders").height == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda ice: ice.append_to_table("sales.orders", {"id": [9], "item": ["z"]}),
        lambda ice: ice.create_table("sales.more", {"id": "long"}),
        lambda ice: ice.create_namespace("more"),
        lambda ice: ice.drop_table("sales.orders", purge=True),
        lambda ice: ice.rename_table("sales.orders", "sales.others"),
        lambda ice: ice.alter_table("sales.orders").add_column("n", "long").commit(),
    ],
)
def test_changes_are_refused_and_leave_nothing(ice, warehouse, change):
    before = files_of(warehouse)
    with pytest.raises(UnsupportedOperationError, match="register"):
        change(ice)
    assert files_of(warehouse) == before


def test_a_registered_table_is_written(ice, warehouse, tmp_path):
    (newest,) = warehouse.rglob("v2.metadata.json")
    writer = IceFrame(
        {"type": "sql", "uri": f"sqlite:///{tmp_path}/c.db", "warehouse": f"file://{warehouse}"}
    )
    writer.create_namespace("sales")
    writer.register_table("sales.orders", str(newest))
    writer.append_to_table("sales.orders", {"id": [4], "item": ["z"]})
    assert writer.read_table("sales.orders").height == 5
    assert ice.read_table("sales.orders").height == 4


def test_without_a_warehouse():
    with pytest.raises(IceFrameError, match="warehouse"):
        IceFrame({"type": "hadoop"}).list_namespaces()
