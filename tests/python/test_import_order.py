# SPDX-License-Identifier: Apache-2.0
"""The package's modules build on each other: none needs itself, not for its types either."""

from __future__ import annotations

import ast
import pathlib

import iceframe

FOLDER = pathlib.Path(iceframe.__file__).parent


def module_name(path: pathlib.Path) -> str:
    parts = ("iceframe", *path.relative_to(FOLDER).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module_name(path): path for path in FOLDER.rglob("*.py")}


def imports_of(path: pathlib.Path) -> set[str]:
    """Returns the package's modules that a file names, in functions and for type checkers too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                is_module = inside in PATHS or inside == "iceframe._native"
                found.add(inside if is_module else node.module or "")
    return found & PATHS.keys()


def circle(edges: dict[str, set[str]]) -> list[str] | None:
    """Returns modules each of which needs the next, the last one the first, if there are any."""
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str] | None:
        if module in way:
            return way[way.index(module) :]
        if module in done:
            return None
        for needed in sorted(edges[module]):
            if found := visit(needed, [*way, module]):
                return found
        done.add(module)
        return None

    return next(filter(None, (visit(module, []) for module in sorted(edges))), None)


def test_no_module_needs_itself():
    edges = {name: imports_of(path) for name, path in PATHS.items()}
    assert len(edges) > 20
    assert circle(edges) is None


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None
