# SPDX-License-Identifier: Apache-2.0
"""Several changes of one table in one commit."""

import datetime as dt
import pathlib
import threading

import polars as pl
import pytest

from iceframe.errors import (
    CommitConflictError,
    CommitRejectedError,
    SchemaError,
    TableNotFoundError,
    UnsupportedOperationError,
    ValidationError,
)


@pytest.fixture
def users(ice):
    ice.create_table("users", {"id": "long", "name": "string"})
    ice.append_to_table("users", {"id": [1, 2], "name": ["Ada", "Bob"]})
    return ice


def files_of(lake):
    """All files below the warehouse but metadata files."""
    folder = pathlib.Path(lake.folder / "warehouse")
    return sorted(str(p) for p in folder.rglob("*") if p.is_file() and p.suffix != ".json")


def metadata_files(lake):
    return sorted(pathlib.Path(lake.folder / "warehouse").rglob("*.metadata.json"))


def test_schema_change_rows_and_a_property_are_one_commit(users, lake):
    before = metadata_files(lake)
    with users.transaction("users") as tx:
        with tx.update_schema() as update:
            update.add_column("email", "string")
        appended = tx.append(pl.DataFrame({"id": [3], "name": ["Cid"], "email": ["c@x"]}))
        tx.append([{"id": 4, "name": "Dee", "email": "d@x"}])
        tx.set_properties({"owner": "ada"}, region="eu")
        assert users.count_rows("users") == 2, "nothing is visible yet"
        assert metadata_files(lake) == before
    assert len(metadata_files(lake)) == len(before) + 1
    assert appended.num_rows == 1
    assert (tx.report.num_rows, tx.report.num_files, tx.report.num_attempts) == (2, 2, 1)
    table = users.get_table("users")
    assert table.properties["owner"] == "ada"
    assert table.properties["region"] == "eu"
    snapshots = table.snapshots()
    assert [s.snapshot_id for s in snapshots[1:]] == list(tx.report.snapshot_ids)
    assert [s.sequence_number for s in snapshots] == [1, 2, 3]
    assert snapshots[2].parent_snapshot_id == snapshots[1].snapshot_id
    assert users.read_table("users").sort("id")["email"].to_list() == [None, None, "c@x", "d@x"]
    theirs = lake.pyiceberg().load_table("default.users")
    assert theirs.scan().to_arrow().sort_by("id")["email"].to_pylist() == [None, None, "c@x", "d@x"]
    first = theirs.scan(snapshot_id=tx.report.snapshot_ids[0]).to_arrow()
    assert sorted(first["id"].to_pylist()) == [1, 2, 3]


def test_rows_under_a_spec_of_the_same_transaction(users, lake):
    with users.transaction("users") as tx:
        tx.update_spec().add_identity("name").commit()
        tx.set_sort_order([("id", "desc")])
        tx.append({"id": [3, 5, 4], "name": ["x", "y", "y"]})
    files = [t.file for t in users.get_table("users").scan("name = 'y'").plan_files()]
    assert [(f.partition, f.record_count) for f in files if f.spec_id == 1] == [(("y",), 2)]
    assert lake.pyiceberg().load_table("default.users").scan().to_arrow().num_rows == 5


def test_overwrite_delete_and_branches(users, lake):
    with users.transaction("users") as tx:
        tx.overwrite({"id": [7, 8], "name": ["g", "h"]})
        tx.create_branch("audit")
        tx.append({"id": [9], "name": ["i"]}, branch="audit")
        tx.tag_snapshot(tx.snapshot_ids[0], "v1")
        tx.set_properties(step="one")
    assert tx.report.num_deleted_files == 1
    assert sorted(users.read_table("users")["id"]) == [7, 8]
    assert sorted(users.read_table("users", ref="audit")["id"]) == [7, 8, 9]
    assert sorted(users.read_table("users", ref="v1")["id"]) == [7, 8]
    with users.transaction("users") as tx:
        tx.append({"id": [20], "name": ["t"]})
        tx.delete("id < 10")
        with pytest.raises(ValidationError, match="needs a filter"):
            tx.delete(None)
    assert users.read_table("users")["id"].to_list() == [20]
    assert lake.pyiceberg().load_table("default.users").scan().to_arrow()["id"].to_pylist() == [20]


def test_what_would_rewrite_files_is_refused(users):
    with users.transaction("users") as tx:
        with pytest.raises(UnsupportedOperationError, match="matches in part"):
            tx.delete("id = 1")
        tx.append({"id": [3], "name": ["c"]})
    assert users.count_rows("users") == 3
    with pytest.raises(UnsupportedOperationError, match=r"Transaction\.upsert is not built"):
        tx.upsert({"id": [1]})


def test_an_exception_commits_nothing_and_leaves_no_file(users, lake):
    before = files_of(lake)
    version = users.get_table("users").metadata_location

    def rows():
        yield {"id": 4, "name": "d", "more": 2}
        raise RuntimeError("stop")

    def write(tx):
        tx.update_schema().add_column("more", "int").commit()
        tx.append({"id": [3], "name": ["c"], "more": [1]})
        assert files_of(lake) != before
        tx.append(rows())

    with pytest.raises(RuntimeError, match="stop"), users.transaction("users") as tx:
        write(tx)
    assert files_of(lake) == before
    assert users.get_table("users").metadata_location == version
    assert tx.report is None


