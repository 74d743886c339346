# SPDX-License-Identifier: Apache-2.0
"""What users do around the plain path: renaming and registering, damaged files, odd arguments."""

import datetime as dt
import pathlib

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from iceframe import IceFrame
from iceframe.errors import (
    AlreadyExistsError,
    DataError,
    IoError,
    NotFoundError,
    ValidationError,
)


def data_files(lake) -> list[pathlib.Path]:
    return sorted(lake.folder.rglob("*.parquet"))


def test_rename_keeps_rows_and_register_brings_back(ice, lake):
    ice.create_table("a", {"id": "long"})
    ice.append_to_table("a", {"id": [1, 2]})
    ice.create_namespace("other")
    ice.rename_table("a", "other.b")
    assert not ice.table_exists("a")
    assert ice.to_arrow("other.b").num_rows == 2
    ice.create_table("a", {"id": "long"})
    with pytest.raises(AlreadyExistsError, match=r"default\.a"):
        ice.rename_table("other.b", "a")
    with pytest.raises(LookupError, match="nowhere"):
        ice.rename_table("nowhere", "c")
    metadata = ice.get_table("other.b").metadata_location
    ice.drop_table("other.b")
    assert ice.register_table("new.c", metadata).name() == ("new", "c")
    assert ice.to_arrow("new.c").num_rows == 2
    assert lake.pyiceberg().load_table("new.c").scan().to_arrow().num_rows == 2
    with pytest.raises(AlreadyExistsError):
        ice.register_table("new.c", metadata)


def test_errors_while_reading_are_the_engines_own(ice, lake):
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": list(range(1000))})
    (file,) = data_files(lake)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    for read in (ice.to_arrow, ice.read_table, lambda name: list(ice.scan_batches(name))):
        with pytest.raises((DataError, IoError), match=file.name):
            read("t")
    file.unlink()
    with pytest.raises((IoError, NotFoundError), match=file.name):
        ice.to_arrow("t")


def test_rows_in_every_form_that_users_have(ice):
    ice.create_table("t", {"id": "int", "s": "string"})
    batch = pa.record_batch({"id": [1, 2], "s": ["a", "b"]})
    frame = pl.DataFrame({"id": [1, 2], "s": ["a", "b"]})
    forms = [
        frame,
        frame.lazy(),
        frame.with_columns(pl.col("s").cast(pl.Categorical)),
        frame.with_columns(pl.col("s").cast(pl.Enum(["b", "a"]))),
        pd.DataFrame({"id": [1, 2], "s": pd.Categorical(["a", "b"])}),
        batch,
        [batch[:1], batch[1:]],
        (part for part in [batch[:1], batch[1:]]),
        (row for row in batch.to_pylist()),
        {"id": pa.chunked_array([[1], [2]]), "s": ("a", "b")},
        {"id": np.array([1, 2]), "s": pl.Series(["a", "b"])},
    ]
    for number, form in enumerate(forms):
        ice.overwrite_table("t", form)
        assert ice.to_arrow("t").to_pydict() == {"id": [1, 2], "s": ["a", "b"]}, number
    ice.overwrite_table("t", pl.Series("id", [7]))
    assert ice.to_arrow("t").to_pydict() == {"id": [7], "s": [None]}
    for wrong in ({"id": 5}, {"s": "abc"}, None, "abc", [1, 2]):
        with pytest.raises(ValidationError):
            ice.append_to_table("t", wrong)


def test_file_and_position_of_rows(ice, lake):
    ice.create_table("t", {"id": "long", "place": "struct<lat: double, lon: double>"})
    ice.append_to_table("t", {"id": list(range(5)), "place": [{"lat": 1.0, "lon": 2.0}] * 5})
    read = ice.to_arrow("t", ["_pos", "place.lat", "_file", "place.lon", "id"], "id >= 3")
    assert read.column_names == ["_pos", "place", "_file", "id"]
    assert read["_pos"].to_pylist() == [3, 4]
    assert read["id"].to_pylist() == [3, 4]
    (file,) = data_files(lake)
    assert set(read["_file"].to_pylist()) == {f"file://{file}"}
    assert ice.to_arrow("t", ["_pos"]).to_pydict() == {"_pos": [0, 1, 2, 3, 4]}
    assert ice.to_arrow("t", ["id", "_pos"], limit=2).to_pydict() == {"id": [0, 1], "_pos": [0, 1]}
    assert ice.to_arrow("t", []).num_rows == 5
    ice.create_table("own", {"_pos": "string"})
    ice.append_to_table("own", {"_pos": ["mine"]})
    assert ice.to_arrow("own", ["_pos"]).to_pydict() == {"_pos": ["mine"]}


def test_one_name_and_times_are_understood(ice):
    ice.create_table("t", {"id": "long"}, partition_spec="id", sort_order="id")
    ice.append_to_table("t", {"id": [1]})
    assert ice.to_arrow("t", columns="id").to_pydict() == {"id": [1]}
    now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    assert ice.to_arrow("t", as_of_timestamp=now).num_rows == 1
    with pytest.raises(LookupError):
        ice.to_arrow("t", as_of_timestamp=now - dt.timedelta(days=1))
    with pytest.raises(ValidationError, match="zone"):
        ice.to_arrow("t", as_of_timestamp=now.replace(tzinfo=None))
    with pytest.raises(ValidationError, match="mapping"):
        IceFrame("sqlite:///catalog.db")
