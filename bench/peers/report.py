# SPDX-License-Identifier: Apache-2.0
"""Figures as a table for the terminal, and as JSON."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.peers.rounds import CaseResult

__all__ = ["as_json", "case_lines", "heading", "summary_lines"]

OURS = "iceframe"


def heading(versions: dict[str, str], settings: str) -> str:
    """Return what the figures were seen on."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":")[1].strip()
            break
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return f"{when} UTC, commit {commit or '?'}\n{model}, load {load}; {settings}\n{names}"


def _values(result: CaseResult, engine: str, figure: str) -> list[float]:
    return [run[figure] for run in result.runs.get(engine, [])]


def ratio(
    result: CaseResult, figure: str, of: Callable[[list[float]], float]
) -> tuple[float, str] | None:
    """Return our figure over the best peer's, and that peer."""
    case = result.case
    peers = [case.rival] if case.rival else [name for name in result.runs if name != OURS]
    figures = {name: of(_values(result, name, figure)) for name in peers if result.runs.get(name)}
    if not figures or not result.runs.get(OURS):
        return None
    best = min(figures, key=lambda name: figures[name])
    return of(_values(result, OURS, figure)) / figures[best], best


def case_lines(result: CaseResult, engines: list[str]) -> list[str]:
    """Return a block: a line per engine."""
    case = result.case
    lines = [f"{case.name}: {case.title} ({result.rows:,} rows)"]
    for engine in engines:
        seconds = _values(result, engine, "seconds")
        if not seconds:
            lines.append(f"  {engine:10} -  {result.remarks.get(engine, '')}"[:160].rstrip())
            continue
        cpu = min(_values(result, engine, "cpu_seconds"))
        peak = max(_values(result, engine, "peak_mb"))
        read = statistics.median(_values(result, engine, "read_mb"))
        low, middle = min(seconds) * 1000, statistics.median(seconds) * 1000
        lines.append(
            f"  {engine:10} {low:9.1f} / {middle:9.1f} ms"
            f"   cpu {cpu * 1000:9.1f} ms   peak {peak:7.0f} MB   read {read:7.1f} MB"
        )
    return lines


def summary_lines(results: list[CaseResult]) -> list[str]:
    """Return a line per case: our figure over the best peer's, and the aim."""
    lines = [
        f"{'ours / best peer':15} {'minimum':>9} {'median':>9}  {'peer':10} {'peak RSS':>9}  aim"
    ]
    for result in results:
        figure = result.case.figure
        lowest = min if figure == "seconds" else max
        low, middle = ratio(result, figure, lowest), ratio(result, figure, statistics.median)
        peak = ratio(result, "peak_mb", max)
        if low is None or middle is None or peak is None:
            lines.append(f"{result.case.name:15} {'-':>9} {'-':>9}")
            continue
        line = f"{result.case.name:15} {low[0]:9.2f} {middle[0]:9.2f}  {low[1]:10} {peak[0]:9.2f}"
        if result.case.aim is not None:
            is_met = low[0] <= result.case.aim
            what = "" if figure == "seconds" else " of peak RSS"
            line += f"  {result.case.aim:.2f}{what}: {'met' if is_met else 'MISSED'}"
        lines.append(line)
    return lines


def as_json(results: list[CaseResult], versions: dict[str, str], settings: str) -> dict[str, Any]:
    """Return every run of every case."""
    return {
        "heading": heading(versions, settings),
        "cases": {
            result.case.name: {
                "title": result.case.title,
                "rows": result.rows,
                "runs": result.runs,
                "remarks": result.remarks,
            }
            for result in results
        },
    }
