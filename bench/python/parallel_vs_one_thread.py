# SPDX-License-Identifier: Apache-2.0
"""Eight tables read in parallel beside the same tables one by one on one thread of the engine.

python bench/python/parallel_vs_one_thread.py [RUNS]
The tables are those of the comparison (`make bench`), which makes them; zstd, 2 files each.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bench.peers.lake import CATALOG, COLUMNS, NAMESPACE, PARTS, Lake  # noqa: E402
from iceframe import IceFrame, configure_executor  # noqa: E402
from iceframe.parallel import ParallelExecutor  # noqa: E402

AIM = 1.5
TABLES = [f"{NAMESPACE}.{part}" for part in PARTS]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    scale = os.environ.get("SCALE") or "1"
    lake = Lake.load(ROOT / "build" / "bench" / f"tpch-{scale}")
    if lake is None:
        print("no tables; `make bench CASES=tables` makes them")
        return 0
    ice = IceFrame({"name": CATALOG, **lake.catalog_config})
    executor = ParallelExecutor(len(TABLES))

    def together() -> None:
        configure_executor()
        executor.read_tables_parallel(ice, TABLES, columns=COLUMNS)

    def one_by_one() -> None:
        configure_executor(num_threads=1)
        for name in TABLES:
            ice.read_table(name, COLUMNS)

    together()
    one_by_one()
    pairs = [(seconds(together), seconds(one_by_one)) for _ in range(runs)]
    configure_executor()
    parallel, single = ([times[i] for times in pairs] for i in (0, 1))
    ratio = min(single) / min(parallel)
    print(f"eight tables, {runs} runs, minimum / median in ms")
    for name, times in (("in parallel", parallel), ("one thread", single)):
        print(f"  {name:<12} {1000 * min(times):8.1f} / {1000 * statistics.median(times):8.1f}")
    print(f"  rate: {ratio:.2f} times one thread's (aim {AIM})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
