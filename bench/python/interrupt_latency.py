# SPDX-License-Identifier: Apache-2.0
"""How long after Ctrl-C each kind of query, and the command, gives way; half a second is the aim.

    python bench/python/interrupt_latency.py [ROWS [FOLDER]]

A table of ROWS rows (10 million) is made in FOLDER once; without FOLDER it goes below the folder
for temporary files and is removed. Each query runs once to its end, then again in processes of
their own that get a SIGINT at different points of its run. Exits with 1 if one took longer.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

AIM_MS = 500
POINTS = 8

SESSION = """
import json, os, sys, time
from iceframe import IceFrame, functions as f
ice = IceFrame(json.loads(sys.argv[1]))
"""

TABLE = """
import numpy as np, pyarrow as pa
count = int(sys.argv[2])
ice.create_table("t", {"id": "long", "k": "long", "g": "int", "v": "double", "s": "string"})
random = np.random.default_rng(1)
for begin in range(0, count, 1_000_000):
    rows = min(1_000_000, count - begin)
    k = random.integers(0, 2**60, rows)
    columns = {"id": np.arange(begin, begin + rows), "k": k, "g": (k % 1000).astype("int32"),
               "v": random.random(rows), "s": pa.array(k).cast(pa.string())}
    ice.append_to_table("t", pa.table(columns))
"""

RUN = """
print("running", flush=True)
began = time.time()
try:
    for batch in {query}.to_batches():
        pass
    print("ended", time.time() - began, flush=True)
except KeyboardInterrupt:
    print("stopped", time.time(), flush=True)
os._exit(0)
"""

QUERIES = {
    "sort": "ice.query('t').order_by('k')",
    "sort by text": "ice.query('t').order_by('s')",
    "first rows": "ice.query('t').order_by('v').limit(1000)",
    "rank": "ice.query('t').select('id', f.rank().over(partition_by='g', order_by='v').alias('r'))",
    "running sum": "ice.query('t').select('id', f.sum('v').over(order_by='k').alias('r'))",
    "join": "ice.query('t').join('t', 'k')",
    "aggregate": "ice.query('t').group_by('k').select('k', f.min('v').alias('v'))",
    "aggregate by text": "ice.query('t').group_by('s').select('s', f.max('k').alias('k'))",
    "distinct": "ice.query('t').select('k', 'g').distinct()",
}


def run(query: str, config: str, signal_after: float | None) -> float | None:
    """Returns the run's seconds, or those from the signal to its end; None if it came too late."""
    program = SESSION + RUN.format(query=query)
    with subprocess.Popen(
        [sys.executable, "-c", program, config], stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        if signal_after is not None:
            time.sleep(signal_after)
        sent = time.time()
        if signal_after is not None:
            process.send_signal(signal.SIGINT)
        how, seconds = process.stdout.readline().split()
    if signal_after is None:
        return float(seconds)
    return float(seconds) - sent if how == "stopped" else None


def interrupt_command(config: dict[str, str], signal_after: float) -> float:
    """Returns the seconds from the signal to the end of `python -m iceframe list`."""
    options = [f"--{name}={config[name]}" for name in ("uri", "warehouse")]
    with subprocess.Popen(
        [sys.executable, "-m", "iceframe", *options, "list"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(signal_after)
        sent = time.time()
        process.send_signal(signal.SIGINT)
        process.wait()
        return time.time() - sent


def measure(folder: pathlib.Path, rows: int) -> bool:
    """Prints the table; returns whether all kept the aim."""
    (folder / "warehouse").mkdir(parents=True, exist_ok=True)
    config = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}
    text = json.dumps({**config, "type": "sql", "name": "bench"})
    if not (folder / "made").exists():
        subprocess.run([sys.executable, "-c", SESSION + TABLE, text, str(rows)], check=True)
        (folder / "made").touch()
    worst: dict[str, float] = {}
    for name, query in QUERIES.items():
        seconds = run(query, text, None) or 0.0
        delays = [seconds * point / (POINTS + 1) for point in range(1, POINTS + 1)]
        taken = [run(query, text, delay) for delay in delays]
        worst[name] = max(late for late in taken if late is not None)
        print(f"{name:20} {seconds:6.2f} s, stops within {worst[name] * 1000:4.0f} ms", flush=True)
    command = [interrupt_command(config, delay / 100) for delay in range(1, 21)]
    worst["command"] = max(command)
    print(f"{'command, loading':20}           stops within {worst['command'] * 1000:4.0f} ms")
    return max(worst.values()) * 1000 <= AIM_MS


def main() -> int:
    """Returns the exit code."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    print(f"{rows} rows, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if len(sys.argv) > 2:
        return 0 if measure(pathlib.Path(sys.argv[2]), rows) else 1
    with tempfile.TemporaryDirectory() as folder:
        return 0 if measure(pathlib.Path(folder), rows) else 1


if __name__ == "__main__":
    sys.exit(main())
