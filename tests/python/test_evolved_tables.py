# SPDX-License-Identifier: Apache-2.0
"""Every way to read a table gives the same rows, whatever became of its columns since they were
written."""

import contextlib
import io
import json
import pathlib

import polars as pl
import pyarrow as pa
import pytest
from pyiceberg.types import DoubleType, LongType, StringType

from iceframe import cli
from iceframe.errors import UnsupportedOperationError

ROWS = {"id": [1, 2, 3], "a": [10, 20, None], "b": ["x", "y", "z"], "f": [0.5, 1.5, None]}
COLUMNS = {"id": "long", "a": "int", "b": "string", "f": "float"}


def drop_and_add_again(table):
    with table.update_schema() as update:
        update.delete_column("b")
    with table.update_schema() as update:
        update.add_column("b", StringType())


def rename(table):
    with table.update_schema() as update:
        update.rename_column("b", "c")


def swap_names(table):
    with table.update_schema() as update:
        update.rename_column("id", "was_id")
    with table.update_schema() as update:
        update.rename_column("a", "id")


def add(table):
    with table.update_schema() as update:
        update.add_column("c", StringType())


def drop(table):
    with table.update_schema() as update:
        update.delete_column("a")


def promote(table):
    with table.update_schema() as update:
        update.update_column("a", LongType())
        update.update_column("f", DoubleType())


def everything(table):
    promote(table)
    drop_and_add_again(table)
    with table.update_schema() as update:
        update.rename_column("f", "g")
    with table.update_schema() as update:
        update.move_first("g")


EVOLUTIONS = [drop_and_add_again, rename, swap_names, add, drop, promote, everything]


def command(lake, *arguments):
    """Runs the command line in this process; returns its rows."""
    config = lake.config
    options = ["--uri", config["uri"], "--warehouse", config["warehouse"], "--type", "sql"]
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        code = cli.main([*options, "--catalog", config["name"], *arguments])
    assert code == 0
    return [json.loads(line) for line in output.getvalue().splitlines()]


def cli_version(version):
    return [
        part
        for name, value in version.items()
        for part in (
            {"snapshot_id": "--snapshot-id", "ref": "--ref", "as_of_timestamp": "--as-of"}[name],
            value if isinstance(value, str) else str(value),
        )
    ]


def every_entry_point(ice, lake, version, name="t"):
    """Returns the rows that each way of reading gives, by its name."""
    rows = {
        "read_table": ice.read_table(name, **version).to_dicts(),
        "head": ice.head(name, 100, **version).to_dicts(),
        "lazy": ice.lazy(name, **version).collect().to_dicts(),
        "to_arrow": ice.to_arrow(name, **version).to_pylist(),
        "scan": pa.table(ice.scan(name, **version)).to_pylist(),
        "scan_batches": [r for b in ice.scan_batches(name, **version) for r in b.to_pylist()],
        "query": ice.query(name, **version).execute().to_dicts(),
        "query.to_arrow": ice.query(name, **version).to_arrow().to_pylist(),
    }
    if "as_of_timestamp" not in version:
        scan = ice.get_table(name).scan(**version)
        rows["Table.scan"] = scan.to_arrow().to_pylist()
        rows["Table.scan.to_polars"] = scan.to_polars().to_dicts()
        rows["cli"] = command(lake, "query", name, "--format", "json", *cli_version(version))
        assert scan.count() == len(rows["scan"])
    assert ice.count_rows(name, **version) == len(rows["scan"])
    described = ice.describe(name, **version)
    assert described.equals(ice.read_table(name, **version).describe())
    return rows


@pytest.fixture
def evolve(ice, lake):
    def evolve(evolution):
        ice.create_table("t", COLUMNS)
        ice.append_to_table("t", ROWS)
        table = lake.pyiceberg().load_table("default.t")
        first = table.current_snapshot()
        table.manage_snapshots().create_tag(first.snapshot_id, "tag").create_branch(
            first.snapshot_id, "branch"
        ).commit()
        evolution(table)
        return first

    return evolve


