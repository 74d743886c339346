# SPDX-License-Identifier: Apache-2.0
"""Columns, partitions, sort order, properties, branches, tags and the current snapshot, changed."""

import datetime as dt
import decimal
import pathlib
import uuid

import polars as pl
import pytest
from pyiceberg.transforms import BucketTransform
from pyiceberg.types import LongType, StringType

import iceframe.core
import iceframe.exceptions
import iceframe.namespace
import iceframe.utils
from iceframe import IceFrame, errors
from iceframe.branching import BranchManager
from iceframe.errors import (
    AlreadyExistsError,
    CommitRejectedError,
    NotFoundError,
    SchemaError,
    ValidationError,
)
from iceframe.evolution import PartitionEvolution
from iceframe.partition import PartitionManager
from iceframe.rollback import RollbackManager
from iceframe.schema import SchemaEvolution


@pytest.fixture
def users(ice):
    ice.create_table("users", {"id": "int", "name": "string", "place": {"zip": "int"}})
    ice.append_to_table("users", [{"id": 1, "name": "Ada", "place": {"zip": 1}}, {"id": 2}])
    return ice


def columns(ice, table="users"):
    return {f.name: str(f.field_type) for f in ice.get_table(table).schema().fields}


def num_versions(lake):
    return len(list(pathlib.Path(lake.folder / "warehouse").rglob("*.metadata.json")))


def rows_of(lake, table="users"):
    """What PyIceberg reads, which must be what we read."""
    theirs = lake.pyiceberg().load_table(f"default.{table}").scan().to_arrow().sort_by("id")
    ours = lake.open().to_arrow(table).sort_by("id")
    assert theirs.to_pylist() == ours.to_pylist()
    return theirs.to_pylist()


# -- columns ---------------------------------------------------------------------------------------


def test_every_change_of_columns_is_read_by_pyiceberg(users, lake):
    change = users.alter_table("users")
    change.add_column("email", "string", "work")
    change.rename_column("name", "full_name")
    change.update_column_type("id", "long")
    change.add_column("place.city", "string").drop_column("place.zip")
    change.move_first("email")
    change.move_after("id", "place")
    change.move_before("full_name", "email")
    change.set_doc("id", "the key")
    users.append_to_table("users", [{"id": 3, "email": "c@x", "place": {"city": "Rome"}}])
    assert list(columns(users)) == ["full_name", "email", "place", "id"]
    assert rows_of(lake) == [
        {"full_name": "Ada", "email": None, "place": {"city": None}, "id": 1},
        {"full_name": None, "email": None, "place": None, "id": 2},
        {"full_name": None, "email": "c@x", "place": {"city": "Rome"}, "id": 3},
    ]
    theirs = lake.pyiceberg().load_table("default.users").schema()
    assert theirs.find_field("id").doc == "the key"
    assert theirs.find_field("id").field_id == 1


def test_single_calls_are_commits_and_a_block_is_one(users, lake):
    before = num_versions(lake)
    users.alter_table("users").add_column("a", "int").add_column("b", "int")
    assert num_versions(lake) == before + 2
    with users.evolve_schema("users") as change:
        change.add_column("c", "int").rename_column("c", "d").drop_column("a")
        assert "d" not in columns(users)
    assert num_versions(lake) == before + 3
    assert len(users.get_table("users").schemas()) == 4
    change = users.alter_table("users").__enter__().add_column("e", "int")
    change.__exit__(RuntimeError, RuntimeError(), None)
    assert num_versions(lake) == before + 3
    with users.alter_table("users") as change:
        with pytest.raises(ValidationError, match="did you mean name"):
            change.drop_column("nam")
        with pytest.raises(ValidationError, match="nested"), change:
            pass
        change.add_column("f", "int")
    assert list(columns(users)) == ["id", "name", "place", "b", "d", "f"]
    table = users.get_table("users")
    update = table.update_schema().add_column("g", LongType()).delete_column("f")
    assert "g" not in columns(users)
    update.commit()
    update.commit()
    assert num_versions(lake) == before + 5
    assert table.schema().column_names[-1] == "g"


