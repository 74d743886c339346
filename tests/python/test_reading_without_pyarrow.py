# SPDX-License-Identifier: Apache-2.0
"""Reading where pyarrow is not installed: everything but what returns pyarrow's objects."""

import json
import subprocess
import sys

import polars as pl
import pyarrow as pa
import pytest
from every_type import every_type_rows

from iceframe import IceFrame

PROGRAM = """
import contextlib, io, json, sys

sys.modules["pyarrow"] = None
import polars as pl
from iceframe import IceFrame, cli, col
from iceframe.errors import MissingPackageError

config = json.loads(sys.argv[1])
ice = IceFrame(config)
table = ice.get_table("t")
frames = {
    "read_table": ice.read_table("t"),
    "query": ice.query("t").execute(),
    "lazy": ice.lazy("t").collect(),
    "head": ice.head("t", 100),
    "Table.scan": table.scan().to_polars(),
    "stream": pl.DataFrame(ice.scan("t")),
    "filtered": ice.read_table("t", filter_expr=col("b").is_null() | col("b") | ~col("b")),
}
for name, frame in frames.items():
    frame.serialize(f"{sys.argv[2]}/{name}")
ice.describe("t", ["i", "s", "d"])
assert ice.count_rows("t") == 3 == table.scan().count()
assert ice.read_table("nothing").schema == {"id": pl.Int64}

said = []
for what, call in {
    "to_arrow": lambda: ice.to_arrow("t"),
    "to_pandas": lambda: ice.to_pandas("t"),
    "scan_batches": lambda: ice.scan_batches("t"),
    "to_batches": lambda: ice.query("t").to_batches(),
    "query.to_arrow": lambda: ice.query("t").to_arrow(),
    "query.to_pandas": lambda: ice.query("t").to_pandas(),
    "expression.to_arrow": lambda: (col("i") == 1).to_arrow(),
    "arrow_schema": lambda: table.arrow_schema(),
    "scan.to_arrow": lambda: table.scan().to_arrow(),
    "scan.to_arrow_batch_reader": lambda: table.scan().to_arrow_batch_reader(),
    "scan.to_pandas": lambda: table.scan().to_pandas(),
}.items():
    try:
        call()
        said.append(f"{what}: nothing")
    except MissingPackageError as error:
        if "iceframe[arrow]" not in str(error):
            said.append(f"{what}: {error}")
assert said == [], said
sys.modules["pyiceberg"] = None
for name in ("to_iceberg", "pushdown"):
    try:
        getattr(col("i") == 1, name)()
    except MissingPackageError as error:
        assert "pip install 'pyiceberg'" in str(error)
    else:
        raise AssertionError(name)

options = ["--uri", config["uri"], "--warehouse", config["warehouse"], "--catalog", config["name"]]
commands = [["list"], ["describe", "t"], ["head", "t"], ["explain", "t"],
            ["explain", "t", "--analyze"]]
commands += [["query", "t", "--format", form] for form in ("table", "csv", "json", "arrow")]
for command in commands:
    output, errors = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = cli.main([*options, *command])
    assert (code, errors.getvalue()) == (0, ""), (command, errors.getvalue())
    output.flush()
    if command[-1] == "arrow":
        with open(f"{sys.argv[2]}/arrow", "wb") as file:
            file.write(output.buffer.getvalue())
assert "pyarrow.lib" not in sys.modules
"""


@pytest.fixture
def rows():
    rows = every_type_rows()
    more = {
        "ns": pa.array([1, None, -1], pa.timestamp("ns")),
        "nz": pa.array([2**62, None, 0], pa.timestamp("ns", "UTC")),
    }
    for name, values in more.items():
        rows = rows.append_column(name, values)
    return rows


def test_everything_but_pyarrows_own_objects_works(ice: IceFrame, lake, tmp_path, rows):
    ice.create_table("t", rows.schema, format_version=3)
    ice.append_to_table("t", rows)
    ice.create_table("nothing", {"id": "long"})
    command = [sys.executable, "-c", PROGRAM, json.dumps(lake.config), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    expected = pl.from_arrow(rows)
    for name in ("read_table", "query", "lazy", "head", "Table.scan", "stream", "filtered"):
        frame = pl.DataFrame.deserialize(tmp_path / name)
        assert frame.schema == expected.schema, name
        assert frame.equals(expected), name
    with pa.ipc.open_stream(tmp_path / "arrow") as stream:
        back = stream.read_all()
    assert back.schema.equals(ice.to_arrow("t").schema)
    assert back.drop_columns(["f"]).equals(ice.to_arrow("t").drop_columns(["f"]))
