# SPDX-License-Identifier: Apache-2.0
"""Lineitem's halves in two catalogs: their union beside PyIceberg with Polars, and beside Polars
alone; and a join across the catalogs beside the same one within one of them.

python bench/python/federation_vs_peers.py [RUNS]
The rows are those of the comparison (`make bench`), which makes them; BENCH_FOLDER says where they
are, if not in build/bench.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import polars as pl  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from pyiceberg.catalog.sql import SqlCatalog  # noqa: E402

from bench.peers.lake import Lake  # noqa: E402
from bench.peers.make_lake import read_rows, write_files  # noqa: E402
from iceframe.federation import CatalogFederation  # noqa: E402

#: Of the union's rate to PyIceberg's with Polars and to Polars'; of the joins' times.
AIMS = (2.0, 1.0, 1.1)
HALVES = ("left", "right")
NUM_FILES = 8


def config_of(folder: Path) -> dict[str, str]:
    return {
        "type": "sql",
        "uri": f"sqlite:///{folder}/catalog.db",
        "warehouse": f"file://{folder}/warehouse",
    }


def make_tables(lake: Lake, folder: Path) -> None:
    """Write a half of lineitem into each catalog, and orders into both."""
    rows = read_rows(lake.lineitem_file)
    orders = read_rows(lake.folder / "tpch" / "orders.parquet")
    half = rows.num_rows // 2
    parts = {"left": rows.slice(0, half), "right": rows.slice(half)}
    shutil.rmtree(folder, ignore_errors=True)
    for name, part in parts.items():
        (folder / name / "warehouse").mkdir(parents=True)
        catalog = SqlCatalog(name, **config_of(folder / name))
        catalog.create_namespace("tpch")
        for table, content in (("lineitem", part), ("orders", orders)):
            write_files(
                catalog.create_table(f"tpch.{table}", schema=content.schema), content, NUM_FILES
            )
    (folder / "done").touch()


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(what: str, times: list[float]) -> float:
    print(f"  {what:<34} {1000 * min(times):8.1f} / {1000 * statistics.median(times):8.1f}")
    return min(times)


def race(runs: int, works: dict[str, Callable[[], object]]) -> list[float]:
    """Return the least time of each; they take turns."""
    for work in works.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            times[name].append(seconds(work))
    return [show(name, of) for name, of in times.items()]


def unions(runs: int, federation: CatalogFederation, folder: Path) -> list[float]:
    tables = [
        SqlCatalog(name, **config_of(folder / name)).load_table("tpch.lineitem") for name in HALVES
    ]
    places = [table.metadata_location for table in tables]
    specs = [(name, "tpch.lineitem") for name in HALVES]
    works: dict[str, Callable[[], pl.DataFrame]] = {
        "union_tables": lambda: federation.union_tables(specs),
        "PyIceberg, Polars concat": lambda: pl.concat(
            pl.DataFrame(pl.from_arrow(table.scan().to_arrow())) for table in tables
        ),
        "Polars scan_iceberg, concat": lambda: pl.concat(
            pl.scan_iceberg(place) for place in places
        ).collect(),
    }
    sums = {name: work()["l_quantity"].sum() for name, work in works.items()}
    assert len(set(sums.values())) == 1, sums
    return race(runs, works)


def joins(runs: int, federation: CatalogFederation) -> list[float]:
    def join(orders: str) -> Callable[[], pl.DataFrame]:
        query = (
            federation.query("left.tpch.lineitem")
            .join(
                federation.query(orders).filter("o_orderdate >= DATE '1995-01-01'"),
                left_on="l_orderkey",
                right_on="o_orderkey",
            )
            .group_by("o_orderpriority")
            .select("o_orderpriority", "sum(l_extendedprice) AS revenue")
        )
        return query.execute

    across, within = join("right.tpch.orders"), join("left.tpch.orders")
    assert across().equals(within())
    return race(runs, {"join across catalogs": across, "join within one": within})


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    scale = os.environ.get("SCALE") or "1"
    place = Path(os.environ.get("BENCH_FOLDER") or ROOT / "build" / "bench")
    lake = Lake.load(place / f"tpch-{scale}")
    if lake is None:
        print("no rows; `make bench CASES=scan` makes them")
        return 0
    folder = ROOT / "build" / "bench" / f"federation-{scale}"
    if not (folder / "done").exists():
        make_tables(lake, folder)
    federation = CatalogFederation()
    for name in HALVES:
        federation.add_catalog(name, {"name": name, **config_of(folder / name)})
    print(f"{pq.read_metadata(lake.lineitem_file).num_rows} rows, {runs} runs, min / median in ms")
    ours, pyiceberg, polars = unions(runs, federation, folder)
    across, within = joins(runs, federation)
    print(f"  PyIceberg and Polars concat / ours: {pyiceberg / ours:.2f} (aim {AIMS[0]})")
    print(f"  Polars / ours: {polars / ours:.2f} (aim {AIMS[1]})")
    print(f"  join across / within: {across / within:.2f} (aim {AIMS[2]})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
