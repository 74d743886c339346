# SPDX-License-Identifier: Apache-2.0
"""TPC-H Q1 over a lineitem that grew by 1 %: with the answers of its old files, and all anew.

python bench/python/cached_q1_vs_computed.py [RUNS] [LINEITEM.parquet]
The rows are those of the comparison (`make bench`): 16 files, then one of 1 % each run.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from iceframe import IceFrame
from iceframe.query import QueryBuilder

ROOT = Path(__file__).resolve().parents[2]
AIM = 0.05
NUM_FILES = 16


def q1(ice: IceFrame) -> QueryBuilder:
    return (
        ice.query("lineitem")
        .filter("l_shipdate <= DATE '1998-09-02'")
        .group_by("l_returnflag", "l_linestatus")
        .select(
            "l_returnflag",
            "l_linestatus",
            "sum(l_quantity) AS sum_qty",
            "sum(l_extendedprice) AS sum_base_price",
            "sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price",
            "sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge",
            "avg(l_quantity) AS avg_qty",
            "avg(l_extendedprice) AS avg_price",
            "avg(l_discount) AS avg_disc",
            "count(*) AS count_order",
        )
        .order_by("l_returnflag", "l_linestatus")
    )


def timed(work: Callable[[], pa.Table]) -> tuple[float, pa.Table]:
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    scale = os.environ.get("SCALE") or "1"
    lineitem = ROOT / "build" / "bench" / f"tpch-{scale}" / "tpch" / "lineitem.parquet"
    if len(sys.argv) > 2:
        lineitem = Path(sys.argv[2])
    if not lineitem.exists():
        print("no rows; `make bench CASES=q1` makes them")
        return 0
    rows = pq.read_table(lineitem)
    grown = rows.num_rows // 100
    with tempfile.TemporaryDirectory() as folder:
        ice = IceFrame({"type": "sql", "uri": f"sqlite:///{folder}/c.db", "warehouse": folder})
        ice.create_table("lineitem", rows.schema)
        step = -(-rows.num_rows // NUM_FILES)
        for at in range(0, rows.num_rows, step):
            ice.append_to_table("lineitem", rows.slice(at, step))
        q1(ice).cache().to_arrow()
        cached, computed = [], []
        for run in range(runs):
            ice.append_to_table("lineitem", rows.slice(run * grown, grown))
            seconds, kept = timed(lambda: q1(ice).cache().to_arrow())
            cached.append(seconds)
            seconds, anew = timed(lambda: q1(ice).to_arrow())
            computed.append(seconds)
            if not kept.equals(anew):
                print("the answers differ")
                return 1
    print(f"Q1 after growing by 1 %, scale {scale}, {runs} runs, minimum / median in ms")
    for name, times in (("with kept answers", cached), ("anew", computed)):
        print(f"  {name:<18} {1000 * min(times):8.1f} / {1000 * statistics.median(times):8.1f}")
    print(f"  ratio: {min(cached) / min(computed):.3f} (aim {AIM})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
