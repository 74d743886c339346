# SPDX-License-Identifier: Apache-2.0
"""Several catalogs under names: what is read, queried and united across them."""

import json

import polars as pl
import pytest
from conftest import Lake

from iceframe import IceFrame, col
from iceframe.errors import (
    AlreadyExistsError,
    CatalogNotFoundError,
    IceFrameError,
    TableNotFoundError,
    ValidationError,
)
from iceframe.federation import CatalogFederation


@pytest.fixture
def lakes(tmp_path) -> dict[str, Lake]:
    for name in ("prod", "dev"):
        (tmp_path / name).mkdir()
    return {name: Lake(tmp_path / name) for name in ("prod", "dev")}


@pytest.fixture
def federation(lakes) -> CatalogFederation:
    """Users of prod and, with drifted columns, of dev."""
    federation = CatalogFederation()
    for name, lake in lakes.items():
        federation.add_catalog(name, lake.config)
    prod, dev = (federation.get_catalog(name) for name in ("prod", "dev"))
    prod.create_table("users", {"id": "int", "name": "string"})
    prod.append_to_table("users", {"id": [1, 2, 3], "name": ["Ada", "Bob", "Cid"]})
    dev.create_table("users", {"name": "string", "id": "long", "age": "int"})
    dev.append_to_table("users", {"name": ["Bob", "Dora"], "id": [2, 2**40], "age": [28, 51]})
    return federation


USERS = [("prod", "users"), ("dev", "users")]

# -- catalogs --------------------------------------------------------------------------------------


def test_nothing_is_connected_before_it_is_used(lakes, federation):
    unreachable = {"type": "sql", "uri": "sqlite:////nowhere/at/all.db", "password": "s3cret"}
    federation.add_catalog("far", unreachable)
    assert federation.list_catalogs() == ["prod", "dev", "far"]
    assert federation.union_tables(USERS).height == 5
    with pytest.raises(IceFrameError) as caught:
        federation.read_table("far", "users")
    assert caught.value.context["catalog"] == "far"


def test_no_credentials_are_shown(federation):
    federation.add_catalog(
        "far",
        {"type": "rest", "uri": "https://127.0.0.1:1", "token": "s3cret", "credential": "s3cret"},
    )
    shown = [repr(federation), repr(federation.__dict__), str(federation._native)]
    for call in (
        lambda: federation.get_catalog("far"),
        lambda: federation.read_table("far", "users"),
        lambda: federation.union_tables([*USERS, ("far", "users")]),
        lambda: federation.query("far.users").execute(),
        lambda: federation.add_catalog("far", {"token": "s3cret"}),
    ):
        with pytest.raises(IceFrameError) as caught:
            call()
        shown += [str(caught.value), json.dumps(caught.value.context)]
    assert not [text for text in shown if "s3cret" in text]


def test_a_catalog_is_an_iceframe(lakes, federation):
    prod = federation.get_catalog("prod")
    assert isinstance(prod, IceFrame)
    assert federation.get_catalog("prod") is prod
    assert prod.list_tables() == ["default.users"]
    assert prod.catalog_config == lakes["prod"].config
    prod.append_to_table("users", {"id": [4], "name": ["Eve"]})
    assert federation.read_table("prod", "users").height == 4


def test_an_open_iceframe_is_a_catalog(federation):
    memory = IceFrame({"type": "in-memory"})
    memory.create_table("users", {"id": "long"})
    federation.add_catalog("memory", memory)
    assert federation.read_table("memory", "users").is_empty()
    assert federation.get_catalog("memory") is memory


def test_names_are_taken_once_and_have_no_dots(federation):
    with pytest.raises(AlreadyExistsError, match="prod; remove it first"):
        federation.add_catalog("prod", {"type": "in-memory"})
    for name in ("", "a.b", "a/b"):
        with pytest.raises(ValidationError):
            federation.add_catalog(name, {"type": "in-memory"})
    federation.remove_catalog("prod")
    assert federation.list_catalogs() == ["dev"]
    federation.add_catalog("prod", {"type": "in-memory"})
    assert federation.get_catalog("prod").list_tables() == []


@pytest.mark.parametrize("name", ["get_catalog", "remove_catalog"])
def test_an_unknown_catalog_is_named_with_those_there_are(federation, name):
    with pytest.raises(CatalogNotFoundError, match=r"test; it has prod, dev") as caught:
        getattr(federation, name)("test")
    assert isinstance(caught.value, ValueError)


# -- one table -------------------------------------------------------------------------------------


def test_a_table_is_read_as_its_own_iceframe_reads_it(federation):
    read = federation.read_table
    assert read("prod", "users", ["name"], col("id") > 1).rows() == [("Bob",), ("Cid",)]
    assert read("prod", "default.users", filter_expr="id = 1", limit=1)["id"].to_list() == [1]
    assert read("dev", ("default", "users")).equals(
        federation.get_catalog("dev").read_table("users")
    )
    with pytest.raises(TableNotFoundError, match="nope") as caught:
        read("dev", "nope")
    assert caught.value.context == {"catalog": "dev"}


# -- unions ----------------------------------------------------------------------------------------


def test_tables_are_united_by_name(federation):
    rows = federation.union_tables(USERS)
    assert rows.schema == {"id": pl.Int64, "name": pl.String, "age": pl.Int32}
    assert rows["id"].to_list() == [1, 2, 3, 2, 2**40]
    assert rows["age"].to_list() == [None, None, None, 28, 51]


def test_a_union_takes_columns_and_a_filter(federation):
    rows = federation.union_tables(USERS, ["name", "id"], "id >= 2 AND name <> 'Cid'")
    assert rows.rows() == [("Bob", 2), ("Bob", 2), ("Dora", 2**40)]
    assert federation.union_tables(USERS, ["name"], col("age") > 30).rows() == [("Dora",)]
    assert federation.union_tables(USERS, filter="age IS NULL").height == 3


