# SPDX-License-Identifier: Apache-2.0
"""Checks that no call of the Python package, and none of its bindings, takes too many arguments.

self, cls, *args and **kwargs don't count. What C++ functions take is lizard's to count
(tools/run_checks.sh sizes); here it is what a `.def(…)` of nanobind names.
"""

from __future__ import annotations

import ast
import pathlib
import re
import sys

MOST = 6
# Whose arguments are fixed by those that users know, by position too.
FIXED = {"compact_data_files"}
ROOT = pathlib.Path(__file__).parent.parent


def python_calls(path: pathlib.Path) -> list[str]:
    """Returns the functions and lambdas of a file that take more."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        name = getattr(node, "name", "lambda")
        if count > MOST and name not in FIXED:
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name} takes {count} arguments")
    return found


def call_at(text: str, start: int) -> str:
    """Returns the text of a call's parentheses, whose first is at `start`."""
    depth = 0
    for end in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[start : end + 1]
    return text[start:]


def bound_calls(path: pathlib.Path) -> list[str]:
    """Returns the definitions of a file of bindings that take more."""
    text = path.read_text()
    found = []
    for match in re.finditer(r"\.def(?:_static)?\(", text):
        call = call_at(text, match.end() - 1)
        named = len(re.findall(r"\bnb::arg\(", call))
        # Without names, what its lambda takes besides the object itself.
        lambdas = re.search(r"\[[^\]]*\]\(([^)]*)\)", call)
        unnamed = len(re.findall(r",", lambdas.group(1))) if lambdas and not named else 0
        if max(named, unnamed) > MOST:
            line = text.count("\n", 0, match.start()) + 1
            name = re.search(r'"(\w+)"', call)
            shown = name.group(1) if name else "a call"
            found.append(
                f"{path.relative_to(ROOT)}:{line}: {shown} takes {max(named, unnamed)} arguments"
            )
    return found


def main() -> int:
    """Prints what takes too many arguments; returns the exit code."""
    found = []
    for path in sorted((ROOT / "python/iceframe").rglob("*.py*")):
        if path.suffix in (".py", ".pyi"):
            found += python_calls(path)
    for path in sorted((ROOT / "python/bindings").rglob("*.cc")):
        found += bound_calls(path)
    for line in found:
        print(f"{line}, {MOST} are the most", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
