"""`iceframe top`: what a process that serves its metrics does, as it goes on."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from iceframe.errors import UnavailableError, ValidationError

__all__ = ["add_top_command", "screen"]

_EPILOG = """\
The process has to serve its metrics: iceframe.monitoring.start_http_server(9464). Rates are those
since the last look; without a terminal, or with --once, totals are printed once.

example: iceframe top 127.0.0.1:9464
"""

_SECONDS_TO_WAIT = 10
_TITLES = ("TIME", "ROWS", "BYTES", "FILES", "SKIPPED")
_WIDTHS = (9, 7, 9, 6, 8)
_WHERE_THERE_IS_NO_TERMINAL = (120, 50)
_CLEAR = "\x1b[H\x1b[2J"

_Samples = list[tuple[str, dict[str, str], float]]


def add_top_command(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Adds the command."""
    command = commands.add_parser(
        "top",
        help="show what a process does: queries, skipping, caches, memory",
        description="Shows the queries that run and the newest that have ended, and totals.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "address",
        nargs="?",
        default="127.0.0.1:9464",
        help="where it serves: port, host:port or http address; default: %(default)s",
    )
    command.add_argument("--interval", type=float, default=2.0, help="seconds; default: 2")
    command.add_argument("--once", action="store_true", help="print one look and end")
    command.set_defaults(run=_top, needs_catalog=False)


def _top(options: argparse.Namespace) -> None:
    if not 0.1 <= options.interval <= 3600:
        raise ValidationError(f"--interval must be 0.1 to 3600 seconds: {options.interval:g}")
    url = _url_of(options.address)
    before: Mapping[str, Any] | None = None
    while True:
        now = _look(url)
        width, height = shutil.get_terminal_size(_WHERE_THERE_IS_NO_TERMINAL)
        text = screen(now, before, width, height - 1)
        if options.once or not sys.stdout.isatty():
            print(text)
            return
        sys.stdout.write(_CLEAR + text)
        sys.stdout.flush()
        before = now
        time.sleep(options.interval)


def _url_of(address: str) -> str:
    if address.isdigit():
        address = f"127.0.0.1:{address}"
    if "://" not in address:
        address = f"http://{address}"
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname)
        # Raises where it is not a number.
        _ = parts.port
    except ValueError:
        is_one = False
    if not is_one:
        raise ValidationError(f"address must be a port or host:port, got {address!r}")
    return f"{parts.scheme}://{parts.netloc}/activity"


