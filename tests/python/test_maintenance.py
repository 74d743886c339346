# SPDX-License-Identifier: Apache-2.0
"""Maintenance with the names, arguments and answers that users know, held against PyIceberg."""

import datetime as dt
import inspect
import os
import pathlib
import threading

import pyarrow.parquet as pq
import pytest

from iceframe import IceFrame
from iceframe.async_ops import AsyncIceFrame
from iceframe.compaction import CompactionManager
from iceframe.errors import (
    CompactionError,
    IceFrameError,
    MaintenanceError,
    UnsupportedOperationError,
    ValidationError,
)
from iceframe.gc import GarbageCollector, utc_ms
from iceframe.maintenance import TableMaintenance
from iceframe.procedures import StoredProcedures


def fill(ice: IceFrame, commits: int = 6, **options) -> str:
    ice.create_table("t", {"id": "long", "city": "string", "at": "timestamp"}, **options)
    for i in range(commits):
        append(ice, i * 10)
    return "t"


def append(ice: IceFrame, first: int, table: str = "t") -> None:
    ids = list(range(first, first + 10))
    times = [dt.datetime(2026, 1, 1) + dt.timedelta(days=i % 3) for i in ids]
    cities = ["Oslo", "Rome", None, "Bergen", "Lima"]
    ice.append_to_table(table, {"id": ids, "city": cities * 2, "at": times})


def rows(lake, name: str = "default.t") -> list[dict]:
    """The rows that PyIceberg reads, in no order."""
    found = lake.pyiceberg().load_table(name).scan().to_arrow().to_pylist()
    return sorted(found, key=lambda row: row["id"])


def data_files(lake) -> list[pathlib.Path]:
    return sorted((lake.folder / "warehouse").rglob("data/**/*.parquet"))


def age(path: pathlib.Path, days: float = 10) -> pathlib.Path:
    then = dt.datetime.now().timestamp() - days * 86400
    os.utime(path, (then, then))
    return path


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (
            IceFrame.compact_data_files,
            {
                "target_file_size_mb": 128,
                "filter_expr": None,
                "min_input_files": 1,
                "partition_filter": None,
                "deduplicate": False,
                "max_workers": 1,
            },
        ),
        (IceFrame.expire_snapshots, {"older_than_days": 7, "retain_last": 1}),
        (IceFrame.remove_orphan_files, {"older_than_days": 3, "dry_run": True, "max_workers": 4}),
        (IceFrame.z_order_optimize, {"target_file_size_mb": 128, "filter_expr": None}),
        (IceFrame.configure_bloom_filters, {"fpp": 0.01}),
        (
            GarbageCollector.expire_snapshots,
            {"older_than_ms": None, "retain_last": 1, "max_workers": 4},
        ),
        (
            GarbageCollector.remove_orphan_files,
            {"older_than_ms": None, "max_workers": 4, "dry_run": True},
        ),
        (
            CompactionManager.sort,
            {"filter_expr": None, "target_file_size_mb": 128, "descending": None},
        ),
        (CompactionManager.rewrite_manifests, {"target_size_mb": 8}),
        (TableMaintenance.compact_data_files, {"target_file_size_mb": 512}),
    ],
)
def test_arguments_have_the_names_order_and_defaults_that_users_know(method, expected):
    parameters = inspect.signature(method).parameters
    known = {name: parameters[name].default for name in expected}
    assert known == expected
    assert [name for name in parameters if name in expected] == list(expected)


def test_a_transformed_partition_is_compacted_and_not_torn_apart(ice, lake):
    fill(ice, 4, partition_spec=[("id", "bucket[2]")])
    before = rows(lake)
    assert len(data_files(lake)) == 8
    done = ice.compact_data_files("t")
    table = ice.get_table("t")
    assert len(table.scan().plan_files()) == 2
    assert len(table.snapshots()) == 5
    assert done["strategy"] == "bin_pack_partitioned"
    assert (done["rewritten_rows"], done["rewritten_files"]) == (40, 8)
    assert (done["rewritten_partitions"], done["skipped_partitions"]) == (2, 0)
    assert done["input_bytes"] > 0
    assert rows(lake) == before


def test_days_stay_together_too(ice, lake):
    fill(ice, 2, partition_spec=[("at", "day")])
    before = rows(lake)
    ice.compact_data_files("t")
    assert len(ice.get_table("t").scan().plan_files()) == 3
    assert rows(lake) == before