def test_a_refused_change_is_left_out(users, lake):
    with users.transaction("users") as tx:
        with pytest.raises(SchemaError):
            tx.append({"id": ["x"], "name": ["c"]})
        with pytest.raises(ValidationError, match="did you mean name"):
            tx.update_schema().drop_column("nam")
        tx.append({"id": [3], "name": ["c"]})
    assert users.count_rows("users") == 3
    with pytest.raises(ValidationError, match=r"commit\.retry\.num-retries"):
        users.set_properties("users", {"commit.retry.num-retries": "many"})


def test_is_used_once_and_by_one_thread(users):
    with users.transaction("users") as tx:
        with pytest.raises(ValidationError, match="nested"), tx:
            pass
        errors = []

        def elsewhere():
            try:
                tx.append({"id": [1], "name": ["x"]})
            except ValidationError as error:
                errors.append(str(error))

        thread = threading.Thread(target=elsewhere, name="other")
        thread.start()
        thread.join()
        assert errors
        assert "used by the thread that began it" in errors[0]
    for use in (
        lambda: tx.append({"id": [1], "name": ["x"]}),
        lambda: tx.set_properties(a=1),
        lambda: tx.update_schema().add_column("x", "int"),
        lambda: tx.create_branch("b"),
        tx.commit,
        tx.__enter__,
    ):
        with pytest.raises(ValidationError, match="has ended"):
            use()
    tx.abort()
    with pytest.raises(TableNotFoundError):
        users.transaction("nothing")


def test_ended_within_its_block(users):
    with users.transaction("users") as tx:
        tx.append({"id": [3], "name": ["c"]})
        report = tx.commit()
    assert users.count_rows("users") == 3
    assert report is tx.report
    with users.transaction("users") as tx:
        tx.append({"id": [3], "name": ["c"]})
        tx.abort()
    assert users.count_rows("users") == 3
    with users.transaction("users") as tx:
        pass
    assert tx.report.num_attempts == 0
    assert tx.report.snapshot_ids == ()


def test_racing_transactions_both_land(users):
    one, two = users.transaction("users"), users.get_table("users").transaction()
    one.append({"id": [3], "name": ["c"]})
    two.append({"id": [4], "name": ["d"]})
    one.set_properties(one="1")
    two.set_properties(two="2")
    one.commit()
    assert two.commit_transaction().num_attempts == 2
    assert sorted(users.read_table("users")["id"]) == [1, 2, 3, 4]
    properties = users.get_table("users").properties
    assert (properties["one"], properties["two"]) == ("1", "2")


def test_rows_of_a_column_that_got_another_id_are_refused(users, lake):
    tx = users.transaction("users")
    tx.update_schema().add_column("mine", "string").commit()
    tx.append({"id": [3], "name": ["c"], "mine": ["m"]})
    users.alter_table("users").add_column("theirs", "string")
    before = files_of(lake)
    with pytest.raises(CommitConflictError, match="run it again: column mine"):
        tx.commit()
    assert len(files_of(lake)) < len(before)
    assert users.get_table("users").schema().column_names == ["id", "name", "theirs"]


def test_an_overwrite_meets_rows_of_another_writer(users):
    tx = users.transaction("users")
    tx.append({"id": [3], "name": ["c"]})
    tx.overwrite({"id": [4], "name": ["d"]})
    users.append_to_table("users", {"id": [5], "name": ["e"]})
    with pytest.raises(CommitRejectedError, match="added meanwhile"):
        tx.commit()
    assert sorted(users.read_table("users")["id"]) == [1, 2, 5]


def test_the_tables_own_methods(users):
    table = users.get_table("users")
    assert table.append({"id": [3], "name": ["c"]}).num_rows == 1
    assert table.current_snapshot().summary["total-records"] == "3"
    table.overwrite({"id": [9], "name": ["z"]}, "id >= 3")
    assert sorted(table.scan().to_polars()["id"]) == [1, 2, 9]
    table.delete("id = 9")
    assert table.scan().count() == 2
    stale = users.get_table("users")
    table.append({"id": [4], "name": ["d"]})
    with pytest.raises(CommitRejectedError):
        stale.overwrite({"id": [5], "name": ["e"]})
    assert stale.update_schema().add_column("x", "int").commit() is None
    assert stale.schema().column_names == ["id", "name", "x"]


def test_transactions_of_many_threads_all_land(users):
    def write(number):
        with users.transaction("users") as tx:
            tx.append({"id": [100 + number], "name": ["t"]})
            tx.append({"id": [200 + number], "name": ["t"]})
            tx.set_properties({f"writer-{number}": str(number)})

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table = users.get_table("users")
    assert users.count_rows("users") == 2 + 16
    assert {f"writer-{i}" for i in range(8)} <= set(table.properties)
    numbers = [s.sequence_number for s in table.snapshots()]
    assert numbers == list(range(1, 18))
    line = [table.current_snapshot()]
    while line[-1].parent_snapshot_id is not None:
        line.append(table.snapshot_by_id(line[-1].parent_snapshot_id))
    assert len(line) == 17
    assert dt.datetime.fromtimestamp(line[0].timestamp_ms / 1000, dt.UTC).year >= 2024
