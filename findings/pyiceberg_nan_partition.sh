#!/bin/bash
# One NaN in a column that a table is partitioned by makes PyIceberg's append fail.
#
# pyiceberg 0.12.0, pyarrow 25.0.1. A table partitioned by identity on a double takes 1.0 and null,
# but a NaN row ends the append in a ZeroDivisionError: the rows of each partition are picked by
# equality with its value, which for NaN picks none. The spec knows NaN partitions (Spark writes
# them), and a NaN in a column that is no partition source is taken.
# Expected output: 1.0 and null: 2 rows; with NaN: ZeroDivisionError; unpartitioned: 3 rows
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check \
  'pyiceberg[sql-sqlite,pyarrow]==0.12.0' 'pyiceberg-core>=0.5' pyarrow==25.0.1
"$work/env/bin/python" - "$work" <<'PYTHON'
import math
import sys

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

folder = sys.argv[1]
catalog = SqlCatalog("c", uri=f"sqlite:///{folder}/c.db", warehouse=f"file://{folder}/wh")
catalog.create_namespace("n")


def rows_after_append(name: str, values: list[float | None], partitioned: bool) -> object:
    table = catalog.create_table(f"n.{name}", pa.schema([("x", pa.float64())]))
    if partitioned:
        with table.update_spec() as spec:
            spec.add_identity("x")
    try:
        table.append(pa.table({"x": pa.array(values, pa.float64())}))
    except Exception as error:
        return type(error).__name__
    return table.scan().to_arrow().num_rows


seen = [
    rows_after_append("plain_values", [1.0, None], partitioned=True),
    rows_after_append("nan", [1.0, None, math.nan], partitioned=True),
    rows_after_append("unpartitioned", [1.0, None, math.nan], partitioned=False),
]
print(f"1.0 and null: {seen[0]} rows; with NaN: {seen[1]}; unpartitioned: {seen[2]} rows")
expected = [2, "ZeroDivisionError", 3]
sys.exit(0 if seen == expected else f"this has changed: expected {expected}")
PYTHON
