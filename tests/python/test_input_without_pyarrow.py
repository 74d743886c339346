# SPDX-License-Identifier: Apache-2.0
"""Schemas and rows go in where pyarrow can't be imported."""

import datetime as dt
import decimal
import json
import subprocess
import sys
import uuid

INPUT = """
import datetime as dt, decimal, json, sys, uuid

class NoPyArrow:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")

sys.meta_path.insert(0, NoPyArrow())

import pandas as pd
import polars as pl
import pydantic
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

from iceframe import IceFrame

ice = IceFrame(json.loads(sys.argv[1]))
row = {
    "b": True, "i": 1, "l": 2, "f": 0.5, "d": 0.1, "dec": decimal.Decimal("1.50"),
    "day": dt.date(2024, 2, 29), "tod": dt.time(1, 2, 3), "ts": dt.datetime(2024, 2, 29),
    "tz": dt.datetime(2024, 2, 29, tzinfo=dt.timezone.utc), "s": "a",
    "u": uuid.UUID(int=5), "fx": b"ab", "bin": b"", "li": [1, None], "ma": {"k": 1.0},
    "st": {"a": 1, "b": "x"},
}
ice.create_table("every", {
    "b": "boolean", "i": "int", "l": int, "f": "float", "d": float, "dec": "decimal(9,2)",
    "day": dt.date, "tod": "time", "ts": pl.Datetime("us"), "tz": "timestamptz", "s": str,
    "u": uuid.UUID, "fx": "fixed[2]", "bin": "binary", "li": pl.List(pl.Int32),
    "ma": "map<string, double>", "st": {"a": LongType(), "b": StringType()},
})
ice.append_to_table("every", [row, {}])
ice.append_to_table("every", {name: [value] for name, value in row.items()})
ice.append_to_table("every", (r for r in [row]))

class Model(pydantic.BaseModel):
    id: int
    name: str | None = None

ice.create_table("model", Model)
ice.append_to_table("model", [Model(id=1, name="x")])

frame = pl.DataFrame({"id": [1], "u": pl.Series([uuid.UUID(int=5)], dtype=pl.Object)})
ice.create_table("frame", frame)
ice.append_to_table("frame", frame)
ice.append_to_table("frame", frame.select("id").lazy())
ice.append_to_table("frame", {"id": frame["id"]})
ice.create_table("schema", pl.DataFrame({"id": [1]}).schema)
ice.overwrite_table("schema", iter([pl.DataFrame({"id": [7]})]))
ice.create_table("theirs", Schema(NestedField(3, "id", LongType(), required=True)))
try:
    ice.append_to_table("schema", pd.DataFrame({"id": [1]}))
except ImportError as error:
    assert "iceframe[arrow]" in str(error), error
else:
    raise AssertionError("pandas frames need pyarrow")
assert "pyarrow" not in sys.modules
"""


def test_schemas_and_rows_need_no_pyarrow(ice, lake):
    child = subprocess.run(
        [sys.executable, "-c", INPUT, json.dumps(lake.config)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr
    row = {
        "b": True,
        "i": 1,
        "l": 2,
        "f": 0.5,
        "d": 0.1,
        "dec": decimal.Decimal("1.50"),
        "day": dt.date(2024, 2, 29),
        "tod": dt.time(1, 2, 3),
        "ts": dt.datetime(2024, 2, 29),
        "tz": dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
        "s": "a",
        "u": uuid.UUID(int=5),
        "fx": b"ab",
        "bin": b"",
        "li": [1, None],
        "ma": [("k", 1.0)],
        "st": {"a": 1, "b": "x"},
    }
    every = ice.to_arrow("every").to_pylist()
    assert every.count(row) == 3
    assert every.count(dict.fromkeys(row)) == 1
    assert ice.to_arrow("model").to_pylist() == [{"id": 1, "name": "x"}]
    assert ice.get_table("model").schema().fields[0].required
    assert ice.to_arrow("frame").to_pydict()["u"].count(uuid.UUID(int=5)) == 1
    assert ice.count_rows("frame") == 3
    assert ice.to_arrow("schema").to_pydict() == {"id": [7]}
    (field,) = ice.get_table("theirs").schema().fields
    assert field.required
