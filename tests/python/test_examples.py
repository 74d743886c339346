# SPDX-License-Identifier: Apache-2.0
"""The examples in docstrings, the README and docs do what they say."""

import contextlib
import doctest
import importlib
import io
import pathlib
import pkgutil
import re

import pytest

import iceframe
from iceframe import IceFrame

ROOT = pathlib.Path(__file__).parents[2]
MODULES = sorted(
    f"iceframe.{module.name}"
    for module in pkgutil.iter_modules(iceframe.__path__)
    if module.name != "_native"
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def python_blocks() -> list:
    blocks = []
    for page in PAGES:
        found = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
        blocks += [
            pytest.param(code, id=f"{page.name}-{i}") for i, code in enumerate(found, start=1)
        ]
    return blocks


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


@pytest.mark.parametrize("code", python_blocks())
def test_the_pages_python_runs(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = code.replace("/tmp/warehouse", f"{tmp_path}/warehouse")
    exec(compile(code, "page", "exec"), {"__name__": "page"})
    if "age > 30" in code:
        assert "Ada" in capsys.readouterr().out