def test_types_are_those_of_create_table(users, lake):
    change = users.alter_table("users")
    types = {
        "a": "decimal(9, 2)",
        "b": "list<struct<x: int, y: map<string, double>>>",
        "c": pl.Datetime("us", "UTC"),
        "d": StringType(),
        "e": {"f": "uuid", "g": "list<date>"},
        "h": "fixed[4]",
    }
    with change:
        for name, described in types.items():
            change.add_column(name, described)
        change.add_column("b.z", "time")
    assert columns(users)["a"] == "decimal(9, 2)"
    assert columns(users)["c"] == "timestamptz"
    schema = users.get_table("users").schema()
    assert str(schema.find_field("b.element.z").field_type) == "time"
    assert str(schema.find_field("e.f").field_type) == "uuid"
    rows_of(lake)
    with pytest.raises(ValidationError, match="unknown type of column x: 'intt'"):
        change.add_column("x", "intt")
    with pytest.raises(ValidationError, match="only be added to a struct: name is string"):
        change.add_column("name.x", "int")
    with pytest.raises(ValidationError, match="position can't be read"):
        change.add_column("x", "int", position="last")
    change.add_column("x", "int", position=("before", "name"))
    change.add_column(("place", "y"), "int", position="first")
    assert list(columns(users))[:3] == ["id", "x", "name"]
    assert users.get_table("users").schema().find_type("place").fields[0].name == "y"


def test_what_can_not_be_is_refused_with_what_can(users):
    change = users.alter_table("users")
    for call, message in (
        (
            lambda: change.update_column_type("id", "string"),
            "from int to string; it can become long",
        ),
        (lambda: change.update_column_type("name", "int"), "it can become no other type"),
        (lambda: change.rename_column("id", "name"), "name"),
        (lambda: change.add_column("n", "int", required=True), "needs a default"),
        (lambda: change.add_column("n", "int", default=1), "needs format version 3: column n"),
        (lambda: change.require_column("name"), "has nulls in it: name in "),
        (lambda: change.set_identifier_fields("name"), "name"),
        (lambda: change.move_after("id", "place.zip"), "among its siblings"),
        (lambda: change.add_column("t", "timestamp_ns"), "format_version=3"),
    ):
        with pytest.raises((ValidationError, SchemaError), match=message):
            call()
    users.partition_by("users").add_partition_field("name", "bucket", 4)
    with pytest.raises(ValidationError, match="drop that partition field first: name"):
        change.drop_column("name")
    users.partition_by("users").drop_partition_field("name_bucket")
    change.drop_column("name")
    assert list(columns(users)) == ["id", "place"]


def test_required_and_optional(users, lake):
    change = users.alter_table("users").require_column("id")
    change.set_identifier_fields("id")
    assert users.get_table("users").schema().identifier_field_ids == [1]
    with pytest.raises(SchemaError):
        users.append_to_table("users", {"name": ["x"]})
    assert lake.pyiceberg().load_table("default.users").schema().find_field("id").required
    with pytest.raises(ValidationError, match="identifier column can't be made optional"):
        change.make_column_optional("id")
    change.set_identifier_fields().make_column_optional("id")
    users.append_to_table("users", {"name": ["x"]})
    with pytest.raises(ValidationError, match="has nulls in it: id"):
        change.require_column("id")


