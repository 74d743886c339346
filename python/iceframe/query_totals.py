"""What the process's queries came to, as its metrics have it."""

from __future__ import annotations

import dataclasses

from iceframe import _native

__all__ = ["QueryTotals"]

#: The operations that read rows for somebody.
_QUERIES = frozenset({"scan", "query", "count_rows", "read_changes"})
_FAILURES = frozenset({"error", "cancelled"})


@dataclasses.dataclass(frozen=True)
class QueryTotals:
    """Of all queries of the process that have ended, or of those between two moments."""

    queries: float = 0
    errors: float = 0
    seconds: float = 0
    cache_hits: float = 0
    rows_scanned: float = 0
    rows_returned: float = 0
    bytes_scanned: float = 0
    files_scanned: float = 0
    files_skipped: float = 0

    @classmethod
    def now(cls) -> QueryTotals:
        """Returns those since the process began."""
        sums = dict.fromkeys((field.name for field in dataclasses.fields(cls)), 0.0)
        for name, labels, value in _native.metrics():
            for figure in _figures_of(name, labels):
                sums[figure] += value
        return cls(**sums)

    def __add__(self, other: QueryTotals) -> QueryTotals:
        mine, theirs = dataclasses.asdict(self), dataclasses.asdict(other)
        return QueryTotals(**{name: value + theirs[name] for name, value in mine.items()})

    def __sub__(self, before: QueryTotals) -> QueryTotals:
        mine, theirs = dataclasses.asdict(self), dataclasses.asdict(before)
        return QueryTotals(**{name: max(0.0, mine[name] - theirs[name]) for name in mine})


def _figures_of(name: str, labels: dict[str, str]) -> tuple[str, ...]:
    """Returns which figures a metric counts towards."""
    if name == "iceframe_queries_total" and labels["operation"] in _QUERIES:
        return ("queries", "errors") if labels["status"] in _FAILURES else ("queries",)
    if name == "iceframe_query_duration_seconds_sum" and labels["operation"] in _QUERIES:
        return ("seconds",)
    if name == "iceframe_cache_hits_total" and labels.get("tier") == "query_results":
        return ("cache_hits",)
    if name == "iceframe_query_rows_total" and labels["stage"] in ("scanned", "returned"):
        return (f"rows_{labels['stage']}",)
    if name == "iceframe_scan_bytes_total" and labels["kind"] == "data":
        return ("bytes_scanned",)
    if name == "iceframe_scan_files_total" and labels["result"] in ("scanned", "skipped"):
        return (f"files_{labels['result']}",)
    return ()
