# SPDX-License-Identifier: Apache-2.0
"""The examples in docstrings and the demo do what they say."""

import contextlib
import doctest
import importlib
import io
import pathlib
import pkgutil
import subprocess
import sys

import pytest

import iceframe
from iceframe import IceFrame

ROOT = pathlib.Path(__file__).parents[2]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(iceframe.__path__, "iceframe.")
    if module.name != "iceframe._native"
)


@pytest.fixture
def demo(tmp_path):
    """What docstrings call: a catalog of its own each time, with the table "users"."""
    count = iter(range(1_000))

    def make() -> IceFrame:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        ice = IceFrame(
            {
                "type": "sql",
                "uri": f"sqlite:///{folder}/catalog.db",
                "warehouse": f"file://{folder}",
            }
        )
        ice.create_table("users", {"id": "long", "name": "string", "age": "int"})
        ice.append_to_table("users", {"id": [1, 2], "name": ["Ada", "Bob"], "age": [36, None]})
        return ice

    return make


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name, demo):
    module = importlib.import_module(name)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        result = doctest.testmod(module, extraglobs={"demo": demo})
    assert result.failed == 0, output.getvalue()


def test_there_are_docstring_examples():
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name))]
    assert sum(bool(test.examples) for test in found) >= 8


DEMO = ROOT / "examples" / "demo"

# Runs the demo with a PyIceberg that reads one value of nyc.airlines otherwise.
SPOILED_DEMO = f"""
import runpy, sys
import pyarrow.compute as pc
from pyiceberg.table import DataScan
to_arrow = DataScan.to_arrow
def spoiled(scan):
    rows = to_arrow(scan)
    if rows.column_names != ["carrier", "name"]:
        return rows
    other = pc.replace_substring(rows["name"], "Virgin America", "Virgin Amerika")
    return rows.set_column(1, rows.schema.field("name"), other)
DataScan.to_arrow = spoiled
runpy.run_path({str(DEMO)!r}, run_name="__main__")
"""


def test_the_demo_ends_with_every_value_equal(tmp_path):
    result = subprocess.run(
        [sys.executable, DEMO, tmp_path / "demo"], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert "5 tables, 6,832,063 values" in lines[-4]
    assert lines[-4].endswith("every value is equal")
    assert lines[-2].startswith("Done in ")
    first, bounds = (
        next(line for line in lines if line.startswith("  nyc.flights") and f"read {n} of" in line)
        for n in (1, 6)
    )
    assert first.split("skipped ")[1] == "12 of other months, by their partition"
    assert bounds.split("skipped ")[1] == "7 by the bounds of their columns"


def test_the_demo_fails_when_pyiceberg_reads_another_value(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", SPOILED_DEMO, tmp_path / "demo"], capture_output=True, text=True
    )
    assert result.returncode == 1
    expected = "nyc.airlines: the source and PyIceberg differ: column name, sorted row 13: "
    assert expected + "'Virgin America' and 'Virgin Amerika'" in result.stdout