def test_defaults_of_format_version_3(ice):
    ice.create_table("t", {"id": "long"}, format_version=3)
    ice.append_to_table("t", {"id": [1]})
    change = ice.alter_table("t")
    change.add_column("n", "int", required=True, default=7)
    key = uuid.UUID(int=5)
    with change:
        change.add_column("d", "decimal(9, 2)", default=decimal.Decimal("1.50"))
        change.add_column("day", "date", default=dt.date(2024, 3, 1))
        change.add_column("key", "uuid", default=key)
        change.add_column("s", "string", default="x").set_default("s", "y")
    ice.append_to_table("t", {"id": [2]})
    assert ice.to_arrow("t", ["n", "d", "day", "s"]).to_pylist() == [
        {"n": 7, "d": decimal.Decimal("1.50"), "day": dt.date(2024, 3, 1), "s": "x"},
        {"n": 7, "d": decimal.Decimal("1.50"), "day": dt.date(2024, 3, 1), "s": "y"},
    ]
    assert ice.count_rows("t", f"key = '{key}'") == 2
    with pytest.raises(ValidationError, match="default does not fit its column: x is int"):
        change.add_column("x", "int", default="seven")
    with pytest.raises(ValidationError, match="default does not fit its column: id is long"):
        change.set_default("id", 1.5)
    change.set_default("s", None)
    ice.append_to_table("t", {"id": [3]})
    assert ice.to_arrow("t", ["s"], "id = 3").to_pylist() == [{"s": None}]


def test_the_schema_of_a_frame(users, lake):
    before = num_versions(lake)
    frame = pl.DataFrame({"id": [2**40], "place": [{"zip": 1, "city": "x"}], "tags": [["a"]]})
    assert users.alter_table("users").sync_schema(frame) == {
        "added": ["place.city", "tags"],
        "updated": ["id", "place.zip"],
        "dropped": [],
    }
    assert num_versions(lake) == before + 1
    users.append_to_table("users", frame)
    assert rows_of(lake)[-1]["place"] == {"zip": 1, "city": "x"}
    again = users.alter_table("users").sync_schema(frame)
    assert again == {"added": [], "updated": [], "dropped": []}
    assert num_versions(lake) == before + 2
    dropped = users.alter_table("users").sync_schema(frame, allow_drops=True)
    assert dropped["dropped"] == ["name"]
    with pytest.raises(SchemaError, match="id from long to string"):
        users.alter_table("users").sync_schema(pl.DataFrame({"new": [1], "id": ["x"]}))
    assert "new" not in columns(users)
    with users.transaction("users") as tx:
        update = tx.update_schema().add_column("p", "int")
        assert update.union_by_name({"p": "int", "q": "int"}) is update
        update.commit()
    assert list(columns(users))[-2:] == ["p", "q"]


# -- partitions, sort order, properties ------------------------------------------------------------


def test_partition_fields(ice, lake):
    ice.create_table("t", {"id": "long", "at": "timestamp", "s": "string"})
    row = {"id": 1, "at": dt.datetime(2024, 3, 1, 5), "s": "abc"}
    ice.append_to_table("t", [row])
    ice.partition_by("t").add_partition_field("id", "bucket", 4, "shard")
    ice.append_to_table("t", [{**row, "id": 2}])
    evolution = ice.evolve_partition("t")
    with evolution as change:
        change.add_day_partition("at").add_truncate_partition("s", 2)
    ice.append_to_table("t", [{**row, "id": 3}])
    table = ice.get_table("t")
    assert table.partition_texts() == ["bucket[4](id)", "day(at)", "truncate[2](s)"]
    assert [field.name for field in table.spec().fields] == ["shard", "at_day", "s_trunc"]
    ice.partition_by("t").rename_partition_field("shard", "part")
    evolution.remove_partition("at").remove_partition("s_trunc")
    assert ice.get_table("t").partition_texts() == ["bucket[4](id)"]
    for unit in ("year", "month", "hour"):
        getattr(evolution, f"add_{unit}_partition")("at")
    evolution.add_identity_partition("s").add_bucket_partition("s", 2)
    ice.append_to_table("t", [{**row, "id": 4}])
    assert [r["id"] for r in rows_of(lake, "t")] == [1, 2, 3, 4]
    assert ice.count_rows("t", "s = 'abc' AND at > TIMESTAMP '2024-02-01 00:00:00'") == 4
    spec = lake.pyiceberg().load_table("default.t").spec()
    assert len(spec.fields) == 6
    for call, message in (
        (lambda: evolution.add_identity_partition("s"), "partitioned so already: s"),
        (lambda: evolution.remove_partition("at"), "did you mean "),
        (lambda: evolution.add_day_partition("id"), "day"),
        (lambda: evolution.add_bucket_partition("att", 4), "did you mean at"),
        (lambda: ice.partition_by("t").add_partition_field("id", "bucket"), "number of buckets"),
        (lambda: ice.partition_by("t").add_partition_field("at", "week"), "not a transform"),
        (lambda: ice.partition_by("t").add_partition_field("at", "day", 3), "takes no argument"),
    ):
        with pytest.raises(ValidationError, match=message):
            call()
    with ice.get_table("t").update_spec() as update:
        update.remove_field("part").add_field("id", BucketTransform(8), "eight")
    assert "bucket[8](id)" in ice.get_table("t").partition_texts()