@pytest.mark.parametrize("evolution", EVOLUTIONS)
def test_every_entry_point_gives_the_same_rows(ice, lake, evolve, evolution):
    first = evolve(evolution)
    old = [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
    now = lake.pyiceberg().load_table("default.t").scan().to_arrow().to_pylist()
    for version, expected in [
        ({}, now),
        ({"ref": "main"}, now),
        ({"ref": "branch"}, now),
        ({"ref": "tag"}, old),
        ({"snapshot_id": first.snapshot_id}, old),
        ({"as_of_timestamp": first.timestamp_ms}, old),
    ]:
        for name, rows in every_entry_point(ice, lake, version).items():
            assert rows == expected, (name, version)
    names = [field.name for field in ice.get_table("t").schema().fields]
    for name in names:
        assert ice.lazy("t").select(name).collect().equals(ice.read_table("t", [name]))
        present = ice.lazy("t").filter(pl.col(name).is_not_null()).collect()
        assert present.equals(ice.read_table("t", filter_expr=f"{name} IS NOT NULL"))
        assert ice.count_rows("t", f"{name} IS NULL") == len(now) - present.height


def test_lazy_keeps_the_columns_and_rows_of_its_call(ice, evolve):
    evolve(lambda table: None)
    before = ice.read_table("t")
    lazy, of_branch = ice.lazy("t"), ice.lazy("t", ref="branch")
    ice.append_to_table("t", {"id": [4]})
    ice.append_to_table("t", {"id": [5]}, branch="branch")
    assert lazy.collect().equals(before)
    assert of_branch.collect().equals(before)


def test_lazy_keeps_the_columns_that_a_later_change_takes(ice, lake, evolve):
    evolve(lambda table: None)
    before = ice.read_table("t")
    lazy = ice.lazy("t")
    drop_and_add_again(lake.pyiceberg().load_table("default.t"))
    assert lazy.collect().equals(before)
    assert ice.lazy("t").collect()["b"].to_list() == [None, None, None]


def test_lazy_of_an_empty_table_stays_empty(ice):
    ice.create_table("t", COLUMNS)
    lazy = ice.lazy("t")
    ice.append_to_table("t", ROWS)
    assert lazy.collect().shape == (0, 4)
    assert lazy.select(pl.len()).collect().item() == 0
    assert ice.lazy("t").collect().height == 3


def with_first_field(ice, **changes):
    """Registers the table t with another first column as u."""
    path = pathlib.Path(ice.get_table("t").metadata_location.removeprefix("file://"))
    metadata = json.loads(path.read_text())
    for schema in metadata["schemas"]:
        schema["fields"][0].update(changes)
    metadata["last-column-id"] = 99
    changed = path.with_name(path.name.replace(".metadata.json", "-changed.metadata.json"))
    changed.write_text(json.dumps(metadata))
    ice.register_table("u", f"file://{changed}")


def test_a_default_is_what_rows_had_before_the_column(ice, lake):
    ice.create_table("t", {"v": "int", "id": "long"}, format_version=3)
    ice.append_to_table("t", {"v": [5, None], "id": [1, 2]})
    with_first_field(ice, **{"id": 99, "name": "new", "initial-default": 7, "write-default": 8})
    expected = [{"new": 7, "id": 1}, {"new": 7, "id": 2}]
    for version in ({}, {"ref": "main"}):
        for name, rows in every_entry_point(ice, lake, version, "u").items():
            assert rows == expected, name
    assert ice.count_rows("u", "new = 7") == 2
    assert ice.lazy("u").filter(pl.col("new") == 7).collect().height == 2


@pytest.fixture(params=["variant", "geometry", "geography"])
def unreadable(ice, lake, request):
    """A table with a column that can't be read yet, first of all."""
    ice.create_table("t", {"v": "string", "id": "long"}, format_version=3)
    ice.append_to_table("t", {"id": [1, 2]})
    with_first_field(ice, type=request.param)
    return ice


def test_a_column_that_cannot_be_read_is_refused_when_it_is_asked_for(unreadable):
    ice = unreadable
    assert ice.lazy("u").select("id").collect()["id"].to_list() == [1, 2]
    assert ice.lazy("u").filter(pl.col("id") > 1).select("id").collect().height == 1
    assert ice.lazy("u").select(pl.len()).collect().item() == 2
    assert ice.query("u").select("id").execute()["id"].to_list() == [1, 2]
    assert ice.count_rows("u") == 2
    assert ice.lazy("u").collect_schema().names() == ["v", "id"]
    table = ice.get_table("u")
    assert table.arrow_schema().names == ["v", "id"]
    assert table.arrow_schema(["id"]) == pa.schema([("id", pa.int64())])
    with pytest.raises(UnsupportedOperationError, match="column: v"):
        table.arrow_schema(["v"])
    for read in (
        lambda: ice.read_table("u"),
        lambda: ice.lazy("u").collect(),
        lambda: ice.lazy("u").select("v").collect(),
        lambda: ice.query("u").execute(),
    ):
        with pytest.raises(UnsupportedOperationError, match="can't be read"):
            read()