def test_a_union_tells_where_a_row_is_from(federation):
    rows = federation.union_tables(USERS, source_column="catalog")
    assert rows["catalog"].to_list() == ["prod"] * 3 + ["dev"] * 2
    both = federation.union_tables(USERS, ["from", "table", "id"], source_column=("from", "table"))
    assert both.rows()[3] == ("dev", "users", 2)
    assert federation.union_tables(USERS, source_column=("from", "table")).columns[3:] == [
        "from",
        "table",
    ]
    with pytest.raises(ValidationError, match="two columns of one name: name"):
        federation.union_tables(USERS, source_column="name")


def test_a_union_of_no_tables_is_an_empty_frame(federation):
    assert federation.union_tables([]).shape == (0, 0)


@pytest.mark.parametrize("spec", ["prod.users", ("prod",), ("prod", "users", "x"), 3])
def test_a_table_of_a_union_is_a_pair(federation, spec):
    with pytest.raises(ValidationError, match=r"\(catalog, table\)"):
        federation.union_tables([spec])


def test_a_clash_of_types_names_the_column_both_types_and_both_tables(federation):
    test = IceFrame({"type": "in-memory"})
    test.create_table("users", {"id": "string", "at": "struct<x: int>"})
    federation.add_catalog("test", test)
    with pytest.raises(ValidationError, match=r"id is long in dev.users and string in test.users"):
        federation.union_tables([*USERS, ("test", "users")])
    federation.get_catalog("dev").create_table("places", {"at": "struct<x: double>"})
    with pytest.raises(
        ValidationError, match=r"at.x is double in dev.places and int in test.users"
    ):
        federation.union_tables([("dev", "places"), ("test", "users")])


def test_a_copy_whose_columns_were_renamed_is_united_by_field_id(federation):
    copy = federation.get_catalog("dev")
    copy.create_table("copy", {"id": "int", "name": "string"})
    copy.append_to_table("copy", {"id": [9], "name": ["Zoe"]})
    copy.alter_table("copy").rename_column("id", "key")
    copy.alter_table("copy").add_column("age", "int")
    tables = [("prod", "users"), ("dev", "copy")]
    rows = federation.union_tables(tables, filter="id > 2", match_by="id", source_column="from")
    assert rows.columns == ["id", "name", "age", "from"]
    assert rows.rows() == [(3, "Cid", None, "prod"), (9, "Zoe", None, "dev")]
    assert federation.union_tables(tables).columns == ["id", "name", "key", "age"]
    with pytest.raises(ValidationError, match="match_by must be 'name' or 'id'"):
        federation.union_tables(tables, match_by="position")


def test_tables_that_fail_are_told_of_and_left_out(federation):
    federation.add_catalog("far", {"type": "sql", "uri": "sqlite:////nowhere/at/all.db"})
    tables = [("far", "users"), ("prod", "users"), ("dev", "nope")]
    with pytest.raises(IceFrameError) as caught:
        federation.union_tables(tables)
    assert caught.value.context["catalog"] == "far"
    failed = []
    rows = federation.union_tables(tables, on_failure=lambda *failure: failed.append(failure))
    assert rows["id"].to_list() == [1, 2, 3]
    assert [failure[:2] for failure in failed] == [("far", "users"), ("dev", "nope")]
    assert isinstance(failed[1][2], TableNotFoundError)
    with pytest.raises(TableNotFoundError):
        federation.union_tables([("dev", "nope")], on_failure=print)


def test_a_union_tells_its_progress_and_takes_workers(federation):
    seen = []
    rows = federation.union_tables(USERS * 4, max_workers=3, progress=seen.append)
    assert rows.height == 20
    assert seen
    assert (seen[-1].done, seen[-1].total) == (8, 8)
    with pytest.raises(ValidationError, match="max_workers must be from 1"):
        federation.union_tables(USERS, max_workers=0)


# -- queries ---------------------------------------------------------------------------------------


def test_a_query_joins_tables_of_two_catalogs(federation):
    ages = federation.query("prod.users").join("dev.default.users", "name").select("name", "age")
    assert ages.execute().rows() == [("Bob", 28)]
    with pytest.raises(CatalogNotFoundError):
        federation.query("users").execute()


def test_filters_reach_every_catalog(federation):
    query = federation.query("prod.users").union(
        "dev.users", by_name=True, allow_missing_columns=True
    )
    text = str(query.filter("id > 1000").explain())
    assert "Scan: prod.users [id, name], filter: id > 1000" in text
    assert "skipped: 0 by partition, 1 by bounds" in text


def test_answers_are_kept_until_a_table_changes(federation):
    query = federation.query("prod.users").join("dev.users", "name").select("name").cache()
    assert query.execute().rows() == [("Bob",)]
    assert "from cache" in query.explain()
    federation.get_catalog("dev").append_to_table("users", {"name": ["Ada"]})
    assert sorted(query.execute().rows()) == [("Ada",), ("Bob",)]


def test_a_federation_has_settings_of_its_own(federation):
    small = CatalogFederation(memory_limit="64KB", execution__batch_bytes="1MB")
    small.add_catalog("prod", federation.get_catalog("prod"))
    assert small.read_table("prod", "users").height == 3
    with pytest.raises(ValidationError, match="memory_limit"):
        CatalogFederation(memory_limit=-1)


def test_a_query_of_another_session_is_refused(federation):
    other = federation.get_catalog("dev").query("users")
    with pytest.raises(ValidationError, match="CatalogFederation"):
        federation.query("prod.users").join(other, "id")
