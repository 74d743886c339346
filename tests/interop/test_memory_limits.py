# SPDX-License-Identifier: Apache-2.0
"""Reads under a memory limit, of tables many times as large: what the whole process takes.

A process of C++ that loads no Python, and one of Python, each measured by the system: from what it
has after a first small read, its highest goes up by no more than the limit and 64 MiB.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

MIB = 1024 * 1024
LIMIT_MB = 100
SLACK = 64 * MIB
#: Of 104 bytes each in memory: twenty times the limit.
NUM_ROWS = 20_160_000
SUM_OF_IDS = NUM_ROWS * (NUM_ROWS - 1) // 2
#: Each with another text of 4 KiB, in a row group of 512 MiB.
NUM_WIDE_ROWS = 131_072


def tool(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = pathlib.Path(os.environ["ICEFRAME_TOOLS"]) / "memory_tool"
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


def numbers(output: str) -> dict[str, int]:
    lines = [line.split() for line in output.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2}


def run(lake: pathlib.Path, limit_mb: float, what: str, table: str) -> dict[str, int]:
    done = tool(lake, "run", limit_mb, what, table)
    assert done.returncode == 0, done.stdout + done.stderr
    return numbers(done.stdout)


def check(found: dict[str, int], limit_mb: int) -> None:
    assert 0 < found["reserved"] <= limit_mb * MIB
    assert found["above_base"] <= limit_mb * MIB + SLACK, found


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("memory")
    for table, rows, files, width, group_bytes, rows_per_text in (
        ("warm", 10_000, 2, 80, 128 * MIB, 64),
        ("big", NUM_ROWS, 12, 80, 128 * MIB, 64),
        ("one_row_group", NUM_WIDE_ROWS, 1, 4096, 1024 * MIB, 1),
        ("one_page", 4, 1, 24 * MIB, 1024 * MIB, 1),
    ):
        made = tool(folder, "make", table, rows, files, width, group_bytes, rows_per_text)
        assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.mark.parametrize("what", ["scan", "chunks"])
def test_a_table_of_twenty_times_the_limit_is_read(lake, what):
    found = run(lake, LIMIT_MB, what, "big")
    assert (found["rows"], found["sum"]) == (NUM_ROWS, SUM_OF_IDS)
    if what == "chunks":
        assert found["chunks"] == NUM_ROWS // 10_000
    check(found, LIMIT_MB)


@pytest.mark.parametrize("what", ["filter", "group"])
def test_a_table_of_twenty_times_the_limit_is_queried(lake, what):
    found = run(lake, LIMIT_MB, what, "big")
    assert found["rows"] == (NUM_ROWS // 10 if what == "filter" else 1000)
    check(found, LIMIT_MB)


@pytest.mark.parametrize("what", ["distinct", "sort", "join"])
def test_what_does_not_fit_is_an_error_within_the_limit(lake, what):
    done = tool(lake, "run", LIMIT_MB, what, "big")
    assert done.returncode == 1
    assert "memory limit reached: session, asked by " in done.stdout
    check(numbers(done.stdout), LIMIT_MB)


def test_a_slow_consumer_holds_a_flat_amount(lake):
    # Reading ahead alone could take many times as much; the allocator takes its share.
    assert run(lake, LIMIT_MB, "slow", "big")["growth"] <= 24 * MIB


def test_a_row_group_larger_than_the_limit_streams(lake):
    found = run(lake, LIMIT_MB, "scan", "one_row_group")
    assert found["rows"] == NUM_WIDE_ROWS
    check(found, LIMIT_MB)


def test_a_page_larger_than_the_limit_is_an_error_before_it_is_allocated(lake):
    done = tool(lake, "run", 20, "scan", "one_page")
    assert done.returncode == 1
    assert "memory limit reached: session, asked by " in done.stdout
    check(numbers(done.stdout), 20)


PYTHON = """
import pathlib, sys
from iceframe import IceFrame
from iceframe.memory import MemoryManager

folder, how = sys.argv[1:]
config = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}"}
ice = IceFrame(config, memory_limit=100 * 2**20 if how == "session" else None)

def read(table):
    manager = MemoryManager(ice) if how == "session" else MemoryManager(max_memory_mb=100)
    rows = total = 0
    for chunk in manager.read_table_chunked(ice, table):
        rows += len(chunk)
        total += chunk["id"].sum()
    return manager.peak, rows, total

def status(name):
    lines = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").open())
    return int(lines[name].split()[0]) * 1024

read("warm")
base = status("VmRSS")
pathlib.Path("/proc/self/clear_refs").write_text("5")
for name, value in zip(("reserved", "rows", "sum"), read("big")):
    print(name, value)
print("above_base", status("VmHWM") - base)
"""


@pytest.mark.parametrize("how", ["manager", "session"])
def test_python_reads_a_table_of_twenty_times_the_limit_in_chunks(lake, how):
    command = [sys.executable, "-c", PYTHON, str(lake), how]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = numbers(done.stdout)
    assert (found["rows"], found["sum"]) == (NUM_ROWS, SUM_OF_IDS)
    check(found, LIMIT_MB)
