# SPDX-License-Identifier: Apache-2.0
"""A REST catalog, as its users write it; PyIceberg uses the same one."""

import uuid

import polars as pl
import pytest

from iceframe import IceFrame
from iceframe.errors import (
    AlreadyExistsError,
    IceFrameError,
    TableNotFoundError,
    ValidationError,
)
from iceframe.pool import CatalogPool

SCHEMA = {"id": "long", "name": "string"}


@pytest.fixture
def ice(rest_server):
    return IceFrame({"type": "rest", "uri": rest_server.uri})


@pytest.fixture
def space(ice):
    """A namespace of this test's own."""
    name = f"n{uuid.uuid4().hex}"
    ice.create_namespace(name)
    return name


def test_creates_appends_and_reads(ice, space):
    ice.create_table(f"{space}.t", SCHEMA)
    ice.append_to_table(f"{space}.t", [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    ice.append_to_table(f"{space}.t", pl.DataFrame({"id": [3], "name": ["c"]}))
    assert ice.read_table(f"{space}.t").sort("id")["name"].to_list() == ["a", "b", "c"]
    assert ice.read_table(f"{space}.t", filter="id > 2")["id"].to_list() == [3]
    assert ice.list_tables(space) == [f"{space}.t"]
    assert ice.table_exists(f"{space}.t")
    assert not ice.table_exists(f"{space}.u")


def test_the_type_follows_from_the_uri(rest_server):
    assert "rest catalog" in repr(IceFrame({"uri": rest_server.uri + "/"}))


def test_tables_change_and_go(ice, space):
    table = ice.create_table(f"{space}.t", SCHEMA)
    with pytest.raises(AlreadyExistsError, match="table exists already"):
        ice.create_table(f"{space}.t", SCHEMA)
    ice.append_to_table(f"{space}.t", [{"id": n, "name": str(n % 3)} for n in range(30)])
    with ice.transaction(f"{space}.t") as changes:
        changes.append([{"id": 100, "name": "x"}])
        changes.set_properties({"owner": "me"})
    ice.overwrite_table(f"{space}.t", [{"id": 7, "name": "seven"}])
    assert ice.read_table(f"{space}.t").to_dicts() == [{"id": 7, "name": "seven"}]
    assert len(ice.get_table(f"{space}.t").snapshots()) >= 3
    assert ice.get_table(f"{space}.t").properties["owner"] == "me"
    ice.rename_table(f"{space}.t", f"{space}.u")
    with pytest.raises(TableNotFoundError, match="table does not exist"):
        ice.read_table(f"{space}.t")
    assert ice.read_table(f"{space}.u").height == 1
    ice.drop_table(f"{space}.u", purge=True)
    assert ice.list_tables(space) == []
    assert table.name() is not None


def test_namespaces_are_nested_and_keep_properties(ice, space):
    ice.create_namespace(f"{space}.in ner", {"owner": "me"})
    assert ice.load_namespace_properties(f"{space}.in ner")["owner"] == "me"
    ice.create_table(f"{space}.in ner.t", SCHEMA)
    assert ice.list_tables(f"{space}.in ner") == [f"{space}.in ner.t"]
    with pytest.raises(ValidationError, match="not empty"):
        ice.drop_namespace(f"{space}.in ner")
    ice.drop_table(f"{space}.in ner.t")
    ice.drop_namespace(f"{space}.in ner")


@pytest.mark.needs_pyarrow
def test_pyiceberg_uses_the_same_tables(ice, space, rest_server):
    from pyiceberg.catalog import load_catalog

    theirs = load_catalog("r", type="rest", uri=rest_server.uri)
    ice.create_table(f"{space}.ours", SCHEMA)
    ice.append_to_table(f"{space}.ours", [{"id": 1, "name": "a"}])
    table = theirs.load_table(f"{space}.ours")
    table.append(
        pl.DataFrame({"id": [2], "name": ["b"]}).to_arrow().cast(table.schema().as_arrow())
    )
    assert ice.read_table(f"{space}.ours").sort("id")["name"].to_list() == ["a", "b"]
    assert table.scan().to_arrow().num_rows == 2

    made = theirs.create_table(f"{space}.theirs", table.schema())
    ice.append_to_table(f"{space}.theirs", [{"id": 3, "name": "c"}])
    assert made.refresh().scan().to_arrow()["name"].to_pylist() == ["c"]


def test_a_pool_lends_its_connections(rest_server, space):
    pool = CatalogPool({"type": "rest", "uri": rest_server.uri}, pool_size=2)
    with pool.connection() as connection:
        assert (space,) in connection.list_namespaces()
    pool.close_all()


def test_who_does_not_answer_is_named():
    with pytest.raises(IceFrameError, match=r"no answer to GET http://127\.0\.0\.1:1/v1/config"):
        IceFrame({"type": "rest", "uri": "http://127.0.0.1:1"})
