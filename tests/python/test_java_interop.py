# SPDX-License-Identifier: Apache-2.0
"""What Iceberg's Java library makes of our tables, and we of its."""

import datetime
import decimal
import math
import pathlib
import uuid
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from every_type import every_type_rows, every_type_schema
from java_iceberg import JavaIceberg, JavaMissing, canonical_rows, sorted_rows

from iceframe import IceFrame
from iceframe.errors import UnsupportedOperationError


@pytest.fixture(scope="module")
def java() -> Iterator[JavaIceberg]:
    try:
        running = JavaIceberg()
    except JavaMissing as missing:
        pytest.skip(str(missing))
    yield running
    running.close()


@pytest.fixture(scope="module")
def samples(java: JavaIceberg, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Tables that Java wrote, by name."""
    folder = tmp_path_factory.mktemp("java")
    tables = java.ask("write", folder=folder.as_uri().replace("file://", "file:"))
    return {table["name"]: table for table in tables}


def register(ice: IceFrame, table: dict[str, Any]) -> str:
    ice.register_table(table["name"], table["metadata"])
    return table["name"]


def test_tables_of_java_read_equal(java, samples, ice):
    differing = {}
    for table in samples.values():
        if table["deletes"]:
            continue
        try:
            ours = sorted_rows(canonical_rows(ice.to_arrow(register(ice, table))))
        except Exception as error:
            differing[table["name"]] = repr(error)
            continue
        theirs = sorted_rows(table["rows"])
        if ours != theirs:
            differing[table["name"]] = next(
                pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]
            )
    assert differing == {}
    assert len(samples) > 70


@pytest.mark.parametrize("kind", ["position delete", "equality delete", "deletion vector"])
def test_deletes_of_java_are_applied_or_refused_by_name(kind, samples, ice):
    (table,) = [table for table in samples.values() if table["deletes"] == kind]
    name = register(ice, table)
    try:
        rows = canonical_rows(ice.to_arrow(name))
    except UnsupportedOperationError as error:
        refusal = str(error)
    else:
        assert sorted_rows(rows) == sorted_rows(table["rows"])
        return
    assert kind.replace(" ", "-") in refusal


def test_refs_of_java(samples, ice):
    name = register(ice, samples["refs"])
    counts = {ref: ice.to_arrow(name, ref=ref).num_rows for ref in ("main", "t1", "b1")}
    assert counts == {"main": 3, "t1": 3, "b1": 5}
    staged = ice.get_table(name).snapshots()[-1].snapshot_id
    assert ice.to_arrow(name, snapshot_id=staged).num_rows == 8


PARTITIONS = [
    [],
    [("b", "identity"), ("s", "identity")],
    [("u", "identity"), ("bin", "identity"), ("dec38", "identity"), ("tod", "identity")],
    [("i", "bucket[4]"), ("l", "bucket[3]"), ("dec9", "bucket[5]"), ("dec38", "bucket[5]")],
    [("s", "bucket[7]"), ("u", "bucket[3]"), ("fx", "bucket[3]"), ("bin", "bucket[3]")],
    [("day", "bucket[3]"), ("tod", "bucket[3]"), ("ts", "bucket[9]"), ("tz", "bucket[9]")],
    [("s", "truncate[3]"), ("dec18", "truncate[500]"), ("bin", "truncate[2]"), ("f", "void")],
    [("day", "year"), ("ts", "month"), ("tz", "hour")],
    [("day", "month"), ("ts", "hour"), ("tz", "day")],
    [("day", "day"), ("ts", "year"), ("tz", "month"), ("i", "identity")],
]


@pytest.mark.parametrize("version", [1, 2])
def test_java_reads_ours_equal(java, ice, version):
    for number, partition_spec in enumerate(PARTITIONS):
        name = f"t{number}"
        ice.create_table(
            name, every_type_schema(), partition_spec=partition_spec, format_version=version
        )
        ice.append_to_table(name, every_type_rows())
        ice.append_to_table(name, every_type_rows().slice(0, 1))
        theirs = java.ask("read", metadata=ice.get_table(name).metadata_location)
        expected = canonical_rows(pa.concat_tables([every_type_rows(), every_type_rows()[:1]]))
        assert sorted_rows(theirs) == sorted_rows(expected), partition_spec


@pytest.mark.parametrize("partition_spec", PARTITIONS[::3])
def test_java_reads_what_maintenance_made(java, ice, partition_spec):
    version = 2 if partition_spec else 3
    ice.create_table(
        "t", every_type_schema(), partition_spec=partition_spec, format_version=version
    )
    for _ in range(3):
        ice.append_to_table("t", every_type_rows())
    expected = sorted_rows(canonical_rows(pa.concat_tables([every_type_rows()] * 3)))

    def theirs() -> list[list[Any]]:
        return sorted_rows(java.ask("read", metadata=ice.get_table("t").metadata_location))

    assert ice.compact_data_files("t")["rewritten_files"] > 0
    assert theirs() == expected
    ice.z_order_optimize("t", ["b", "i", "f", "dec38", "day", "tz", "s", "u", "fx", "bin"])
    ice.append_to_table("t", every_type_rows())
    ice.rewrite_manifests("t")
    assert len(ice.expire_snapshots("t", older_than_days=0)) == 6
    assert theirs() == sorted_rows(canonical_rows(pa.concat_tables([every_type_rows()] * 4)))


@pytest.mark.parametrize("partition_spec", [[], [("i", "bucket[4]"), ("i", "truncate[3]")]])
def test_java_lists_the_manifests_of_ours(java, ice, partition_spec):
    ice.create_table("t", {"i": "int"}, partition_spec=partition_spec)
    for i in range(2):
        ice.append_to_table("t", {"i": [i]})
    metadata = ice.get_table("t").metadata_location
    assert java.ask("manifests", metadata=metadata) == [len(partition_spec)] * 2


def test_java_finds_every_uuid_of_a_partition(java, ice):
    # Half of them are negative to Java, which orders uuids by two signed halves.
    texts = [f"{first}0000000-0000-4000-8000-000000000001" for first in "01789def"]
    storage = pa.array([uuid.UUID(text).bytes for text in texts], pa.binary(16))
    rows = pa.table({"u": pa.ExtensionArray.from_storage(pa.uuid(), storage)})
    ice.create_table("t", rows.schema, partition_spec=[("u", "identity")])
    ice.append_to_table("t", rows)
    metadata = ice.get_table("t").metadata_location
    for text in texts:
        found = java.ask(
            "read", metadata=metadata, filter={"type": "eq", "term": "u", "value": text}
        )
        assert found == [[text]]


NOT_NULL = {"type": "not-null", "term": "name"}
OTHERWISE = {"type": "not-starts-with", "term": "name", "value": "name 0"}
FILTERS = [
    ("id < 17", {"type": "lt", "term": "id", "value": 17}),
    ("id >= 290", {"type": "gt-eq", "term": "id", "value": 290}),
    ("id = 1000", {"type": "eq", "term": "id", "value": 1000}),
    ("name LIKE 'name 02%'", {"type": "starts-with", "term": "name", "value": "name 02"}),
    # Java finds nulls too where it is asked for other beginnings; SQL doesn't.
    ("name NOT LIKE 'name 0%'", {"type": "and", "left": NOT_NULL, "right": OTHERWISE}),
    ("name IS NULL", {"type": "is-null", "term": "name"}),
    ("score IS NAN", {"type": "is-nan", "term": "score"}),
    ("price < 1.50", {"type": "lt", "term": "price", "value": "1.50"}),
    ("day = DATE '1970-01-20'", {"type": "eq", "term": "day", "value": "1970-01-20"}),
    ("day <> DATE '1970-01-20'", {"type": "not-eq", "term": "day", "value": "1970-01-20"}),
    ("id IN (3, 250)", {"type": "in", "term": "id", "values": [3, 250]}),
    ("id NOT IN (3, 250)", {"type": "not-in", "term": "id", "values": [3, 250]}),
]


@pytest.mark.parametrize("partition_spec", [[], [("day", "month")], [("id", "truncate[64]")]])
def test_java_finds_the_same_rows_in_ours_with_a_filter(java, ice, partition_spec):
    ice.create_table(
        "t",
        {
            "id": {"type": "long", "required": True},
            "name": "string",
            "score": "double",
            "price": "decimal(9, 2)",
            "day": "date",
        },
        partition_spec=partition_spec,
    )
    for start in range(0, 300, 100):
        ids = list(range(start, start + 100))
        rows = {
            "id": pa.array(ids),
            "name": [None if i % 10 == 9 else f"name {i:03}" for i in ids],
            "score": [math.nan if i % 50 == 0 else i / 4 for i in ids],
            "price": [decimal.Decimal(i) / 100 for i in ids],
            "day": pa.array(ids, pa.int32()).cast(pa.date32()),
        }
        schema = ice.get_table("t").arrow_schema()
        ice.append_to_table("t", pa.table(rows).cast(schema))
    metadata = ice.get_table("t").metadata_location
    for text, expression in FILTERS:
        theirs = java.ask("read", metadata=metadata, filter=expression)
        ours = canonical_rows(ice.to_arrow("t", filter_expr=text))
        assert sorted_rows(ours) == sorted_rows(theirs), text
        # Java skips by what we wrote: none of the files with a match may be among the skipped.
        planned = java.ask("plan", metadata=metadata, filter=expression)
        reader = ice.scan("t", filter_expr=text)
        num_ours = pa.RecordBatchReader.from_stream(reader).read_all().num_rows
        assert num_ours == 0 or planned
    all_files = java.ask("plan", metadata=metadata)
    few = java.ask("plan", metadata=metadata, filter=FILTERS[0][1])
    assert 0 < len(few) < len(all_files)


def test_java_reads_our_metrics(java, ice):
    ice.create_table("t", every_type_schema())
    ice.append_to_table("t", every_type_rows())
    (file,) = java.ask("metrics", metadata=ice.get_table("t").metadata_location)
    assert file["record_count"] == 3
    path = pathlib.Path(file["path"].removeprefix("file://"))
    assert file["file_size_in_bytes"] == path.stat().st_size
    columns = file["columns"]
    assert columns["b"]["lower"] is False
    assert columns["b"]["upper"] is True
    assert columns["i"] == {
        **columns["i"],
        "values": 3,
        "nulls": 1,
        "lower": -(2**31),
        "upper": 2**31 - 1,
    }
    assert columns["f"] == {**columns["f"], "nans": 1, "lower": "f:3fc00000", "upper": "f:3fc00000"}
    assert (columns["dec9"]["lower"], columns["dec9"]["upper"]) == ("-1234567.89",) * 2
    assert (columns["day"]["lower"], columns["day"]["upper"]) == (-1, 19782)
    assert columns["ts"]["lower"] == -1
    assert (columns["s"]["lower"], columns["s"]["upper"]) == ("", "Ærøskøbing 😀")
    assert columns["u"]["lower"] == "f79c3e09-677c-4bbd-a479-3f349cb785e7"
    assert columns["fx"]["upper"] == "00ff0102"
    assert columns["bin"]["lower"] == ""
    assert "upper" not in columns["bin"]
    assert columns["st.x"]["lower"] == 1
    assert "lower" not in columns["li.element"]


def test_java_reads_ours_after_an_overwrite(java, ice, lake):
    ice.create_table("t", {"day": "int", "n": "long"}, partition_spec=[("day", "identity")])
    ice.append_to_table("t", {"day": [1, 1, 2], "n": [1, 2, 3]})
    ice.overwrite_table("t", {"day": [1], "n": [7]}, "day = 1")
    ice.append_to_table("t", {"day": [3], "n": [8]})
    theirs = java.ask("read", metadata=ice.get_table("t").metadata_location)
    assert sorted_rows(theirs) == sorted_rows([[1, 7], [2, 3], [3, 8]])


def test_java_finds_the_same_rows_appended(java, ice, lake):
    ice.create_table("t", {"n": "long"})
    for n in range(3):
        ice.append_to_table("t", {"n": [n, n + 10]})
    ice.overwrite_table("t", {"n": [77]})
    lake.pyiceberg().load_table("default.t").append(pa.table({"n": [5, 6]}))
    snapshots = [snapshot.snapshot_id for snapshot in ice.get_table("t").snapshots()]
    metadata = ice.get_table("t").metadata_location
    for since in snapshots[:-1]:
        files = java.ask("plan", metadata=metadata, since=since)
        theirs = [
            n for file in files for n in pq.read_table(file.removeprefix("file:"))["n"].to_pylist()
        ]
        ours = ice.read_incremental("t", since, on_removed="skip")["n"].to_list()
        assert sorted(ours) == sorted(theirs), since


@pytest.mark.parametrize("version", [1, 2, 3])
def test_java_reads_the_snapshots_of_one_commit_and_evolved_tables(java, ice, version):
    ice.create_table(
        "t", {"i": "int", "d": "date", "s": {"x": "float", "y": "string"}}, format_version=version
    )
    ice.append_to_table("t", [{"i": 1, "d": datetime.date(2020, 2, 29), "s": {"x": 1.5, "y": "a"}}])
    with ice.transaction("t") as tx:
        tx.append([{"i": 2}])
        with tx.update_schema() as change:
            change.update_column_type("i", "long").update_column_type("s.x", "double")
            change.rename_column("s.y", "z").add_column("new", "string").move_first("new")
        with tx.update_spec() as spec:
            spec.add_field("i", "bucket[4]")
        tx.append([{"new": "b", "i": 2**40, "s": {"x": 0.1, "z": "c"}}, {"i": 4}])
        tx.set_properties({"owner": "me"})
    theirs = java.ask("read", metadata=ice.get_table("t").metadata_location)
    assert sorted_rows(theirs) == sorted_rows(canonical_rows(ice.to_arrow("t")))
    assert len(theirs) == 4
    assert sorted(row[1] for row in theirs) == [1, 2, 4, 2**40]
    found = java.ask(
        "read",
        metadata=ice.get_table("t").metadata_location,
        filter={"type": "gt", "term": "i", "value": 2},
    )
    assert sorted(row[1] for row in found) == [4, 2**40]
    manifests = java.ask("manifests", metadata=ice.get_table("t").metadata_location)
    assert sorted(manifests) == [0, 1]


def test_fixed_partition_values_are_written_as_specified(java, ice, lake):
    """Java expects a length before them in manifests, where Avro's fixed has none."""
    ice.create_table("t", every_type_schema(), partition_spec=[("fx", "identity")])
    ice.append_to_table("t", every_type_rows())
    theirs = lake.pyiceberg().load_table("default.t")
    values = {task.file.partition[0] for task in theirs.scan().plan_files()}
    assert values == set(every_type_rows()["fx"].to_pylist())
    with pytest.raises(AssertionError):
        java.ask("read", metadata=ice.get_table("t").metadata_location)
