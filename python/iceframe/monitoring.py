"""What queries took and gave: `MetricsCollector`; metrics for Prometheus: `start_http_server`.

Import this module by name.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import threading
import time
from collections import deque
from typing import Any

from iceframe.arguments import identifier, required_text, required_whole_number, text, truth
from iceframe.errors import NotFoundError, ValidationError
from iceframe.metrics_server import MetricsServer, register_metrics, start_http_server
from iceframe.query_totals import QueryTotals

__all__ = [
    "MetricsCollector",
    "MetricsServer",
    "QueryMetrics",
    "register_metrics",
    "start_http_server",
]


@dataclasses.dataclass
class QueryMetrics:
    """One query, as a `MetricsCollector` knows it.

    Attributes:
        query_id: what `MetricsCollector.start_query` returned.
        table_name: the table as it was announced.
        start_time: seconds since 1970.
        end_time: `start_time` and the duration, by a clock that never goes back; None: it runs.
        rows_scanned: rows that were read from data files.
        rows_returned: as `MetricsCollector.end_query` was told, else the rows of data files that
            filters let through.
        bytes_scanned: bytes that were read from data files.
        cache_hit: whether the whole answer was kept from before.
        error: what went wrong.
        files_scanned: data files that were read.
        files_skipped: data files that partitions or bounds ruled out.
    """

    query_id: str
    table_name: str
    start_time: float = dataclasses.field(default_factory=time.time)
    end_time: float | None = None
    rows_scanned: int = 0
    rows_returned: int = 0
    bytes_scanned: int = 0
    cache_hit: bool = False
    error: str | None = None
    files_scanned: int = 0
    files_skipped: int = 0

    def duration_ms(self) -> float:
        """Returns how long it took in milliseconds; of one that runs, how long it has so far."""
        end_time = time.time() if self.end_time is None else self.end_time
        return max(0.0, (end_time - self.start_time) * 1000)

    def to_dict(self) -> dict[str, Any]:
        """Returns all figures by name; `timestamp` is the start in UTC as ISO 8601 has it."""
        figures = dataclasses.asdict(self)
        start_time = figures.pop("start_time")
        figures.pop("end_time")
        return {
            **figures,
            "duration_ms": self.duration_ms(),
            "timestamp": dt.datetime.fromtimestamp(start_time, dt.UTC).isoformat(),
        }


@dataclasses.dataclass
class _Running:
    metrics: QueryMetrics
    begin: float
    before: QueryTotals


class MetricsCollector:
    """Collects what the process's queries took and gave, from when it is made on.

    No query has to be announced to be in `get_stats`. One that is, by `start_query` and
    `end_query`, is known by itself: rows and bytes scanned, files skipped, a cache's hit and
    whether something failed are those of all queries of the process between the two.

    Args:
        max_queries: the most announced queries that are known one by one, the newest ones. Totals
            are of all; percentiles of those known.

    Example:
        >>> from iceframe.monitoring import MetricsCollector
        >>> ice = demo()
        >>> collector = MetricsCollector()
        >>> query_id = collector.start_query("users")
        >>> ice.read_table("users").height
        2
        >>> collector.end_query(query_id)
        >>> collector.metrics[query_id].rows_returned
        2
        >>> ice.query("users").select("name").execute().height
        2
        >>> collector.get_stats()["total_queries"]
        2
    """

    def __init__(self, max_queries: int = 10_000) -> None:
        number = required_whole_number("max_queries", max_queries)
        if number < 1:
            raise ValidationError(f"max_queries must be at least 1, got {number}")
        #: The most announced queries that are known one by one.
        self.max_queries = number
        self._lock = threading.Lock()
        self._count = 0
        self._running: dict[str, _Running] = {}
        self._ended: deque[QueryMetrics] = deque(maxlen=number)
        self._told = _Told()
        self._announced = QueryTotals()
        self._before = QueryTotals.now()

    def __repr__(self) -> str:
        return f"MetricsCollector(max_queries={self.max_queries})"

    @property
    def metrics(self) -> dict[str, QueryMetrics]:
        """The announced queries that are known, by id, oldest first; a copy."""
        with self._lock:
            known = [*self._ended, *(running.metrics for running in self._running.values())]
        return {query.query_id: dataclasses.replace(query) for query in known}

    def start_query(self, table_name: str) -> str:
        """Announces a query; returns the id that `end_query` takes.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
        """
        name = identifier(table_name)
        before = QueryTotals.now()
        with self._lock:
            self._count += 1
            query_id = f"{name}#{self._count}"
            # Announced, and never ended by whoever did it.
            if len(self._running) >= self.max_queries:
                del self._running[next(iter(self._running))]
            self._running[query_id] = _Running(
                QueryMetrics(query_id, name), time.monotonic(), before
            )
        return query_id

    def end_query(
        self,
        query_id: str,
        rows_returned: int = 0,
        cache_hit: bool = False,
        error: str | BaseException | None = None,
    ) -> None:
        """Ends a query that `start_query` announced.

        Args:
            query_id: what `start_query` returned.
            rows_returned: goes before what the engine counted; 0: it counts.
            cache_hit: whether a cache had the answer; the engine's own hits are known.
            error: what went wrong, as text or the exception itself.

        Raises:
            NotFoundError: no such query is running: its id is unknown, or it has ended.
        """
        now = time.monotonic()
        rows = required_whole_number("rows_returned", rows_returned)
        if rows < 0:
            raise ValidationError(f"rows_returned must not be negative: {rows}")
        if isinstance(error, BaseException):
            error = str(error) or type(error).__name__
        said = text("error", error)
        hit = truth("cache_hit", cache_hit)
        name = required_text("query_id", query_id)
        totals = QueryTotals.now()
        with self._lock:
            running = self._running.pop(name, None)
            if running is None:
                raise NotFoundError(
                    f"no query of that id is running: {name}; start_query gives the id, "
                    "end_query takes it once"
                )
            between = totals - running.before
            self._announced += between
            query = running.metrics
            query.end_time = query.start_time + (now - running.begin)
            query.rows_returned = rows or int(between.rows_returned)
            query.rows_scanned = int(between.rows_scanned)
            query.bytes_scanned = int(between.bytes_scanned)
            query.files_scanned = int(between.files_scanned)
            query.files_skipped = int(between.files_skipped)
            query.cache_hit = hit or between.cache_hits > 0
            query.error = said or ("a query failed" if between.errors > 0 else None)
            self._told.add(query)
            self._ended.append(query)

    def get_stats(self) -> dict[str, Any]:
        """Returns figures of all queries that have ended since this collector was made.

        Each key is there from the start: total_queries, avg_duration_ms, cache_hit_rate and
        error_rate (0 to 1), total_rows_returned, total_rows_scanned, total_bytes_scanned,
        total_files_scanned, total_files_skipped, running_queries (announced, not ended), and, of
        announced ones, p50_, p90_, p95_, p99_ and max_duration_ms.

        Example:
            >>> MetricsCollector().get_stats()["avg_duration_ms"]
            0.0
        """
        seen = QueryTotals.now() - self._before
        with self._lock:
            told = dataclasses.replace(self._told)
            others = seen - self._announced
            durations = sorted(query.duration_ms() for query in self._ended)
            num_running = len(self._running)
        total = told.queries + int(others.queries)
        share = 1 / total if total else 0.0
        return {
            "total_queries": total,
            "avg_duration_ms": (told.milliseconds + others.seconds * 1000) * share,
            "cache_hit_rate": (told.cache_hits + others.cache_hits) * share,
            "error_rate": (told.errors + others.errors) * share,
            "total_rows_returned": told.rows_returned + int(others.rows_returned),
            "total_rows_scanned": int(seen.rows_scanned),
            "total_bytes_scanned": int(seen.bytes_scanned),
            "total_files_scanned": int(seen.files_scanned),
            "total_files_skipped": int(seen.files_skipped),
            "running_queries": num_running,
            "p50_duration_ms": _percentile(durations, 0.5),
            "p90_duration_ms": _percentile(durations, 0.9),
            "p95_duration_ms": _percentile(durations, 0.95),
            "p99_duration_ms": _percentile(durations, 0.99),
            "max_duration_ms": _percentile(durations, 1),
        }

    def get_recent_queries(self, limit: int = 10) -> list[dict[str, Any]]:
        """Returns the newest announced queries first, as `QueryMetrics.to_dict` has them.

        Args:
            limit: the most of them.
        """
        number = required_whole_number("limit", limit)
        if number < 0:
            raise ValidationError(f"limit must not be negative: {number}")
        newest = list(reversed(self.metrics.values()))[:number]
        return [query.to_dict() for query in newest]


@dataclasses.dataclass
class _Told:
    """Sums of the announced queries that have ended."""

    queries: int = 0
    errors: int = 0
    cache_hits: int = 0
    rows_returned: int = 0
    milliseconds: float = 0

    def add(self, query: QueryMetrics) -> None:
        self.queries += 1
        self.errors += query.error is not None
        self.cache_hits += query.cache_hit
        self.rows_returned += query.rows_returned
        self.milliseconds += query.duration_ms()


def _percentile(durations: list[float], share: float) -> float:
    """Returns the least duration that so many do not exceed (nearest rank)."""
    if not durations:
        return 0.0
    return durations[max(1, math.ceil(share * len(durations))) - 1]
