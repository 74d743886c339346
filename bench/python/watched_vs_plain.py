# SPDX-License-Identifier: Apache-2.0
"""What it costs a query of about a millisecond to be watched.

By turns, in one process: nobody watches (the totals of all operations are kept all the same), a
`MetricsCollector` does, a `QueryLog` with a file, both, and with a span for each step.
"""

import random
import statistics
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress

import polars as pl

from iceframe import IceFrame
from iceframe.monitoring import MetricsCollector, QueryLog, start_tracing

ROUNDS = 60
QUERIES_A_ROUND = 20


@contextmanager
def collected(_):
    collector = MetricsCollector()
    yield
    assert collector.get_stats()["total_queries"] >= QUERIES_A_ROUND


@contextmanager
def logged(folder):
    with QueryLog(path=f"{folder}/queries.jsonl"):
        yield


@contextmanager
def both(folder):
    with collected(folder), logged(folder):
        yield


@contextmanager
def traced(_):
    with start_tracing():
        yield


def milliseconds(call, folder, watch) -> float:
    """Returns the least of a round's queries: what others did meanwhile stays out of it."""
    taken = []
    with ExitStack() as stack:
        if watch is not None:
            stack.enter_context(watch(folder))
        for _ in range(QUERIES_A_ROUND):
            begin = time.perf_counter()
            call()
            taken.append(time.perf_counter() - begin)
    return min(taken) * 1000


def main() -> None:
    ways = {"nobody": None, "collector": collected, "log with a file": logged, "both": both}
    with suppress(ImportError):
        import opentelemetry.sdk.trace  # noqa: F401 - whether it is there

        ways["spans"] = traced
    with tempfile.TemporaryDirectory() as folder:
        ice = IceFrame({"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}"})
        frame = pl.DataFrame({"id": range(50_000)}).with_columns(half=pl.col("id") * 0.5)
        ice.create_table("t", frame)
        ice.append_to_table("t", frame)
        query = ice.query("t").filter("id >= 40000").select("sum(half) AS s", "count(*) AS n")
        for _ in range(20):
            query.execute()
        rounds = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name in random.sample(list(ways), len(ways)):
                rounds[name].append(milliseconds(query.execute, folder, ways[name]))
    plain = statistics.median(rounds["nobody"])
    print(f"a query, least of {QUERIES_A_ROUND}, median of {ROUNDS} rounds, by who watches:")
    for name, taken in rounds.items():
        median = statistics.median(taken)
        print(f"  {name:16} {median:7.3f} ms  {median / plain - 1:+7.1%}")


if __name__ == "__main__":
    main()