def test_version_1_keeps_the_place_of_a_dropped_field(ice, lake):
    ice.create_table("t", {"id": "long"}, partition_spec=["id"], format_version=1)
    ice.append_to_table("t", {"id": [1]})
    ice.partition_by("t").drop_partition_field("id")
    ice.append_to_table("t", {"id": [2]})
    assert [f.transform for f in ice.get_table("t").spec().fields] == ["void"]
    assert len(rows_of(lake, "t")) == 2


def test_sort_order_and_properties(users, lake):
    users.set_sort_order("users", [("id", "desc"), "name"])
    users.append_to_table("users", [{"id": i} for i in (4, 9, 6)])
    assert users.get_table("users").sort_texts() == [
        "id desc nulls-last",
        "name asc nulls-first",
    ]
    newest = users.read_table("users", filter="id > 3")["id"].to_list()
    assert newest == [9, 6, 4]
    with users.get_table("users").update_sort_order() as order:
        order.asc("name", null_order="nulls-last")
    assert users.get_table("users").sort_texts() == ["name asc nulls-last"]
    users.set_sort_order("users", None)
    assert users.get_table("users").sort_order().is_unsorted
    users.set_properties("users", {"write.parquet.compression-codec": "zstd"}, owner="ada")
    users.remove_properties("users", "owner", "never-there")
    properties = lake.pyiceberg().load_table("default.users").properties
    assert properties == {"write.parquet.compression-codec": "zstd"}
    with pytest.raises(ValidationError, match="did you mean id"):
        users.set_sort_order("users", ["idd"])
    rows_of(lake)


# -- branches, tags, the current snapshot ----------------------------------------------------------


def test_branches_and_tags(users, lake):
    first = users.get_table("users").current_snapshot_id
    users.create_branch("users", "audit", min_snapshots_to_keep=2)
    users.append_to_table("users", [{"id": 3}], branch="audit")
    users.tag_snapshot("users", first, "v1", 60_000)
    assert users.list_branches("users") == ["audit", "main"]
    assert users.list_tags("users") == ["v1"]
    refs = lake.pyiceberg().load_table("default.users").refs()
    assert refs["audit"].min_snapshots_to_keep == 2
    assert refs["v1"].max_ref_age_ms == 60_000
    manager = BranchManager(users.get_table("users"))
    manager.set_retention("audit", max_snapshot_age_ms=1000)
    manager.rename_branch("audit", "checked")
    ref = users.get_table("users").refs()["checked"]
    assert (ref.min_snapshots_to_keep, ref.max_snapshot_age_ms) == (2, 1000)
    with pytest.raises(CommitRejectedError, match="no ancestor"):
        manager.fast_forward("checked", "main")
    manager.fast_forward("main", "checked")
    assert users.count_rows("users") == 3
    assert lake.pyiceberg().load_table("default.users").scan().to_arrow().num_rows == 3
    for call, error, message in (
        (lambda: manager.create_branch("v1"), AlreadyExistsError, "v1, a tag"),
        (lambda: manager.create_branch("x", 5), NotFoundError, "or has expired: 5"),
        (lambda: manager.remove_tag("checked"), ValidationError, "a branch is no tag"),
        (lambda: manager.remove_branch("main"), ValidationError, "main can't be removed"),
        (lambda: manager.remove_branch("chekced"), NotFoundError, "did you mean checked"),
        (lambda: manager.fast_forward("main", "nope"), NotFoundError, "does not exist: nope"),
        (lambda: manager.set_retention("v1", min_snapshots_to_keep=1), ValidationError, "v1"),
        (lambda: manager.create_branch("x", keep=1), ValidationError, "unknown retention limit"),
    ):
        with pytest.raises(error, match=message):
            call()
    users.drop_branch("users", "checked")
    users.drop_tag("users", "v1")
    assert (users.list_branches("users"), users.list_tags("users")) == (["main"], [])
    users.create_table("empty", {"id": "int"})
    with pytest.raises(ValidationError, match="no snapshot yet"):
        users.create_branch("empty", "b")


