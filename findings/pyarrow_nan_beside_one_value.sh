#!/bin/bash
# A filter of pyarrow's dataset loses NaN rows of a file that pyarrow wrote itself.
#
# pyarrow 26.0.1. A row group of a float column whose values are 0.1, NaN and null has the
# statistics min = max = 0.1, since NaN is left out of them. The dataset scanner takes that as
# "every value is 0.1 or null" and folds `f != 0.1` and `~(f == 0.1)` to false, so the NaN row is
# missing; `~f.isin([0.1])`, which means the same, keeps it, as do all three over the same rows in
# memory, or with a second number in the row group.
# For a reader: "not equal" must not be decided by equal bounds of a float column unless the count
# of NaN is known to be zero. For a writer of filters: add `| is_nan` to what goes to pyarrow.
# Expected output: file [False, False, True], memory [True, True, True], two numbers [True, True, True]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check pyarrow==26.0.1
"$work/env/bin/python" - "$work" <<'PYTHON'
import math
import sys

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

f = ds.field("f")
filters = [f != 0.1, ~(f == 0.1), ~f.isin([0.1])]


def keeps_nan(rows: ds.Dataset) -> list[bool]:
    found = [rows.to_table(filter=one).column("f").to_pylist() for one in filters]
    return [any(value is not None and math.isnan(value) for value in values) for values in found]


one = pa.table({"f": pa.array([0.1, math.nan, None], pa.float64())})
two = pa.table({"f": pa.array([0.1, math.nan, None, 0.2], pa.float64())})
pq.write_table(one, f"{sys.argv[1]}/one.parquet")
pq.write_table(two, f"{sys.argv[1]}/two.parquet")
seen = (
    keeps_nan(ds.dataset(f"{sys.argv[1]}/one.parquet")),
    keeps_nan(ds.dataset(one)),
    keeps_nan(ds.dataset(f"{sys.argv[1]}/two.parquet")),
)
print("pyarrow", pa.__version__, "file", seen[0], "memory", seen[1], "two numbers", seen[2])
expected = ([False, False, True], [True] * 3, [True] * 3)
sys.exit(0 if seen == expected else f"this has changed: expected {expected}")
PYTHON
