# SPDX-License-Identifier: Apache-2.0
"""What is measured. How an engine does it stands in its file, under the case's name."""

from __future__ import annotations

import dataclasses

__all__ = ["CASES", "Case", "chosen_cases"]


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing that is asked of every engine.

    Attributes:
        name: the method of the engines, and what CASES=… names.
        title: what it is.
        aim: the most that our time (or what `figure` names) may be of the best peer's.
        figure: "seconds", or "peak_mb" where memory is the matter.
        rival: whom the aim speaks of; "": the best peer.
    """

    name: str
    title: str
    aim: float | None = None
    figure: str = "seconds"
    rival: str = ""


CASES = (
    Case("scan", "7 of 16 columns, 16 files, to Arrow", aim=1.0),
    Case("point", "one order: l_orderkey = …, all columns", aim=1 / 3),
    Case("keys", "a thousand orders: l_orderkey IN (…), 7 of 16 columns", aim=1 / 2),
    Case("near", "a thousand orders of ten places, 7 of 16 columns", aim=1 / 2),
    Case("day", "one day of 64 files sorted by day", aim=1 / 3),
    Case("open", "open a table, read ten rows", aim=1 / 7),
    Case("append", "append 6 M rows that lie in memory", aim=1 / 1.25, rival="pyiceberg"),
    Case(
        "append_stream",
        "append the same rows from a stream",
        aim=1 / 3,
        figure="peak_mb",
        rival="pyiceberg",
    ),
    Case("count", "count(*)"),
    Case("tables", "eight tables at once, 7 of 16 columns, 2 files each", aim=0.9),
    Case("month", "one month of a table partitioned by month"),
    Case("q1", "TPC-H Q1"),
    Case("q6", "TPC-H Q6"),
    Case("group", "sum per order, 1.5 M groups"),
    Case("join", "lineitem with one year of orders, revenue per priority"),
    Case("top", "the ten dearest lines"),
    Case("first", "the first ten lines of 64 files sorted by day"),
)


def chosen_cases(names: str) -> list[Case]:
    """Return the cases of a comma-separated list; all for an empty one."""
    wanted = [name for name in names.split(",") if name]
    known = {case.name: case for case in CASES}
    for name in wanted:
        if name not in known:
            raise SystemExit(f"no such case: {name}; there are {', '.join(known)}")
    return [known[name] for name in wanted] if wanted else list(CASES)