def test_rolling_back(users, lake):
    table = users.get_table("users")
    first = table.current_snapshot()
    second = users.append_to_table("users", [{"id": 3}]).snapshot_id
    users.rollback_to_snapshot("users", first.snapshot_id)
    assert len(rows_of(lake)) == 2
    with pytest.raises(CommitRejectedError, match="set it as the current snapshot instead"):
        users.rollback_to_snapshot("users", second)
    users.set_current_snapshot("users", second)
    assert len(rows_of(lake)) == 3
    at = users.get_table("users").snapshot_by_id(second).timestamp_ms
    RollbackManager(users.get_table("users")).rollback_to_timestamp(at + 1)
    assert users.get_table("users").current_snapshot_id == second
    if at > first.timestamp_ms:
        users.rollback_to_timestamp("users", dt.datetime.fromtimestamp(at / 1000, dt.UTC))
        assert users.get_table("users").current_snapshot_id == first.snapshot_id
    with pytest.raises(NotFoundError, match="no snapshot before the time"):
        users.rollback_to_timestamp("users", first.timestamp_ms)
    with pytest.raises(NotFoundError, match="does not exist, or has expired: 5"):
        users.rollback_to_snapshot("users", 5)
    table = users.get_table("users")
    table.manage_snapshots().create_tag(first.snapshot_id, "v1").commit()
    table.manage_snapshots().set_current_snapshot(ref_name="v1").commit()
    assert table.current_snapshot_id == first.snapshot_id


def test_an_expired_snapshot_is_said_to_be_gone(users, lake):
    first = users.get_table("users").current_snapshot_id
    users.overwrite_table("users", [{"id": 3}])
    theirs = lake.pyiceberg().load_table("default.users")
    theirs.maintenance.expire_snapshots().by_id(first).commit()
    with pytest.raises(NotFoundError, match=f"does not exist, or has expired: {first}"):
        users.rollback_to_snapshot("users", first)


# -- names that users know -------------------------------------------------------------------------


def test_names_are_where_users_import_them(users):
    assert iceframe.core.IceFrame is IceFrame
    assert iceframe.namespace.NamespaceManager
    for name in errors.__all__:
        if name.endswith("Error"):
            assert getattr(iceframe.exceptions, name) is getattr(errors, name)
    assert issubclass(iceframe.exceptions.CompactionError, RuntimeError)
    assert issubclass(iceframe.exceptions.MaintenanceError, RuntimeError)
    assert iceframe.utils.normalize_table_identifier("a.b.t") == ("a.b", "t")
    assert iceframe.utils.normalize_table_identifier("t") == ("default", "t")
    assert iceframe.utils.format_table_identifier("a.b", "t") == "a.b.t"
    with pytest.raises(ValueError, match="Missing required catalog configuration: uri"):
        iceframe.utils.validate_catalog_config({"type": "sql"})
    summary = users.get_table("users").current_snapshot().summary
    assert iceframe.utils.safe_summary_dict(summary)["operation"] == "append"
    assert iceframe.utils.safe_summary_dict(None) == {}
    assert iceframe.utils.from_arrow_dataframe(users.to_arrow("users")).height == 2
    for manager in (SchemaEvolution, PartitionManager, PartitionEvolution, BranchManager):
        manager(users.get_table("users"))
        with pytest.raises(ValidationError, match=f"{manager.__name__} takes a table"):
            manager("users")