def test_the_answer_of_a_compaction_and_its_properties(ice, lake):
    fill(ice)
    done = ice.compact_data_files("t", 64, snapshot_properties={"why": "test"})
    assert done["strategy"] == "bin_pack_full"
    assert (done["scoped"], done["deduplicated"], done["parallel"]) == (False, False, False)
    assert (done["added_files"], done["commits"], done["groups_given_up"]) == (1, 1, 0)
    table = ice.get_table("t")
    assert table.current_snapshot_id == done["snapshot_id"]
    assert table.current_snapshot().summary["operation"] == "replace"
    assert table.current_snapshot().summary["why"] == "test"
    assert not any("target-file-size" in name for name in table.properties)
    again = ice.compact_data_files("t")
    assert (again["rewritten_rows"], again["snapshot_id"]) == (0, None)


def test_a_dry_run_says_what_would_be_done(ice, lake):
    fill(ice)
    before = data_files(lake)
    planned = ice.compact_data_files("t", dry_run=True)
    assert planned["strategy"] == "dry_run"
    assert (planned["total_files"], planned["would_compact"]) == (6, True)
    assert planned["target_file_size_bytes"] == 128 * 1024 * 1024
    assert data_files(lake) == before
    assert len(ice.get_table("t").snapshots()) == 6


@pytest.mark.parametrize(
    "scope", [{"filter_expr": "city = 'Oslo'"}, {"partition_filter": {"city": "Oslo"}}]
)
def test_a_scope_leaves_other_partitions_alone(scope, ice, lake):
    fill(ice, partition_spec=[("city", "identity")])
    before = rows(lake)
    done = ice.compact_data_files("t", **scope)
    assert (done["scoped"], done["rewritten_partitions"]) == (True, 1)
    assert len(ice.get_table("t").scan().plan_files()) == 4 * 6 + 1
    assert rows(lake) == before


def test_partition_filter_knows_null(ice, lake):
    fill(ice, partition_spec=[("city", "identity")])
    done = ice.compact_data_files("t", partition_filter={"city": None})
    assert done["rewritten_partitions"] == 1
    assert done["rewritten_rows"] == 12


def test_rows_appended_during_a_compaction_survive(ice, lake):
    fill(ice, 20)
    stop = threading.Event()
    appended = []

    def keep_appending() -> None:
        other = lake.open()
        while not stop.is_set() and len(appended) < 15:
            append(other, 1000 + len(appended) * 10)
            appended.append(1)

    writer = threading.Thread(target=keep_appending)
    writer.start()
    try:
        while not appended:
            assert writer.is_alive()
        for _ in range(3):
            ice.compact_data_files("t")
    finally:
        stop.set()
        writer.join()
    found = [row["id"] for row in rows(lake)]
    assert sorted(set(found)) == found
    assert len(found) == 200 + 10 * len(appended)


def test_sort_and_z_order_keep_rows(ice, lake):
    fill(ice)
    before = rows(lake)
    manager = CompactionManager(ice.get_table("t"))
    done = manager.sort(["city", "id"], descending=[True, False])
    assert (done["strategy"], done["columns"]) == ("sort", ["city", "id"])
    cities = [city for city in ice.read_table("t")["city"].to_list() if city is not None]
    assert cities == sorted(cities, reverse=True)
    done = ice.z_order_optimize("t", ["id", "at"])
    assert (done["strategy"], done["rewritten_rows"]) == ("z_order", 60)
    assert rows(lake) == before
    for call in (lambda: manager.sort([]), lambda: manager.z_order_optimize(["nope"])):
        with pytest.raises(CompactionError):
            call()
    ice.create_table("empty", {"id": "long"})
    assert ice.z_order_optimize("empty", ["id"])["strategy"] == "noop"


