# SPDX-License-Identifier: Apache-2.0
"""The Python of the README and docs runs, page by page; other fences are known by name.

C++ blocks are compiled by the build and run by tests/interop/test_cpp_examples.py, console blocks
run in test_cli.py.
"""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]

#: What may stand behind the three backticks, and is not Python.
OTHER_FENCES = {"bash", "console", "cpp", "ebnf", "json", "text", "toml", "yaml"}
#: How many blocks of Python are marked as not to be run, by page.
NOT_RUN: dict[str, int] = {"catalogs.md": 3, "kafka.md": 2}


def fences(page: pathlib.Path) -> list[tuple[str, str]]:
    """Returns (what stands behind the backticks, content) of each block."""
    found = re.findall(r"^```([^\n]*)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    return [(kind.strip(), code) for kind, code in found]


def python_of(page: pathlib.Path) -> list[str]:
    return [code for kind, code in fences(page) if kind == "python"]


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=page.name) for page in PAGES if python_of(page)]
)
def test_a_pages_python_runs_from_top_to_bottom(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for number, code in enumerate(python_of(page), start=1):
        code = code.replace("/tmp/warehouse", f"{tmp_path}/warehouse")
        exec(compile(code, f"{page.name}, block {number}", "exec"), names)
    if page.name == "README.md":
        assert "Ada" in capsys.readouterr().out


def test_pages_have_python():
    assert sum(len(python_of(page)) for page in PAGES) >= 3


def test_every_fence_is_run_or_of_a_known_other_kind():
    not_run = {}
    for page in PAGES:
        for kind, code in fences(page):
            if kind == "python no-run":
                not_run[page.name] = not_run.get(page.name, 0) + 1
            else:
                assert kind == "python" or kind in OTHER_FENCES, f"{page.name}: ```{kind}\n{code}"
    assert not_run == NOT_RUN


def test_no_fence_is_left_open():
    for page in PAGES:
        assert len(re.findall(r"^```", page.read_text(), re.MULTILINE)) == 2 * len(fences(page))
