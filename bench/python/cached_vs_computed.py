# SPDX-License-Identifier: Apache-2.0
"""What a query that is answered from the cache takes, catalog asked and DataFrame in hand.

A megabyte with a text column over an SQLite catalog; beside it the same query computed.
"""

import statistics
import tempfile
import time
from collections.abc import Callable

import polars as pl

from iceframe import IceFrame
from iceframe.cache import QueryCache

ROWS = 15_000
RUNS = 2000


def microseconds(call: Callable[[], object], runs: int) -> float:
    """Returns the median of `runs` calls."""
    taken = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken) * 1e6


def main() -> None:
    cache = QueryCache()
    with tempfile.TemporaryDirectory() as folder:
        ice = IceFrame({"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}"})
        ice.create_table("users", {"id": "long", "name": "string", "balance": "double"})
        frame = pl.DataFrame({"id": range(ROWS)}).with_columns(
            name=pl.lit("a customer's name of some length ") + pl.col("id").cast(pl.String),
            balance=pl.col("id") * 0.5,
        )
        ice.append_to_table("users", frame)
        plain = ice.query("users").filter("id >= 0")
        cached = plain.cache(ttl=3600)
        kept = cached.execute()
        hit = microseconds(cached.execute, RUNS)
        anew = microseconds(lambda: ice.query("users").filter("id >= 0").cache().execute(), 200)
        computed = microseconds(plain.execute, 50)
        assert cache.stats()["misses"] == 1
        print(f"{kept.estimated_size() / 1e6:.2f} MB, {ROWS} rows, {RUNS} runs, median:")
        print(f"  execute() of a built query that hits   {hit:9.1f} µs")
        print(f"  the query built anew, that hits        {anew:9.1f} µs")
        print(f"  computed                               {computed:9.1f} µs")
        print(f"  computed / hit                         {computed / hit:9.1f}")


if __name__ == "__main__":
    main()