def test_z_order_narrows_both_columns(ice):
    ice.create_table("grid", {"x": "long", "y": "long"})
    ice.append_to_table(
        "grid",
        {"x": [i % 256 for i in range(65536)], "y": [i // 256 for i in range(65536)]},
    )
    ice.set_properties("grid", {"write.parquet.row-group-limit": "4096"})
    ice.z_order_optimize("grid", ["x", "y"])
    (file,) = ice.get_table("grid").scan().plan_files()
    footer = pq.ParquetFile(file.file.file_path.removeprefix("file://")).metadata
    assert footer.num_row_groups == 16
    for group in range(16):
        for column in range(2):
            bounds = footer.row_group(group).column(column).statistics
            assert bounds.max - bounds.min < 256 // 4


def test_bloom_filters_are_asked_for_and_written(ice, lake):
    fill(ice, 3)
    assert ice.configure_bloom_filters("t", ["city"], 0.05) == {
        "status": "enabled",
        "columns": ["city"],
        "fpp": 0.05,
    }
    ice.compact_data_files("t")
    (file,) = ice.get_table("t").scan().plan_files()
    footer = pq.ParquetFile(file.file.file_path.removeprefix("file://"))
    column = footer.metadata.row_group(0).column(1)
    assert column.path_in_schema == "city"
    assert getattr(column, "bloom_filter_offset", None) != -1
    with pytest.raises(CompactionError):
        ice.configure_bloom_filters("t", ["nope"])
    with pytest.raises(ValidationError):
        ice.configure_bloom_filters("t", ["city"], fpp=1)


def test_expired_snapshots_take_their_files_with_them(ice, lake):
    fill(ice)
    before = rows(lake)
    ice.compact_data_files("t")
    assert len(data_files(lake)) == 7
    assert ice.expire_snapshots("t") == []
    planned = ice.expire_snapshots("t", older_than_days=0, dry_run=True)
    assert len(data_files(lake)) == 7
    assert ice.expire_snapshots("t", older_than_days=0, retain_last=1) == planned
    assert len(planned) == 6
    assert len(data_files(lake)) == 1
    assert len(ice.get_table("t").snapshots()) == 1
    assert rows(lake) == before
    assert (
        GarbageCollector(ice.get_table("t")).remove_orphan_files(utc_ms(dt.datetime(2100, 1, 1)))
        == []
    )


def test_expiry_keeps_what_tags_branches_and_retain_last_name(ice, lake):
    fill(ice)
    ids = [snapshot.snapshot_id for snapshot in ice.get_table("t").snapshots()]
    ice.tag_snapshot("t", ids[1], "kept")
    assert ice.expire_snapshots("t", 0, 3) == [ids[0], ids[2]]
    assert ice.count_rows("t", ref="kept") == 20
    assert ice.count_rows("t", snapshot_id=ids[3]) == 40
    with pytest.raises(MaintenanceError):
        ice.expire_snapshots("t", retain_last=-1)


def test_orphans_are_found_whatever_way_locations_are_written(ice, lake):
    fill(ice, 2)
    folder = data_files(lake)[0].parent
    for path in (lake.folder / "warehouse").rglob("*"):
        if path.is_file():
            age(path)
    orphan = folder / "left.parquet"
    orphan.write_bytes(b"left")
    age(orphan)
    young = folder / "young.parquet"
    young.write_bytes(b"young")
    (found,) = ice.remove_orphan_files("t")
    assert found.endswith(str(orphan))
    assert orphan.exists()
    assert ice.remove_orphan_files("t", dry_run=False) == [found]
    assert not orphan.exists()
    assert young.exists()
    assert len(rows(lake)) == 20
    with pytest.raises(MaintenanceError, match="3 days"):
        ice.remove_orphan_files("t", older_than_days=0, dry_run=False)
    (found,) = ice.remove_orphan_files("t", 0, False, allow_recent=True)
    assert found.endswith(str(young))


def test_a_warehouse_without_a_scheme_finds_orphans_too(tmp_path):
    ice = IceFrame(
        {"type": "sql", "uri": f"sqlite:///{tmp_path}/c.db", "warehouse": f"{tmp_path}/warehouse"}
    )
    fill(ice, 1)
    (tmp_path / "warehouse").joinpath("left").mkdir(parents=True)
    folder = pathlib.Path(ice.get_table("t").location().removeprefix("file://"))
    orphan = folder / "data" / "left.parquet"
    orphan.write_bytes(b"left")
    age(orphan)
    assert len(ice.remove_orphan_files("t")) == 1


def test_an_unreadable_manifest_is_an_error_and_not_an_empty_answer(ice, lake):
    fill(ice, 1)
    # Of another engine's making, so that it is in none of our caches.
    theirs = lake.pyiceberg().load_table("default.t")
    theirs.append(theirs.scan().to_arrow())
    manifests = theirs.current_snapshot().manifests(theirs.io)
    written = next(
        m for m in manifests if m.added_snapshot_id == theirs.metadata.current_snapshot_id
    )
    pathlib.Path(written.manifest_path.removeprefix("file://")).write_bytes(b"damaged")
    with pytest.raises(IceFrameError, match="manifest"):
        ice.remove_orphan_files("t")


def test_manifests_are_merged(ice, lake):
    fill(ice)
    before = rows(lake)
    done = CompactionManager(ice.get_table("t")).rewrite_manifests()
    assert (done["rewritten_manifests"], done["added_manifests"]) == (6, 1)
    assert rows(lake) == before
    assert ice.rewrite_manifests("t")["rewritten_manifests"] == 0


def test_procedures_by_name(ice, lake):
    fill(ice)
    first = ice.get_table("t").snapshots()[0].snapshot_id
    assert ice.call_procedure("t", "rewrite_data_files")["rewritten_files"] == 6
    assert ice.call_procedure("t", "rewrite_manifests")["snapshot_id"] is None
    ice.create_branch("t", "audit")
    append(ice, 500)
    ice.call_procedure("t", "fast_forward", branch="audit", to_branch="main")
    assert ice.count_rows("t", ref="audit") == 70
    ice.call_procedure("t", "rollback_to_snapshot", snapshot_id=first)
    assert ice.count_rows("t") == 10
    assert ice.call_procedure("t", "system.expire_snapshots", older_than_ms=0) == []
    assert StoredProcedures(ice.get_table("t")).call("remove_orphan_files") == []
    with pytest.raises(ValueError, match="Unknown procedure"):
        ice.call_procedure("t", "explode")
    with pytest.raises(ValidationError):
        ice.call_procedure("t", "rollback_to_snapshot", wrong=1)


def test_the_lower_faces_refuse_what_is_no_table():
    for kind in (CompactionManager, GarbageCollector, TableMaintenance):
        with pytest.raises(ValidationError):
            kind("t")


def test_maintenance_by_table_name(ice, lake):
    fill(ice)
    maintenance = TableMaintenance(AsyncIceFrame(ice))
    assert maintenance.compact_data_files("t") is None
    assert len(maintenance.expire_snapshots("t", older_than_days=0)) == 6
    assert maintenance.remove_orphan_files("t") == []
    assert len(rows(lake)) == 60


@pytest.mark.parametrize("partition_spec", [[], [("city", "identity")]])
def test_rows_that_are_there_twice_go_on_demand(partition_spec, ice, lake):
    fill(ice, 2, partition_spec=partition_spec)
    before = rows(lake)
    append(ice, 5)
    ice.append_to_table("t", {"id": [1], "city": ["Rome"], "at": [dt.datetime(2030, 1, 1)]})
    done = ice.compact_data_files("t", deduplicate=True)
    assert (done["deduplicated"], done["removed_rows"]) == (True, 10)
    assert (done["added_files"] > 0, len(rows(lake))) == (True, 21)
    append(ice, 0)
    done = ice.compact_data_files("t", deduplicate=True)
    assert done["removed_rows"] == 10
    assert ice.get_table("t").current_snapshot().summary["operation"] == "overwrite"
    kept = rows(lake)
    assert len(kept) == 21
    assert all(row in kept for row in before)


def test_rows_of_version_3_keep_their_ids(ice):
    fill(ice, 3, format_version=3)

    def lineage() -> list[tuple[int, int, int]]:
        files = ice.get_table("t").scan().plan_files()
        assert len(files) == 1
        table = pq.read_table(files[0].file.file_path.removeprefix("file://"))
        names = ("id", "_row_id", "_last_updated_sequence_number")
        return sorted(zip(*(table[name].to_pylist() for name in names), strict=True))

    # Rows were appended in the order of their ids, ten a commit.
    ice.compact_data_files("t")
    assert lineage() == [(i, i, 1 + i // 10) for i in range(30)]
    append(ice, 100)
    added = ice.get_table("t").metadata.next_row_id - 10
    ice.z_order_optimize("t", ["city", "id"])
    assert lineage()[:30] == [(i, i, 1 + i // 10) for i in range(30)]
    assert lineage()[30:] == [(100 + i, added + i, 5) for i in range(10)]
    assert ice.compact_data_files("t", deduplicate=True)["removed_rows"] == 0
    assert ice.read_table("t").columns == ["id", "city", "at"]
    assert ice.count_rows("t", "id >= 100") == 10


def test_a_table_that_shares_its_files_is_left_alone(ice, lake):
    fill(ice, 2)
    table = lake.pyiceberg().load_table("default.t")
    with table.transaction() as transaction:
        transaction.set_properties({"gc.enabled": "false"})
    for call in (lambda: ice.expire_snapshots("t"), lambda: ice.remove_orphan_files("t")):
        with pytest.raises(UnsupportedOperationError, match=r"gc\.enabled"):
            call()