def _look(url: str) -> Mapping[str, Any]:
    # A proxy of the environment's knows nothing of this machine's ports.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(url, timeout=_SECONDS_TO_WAIT) as response:
            seen = json.load(response)
        _ = seen["metrics"], seen["running"], seen["recent"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UnavailableError(
            f"nothing to see at {url}: {error}; the process calls "
            "iceframe.monitoring.start_http_server(port)"
        ) from error
    return seen  # type: ignore[no-any-return]


def screen(
    now: Mapping[str, Any], before: Mapping[str, Any] | None, width: int, height: int
) -> str:
    """Returns a look as lines: totals, or what they grew by per second since another look."""
    lines = list(_head(now, before))
    lines.append("")
    lines.append(_row(width, "OPERATION", "TABLE", "STATUS", _TITLES))
    lines += [_operation(width, entry) for entry in (*now["running"], *now["recent"])]
    return "\n".join(line[:width].rstrip() for line in lines[:height])


def _head(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[str]:
    figures = _Figures(now, before)
    clock = time.strftime("%H:%M:%S", time.localtime(now["time"]))
    yield f"iceframe {now['version']}  process {now['pid']}  {clock}"
    count, size, unit = figures.count, figures.size, figures.unit
    yield (
        f"queries  {count('iceframe_queries_total')}{unit}, "
        f"{count('iceframe_queries_total', status='error')}{unit} failed, "
        f"{len(now['running'])} running, "
        f"{count('iceframe_queries_answered_from_cache_total')}{unit} from cache"
    )
    yield (
        f"rows     {count('iceframe_query_rows_total', stage='scanned')}{unit} scanned, "
        f"{count('iceframe_query_rows_total', stage='returned')}{unit} returned; "
        f"{size('iceframe_scan_bytes_total', kind='data')}{unit} data, "
        f"{size('iceframe_scan_bytes_total', kind='metadata')}{unit} metadata"
    )
    yield (
        f"skipped  {figures.skipped('iceframe_manifests_total')} of manifests, "
        f"{figures.skipped('iceframe_scan_files_total')} of files, "
        f"{figures.skipped('iceframe_scan_row_groups_total')} of row groups"
    )
    yield (
        f"commits  {count('iceframe_commits_total', outcome='committed')}{unit}, "
        f"{count('iceframe_commit_retries_total')}{unit} retries, "
        f"{count('iceframe_commits_total', outcome='unknown')}{unit} unknown"
    )
    yield f"caches   {figures.hit_rate()} hits, {_size(figures.held('iceframe_cache_bytes'))} held"
    yield (
        f"pool     {figures.held('iceframe_pool_connections', state='used'):g} used, "
        f"{figures.held('iceframe_pool_connections', state='idle'):g} idle, "
        f"{figures.held('iceframe_pool_pending_requests'):g} waiting"
    )
    cpu = now.get("cpu_percent")
    yield (
        f"memory   {_size(figures.held('iceframe_memory_reserved_bytes'))} reserved, "
        f"{_size(now['resident_bytes'])} resident"
        + ("" if cpu is None else f"; CPU {cpu:.0f} % of a core")
    )


class _Figures:
    """Sums of metrics: how much more than before, per second; or all."""

    def __init__(self, now: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        is_same = before is not None and before["pid"] == now["pid"]
        self._now: _Samples = now["metrics"]
        self._before: _Samples = before["metrics"] if before is not None and is_same else []
        seconds = now["time"] - before["time"] if before is not None and is_same else 0
        self._seconds = seconds if seconds > 0 else 1.0
        self.unit = "/s" if is_same else ""

    def grown(self, name: str, **labels: str) -> float:
        grown = _sum(self._now, name, labels) - _sum(self._before, name, labels)
        return max(0.0, grown) / self._seconds

    def held(self, name: str, **labels: str) -> float:
        return _sum(self._now, name, labels)

    def count(self, name: str, **labels: str) -> str:
        return _count(self.grown(name, **labels))

    def size(self, name: str, **labels: str) -> str:
        return _size(self.grown(name, **labels))

    def skipped(self, name: str) -> str:
        return _share(self.grown(name, result="skipped"), self.grown(name))

    def hit_rate(self) -> str:
        hits = self.grown("iceframe_cache_hits_total")
        return _share(hits, hits + self.grown("iceframe_cache_misses_total"))


def _sum(samples: _Samples, name: str, labels: Mapping[str, str]) -> float:
    return sum(
        value
        for sample_name, sample_labels, value in samples
        if sample_name == name and labels.items() <= sample_labels.items()
    )


def _operation(width: int, entry: Mapping[str, Any]) -> str:
    counters = entry["counters"]
    skipped = sum(value for name, value in counters.items() if name.startswith("files_skipped"))
    milliseconds = entry["duration_ms"]
    took = f"{milliseconds:.1f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
    figures = (
        took,
        _count(counters.get("rows_returned", 0)),
        _size(counters.get("data_bytes_read", 0)),
        _count(counters.get("files_scanned", 0)),
        _count(skipped),
    )
    return _row(width, entry["operation"], ", ".join(entry["tables"]), entry["status"], figures)


def _row(width: int, operation: str, table: str, status: str, figures: Sequence[str]) -> str:
    """Returns a line in columns: all of it in 80 characters, more of the table in more."""
    table_width = max(18, min(width - 62, 60))
    columns = "".join(f"{figure:>{size}}" for figure, size in zip(figures, _WIDTHS, strict=True))
    name = f"{_cut(operation, 13):13} {_cut(table, table_width):{table_width}}"
    return f"{name} {_cut(status, 8):8}{columns}"


def _cut(text: str, width: int) -> str:
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def _share(part: float, whole: float) -> str:
    return "–" if whole == 0 else f"{part / whole:.0%}".replace("%", " %")


def _count(number: float) -> str:
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= factor:
            unit = 1e3 if letter == "k" else factor
            return f"{number / unit:.1f}{letter}"
    return f"{number:.0f}" if number == int(number) else f"{number:.1f}"


def _size(number: float) -> str:
    for factor, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        if number >= factor:
            return f"{number / factor:.1f} {name}"
    return f"{number:.0f} B"
