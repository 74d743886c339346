# SPDX-License-Identifier: Apache-2.0
"""One engine in a process of its own: JSON lines in, JSON lines out.

python -m bench.peers.worker ENGINE FOLDER CORES

It measures itself: wall-clock and CPU time of the call alone, and the process's peak memory while
it lasts. Whatever the engine prints goes to standard error.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from bench.peers.answer import answer_of
from bench.peers.engine import Engine
from bench.peers.engines import open_engine
from bench.peers.lake import Lake


def memory_mb(field: str) -> float:
    """Return an entry of /proc/self/status: VmRSS, or VmHWM, its peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def forget_peak() -> None:
    """Let VmHWM begin again at what is in use now."""
    Path("/proc/self/clear_refs").write_text("5")


def bytes_asked_for() -> int:
    """Return how many bytes this process has asked of files by now; mapped files don't count."""
    (line,) = [s for s in Path("/proc/self/io").read_text().splitlines() if s.startswith("rchar")]
    return int(line.split()[1])


def run(engine: Engine, case: str, turn: int, is_checked: bool) -> dict[str, Any]:
    """Run a case once and return its figures."""
    engine.before(case, turn)
    gc.collect()
    forget_peak()
    start_mb = memory_mb("VmRSS")
    read = bytes_asked_for()
    cpu, wall = time.process_time(), time.perf_counter()
    table = engine.run(case, turn)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    read = bytes_asked_for() - read
    figures: dict[str, Any] = {
        "seconds": wall,
        "cpu_seconds": cpu,
        "peak_mb": memory_mb("VmHWM"),
        "start_mb": start_mb,
        "read_mb": read / 1e6,
    }
    read_back = engine.after(case, turn, is_checked)
    if is_checked:
        checked = read_back if table is None else table
        figures["answer"] = None if checked is None else answer_of(checked)
    return figures


def reply_to(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "hello":
        return {"versions": engine.versions()}
    if not engine.can(request["case"]):
        return {"lacks": True}
    return run(engine, request["case"], request["turn"], request.get("check", False))


def serve(engine: Engine, requests: TextIO, replies: TextIO) -> None:
    for line in requests:
        try:
            reply = reply_to(engine, json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)


def main() -> None:
    name, folder, num_cores = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:num_cores])
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    lake = Lake.load(folder)
    if lake is None:
        raise SystemExit(f"no tables in {folder}")
    serve(open_engine(name, lake), sys.stdin, replies)


if __name__ == "__main__":
    main()
