# SPDX-License-Identifier: Apache-2.0
"""Runs what a new user would, on a system that has Python and the wheel only.

bare.py README   the page's Python block, then a query by expression
"""

import pathlib
import sys

import polars as pl

import iceframe
from iceframe.expressions import Column

page = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
_, found, rest = page.partition("```python\n")
assert found, "the page has no Python"
names: dict = {}
exec(compile(rest.partition("```")[0], sys.argv[1], "exec"), names)

result = names["ice"].query("users").filter(Column("age") > 30).execute()
assert isinstance(result, pl.DataFrame), type(result)
assert result.rows() == [(1, "Ada", 36)], result
assert "pyarrow" not in sys.modules
print("iceframe", iceframe.__version__, "with polars", pl.__version__, "on", sys.version)
