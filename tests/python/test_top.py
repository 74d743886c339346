# SPDX-License-Identifier: Apache-2.0
"""`iceframe top`: what it shows of a process that serves its metrics."""

import gc
import http.server
import json
import pathlib
import subprocess
import sys
import threading
from urllib.request import urlopen

import pytest

from iceframe import IceFrame
from iceframe.cli.top import screen
from iceframe.monitoring import start_http_server

prometheus_client = pytest.importorskip("prometheus_client")
COMMAND = pathlib.Path(sys.executable).with_name("iceframe")


@pytest.fixture
def server():
    gc.collect()
    with start_http_server(0, registry=prometheus_client.CollectorRegistry()) as server:
        yield server


@pytest.fixture
def table(ice: IceFrame) -> IceFrame:
    ice.create_table("t", {"id": "long"})
    for i in range(3):
        ice.append_to_table("t", {"id": [i]})
    return ice


def look(server):
    with urlopen(f"http://127.0.0.1:{server.port}/activity") as response:
        return json.load(response)


def top(*arguments):
    return subprocess.run([COMMAND, "top", *arguments], capture_output=True, text=True)


def test_it_prints_what_ran_and_what_runs(table, server):
    table.read_table("t", filter="id = 1")
    reader = table.scan("t")
    result = top(str(server.port), "--once")
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    header = lines.index(
        ["OPERATION", "TABLE", "STATUS", "TIME", "ROWS", "BYTES", "FILES", "SKIPPED"]
    )
    # What other tests left may be there too.
    running = [line for line in lines[header + 1 :] if line[2] == "running"]
    assert running[0][:2] == ["scan", "default.t"]
    ended = lines[header + 1 + len(running)]
    assert ended[:3] == ["scan", "default.t", "ok"]
    # Rows, files and files skipped.
    assert (ended[5], ended[-2], ended[-1]) == ("1", "1", "2")
    assert [line[0] for line in lines[1:header] if line] == [
        "queries",
        "rows",
        "skipped",
        "commits",
        "caches",
        "pool",
        "memory",
    ]
    reader.close()


def test_rates_are_by_second(table, server):
    before = look(server)
    for _ in range(4):
        table.read_table("t")
    now = look(server)
    now["time"] = before["time"] + 2
    text = screen(now, before, 200, 50)
    assert "queries  2/s, 0/s failed" in text
    assert "rows     6/s scanned, 6/s returned" in text
    # Of another process, nothing has grown.
    before["pid"] += 1
    assert "/s" not in screen(now, before, 200, 50)


def test_a_screen_is_as_large_as_the_terminal(table, server):
    table.read_table("t")
    lines = screen(look(server), None, 40, 5).splitlines()
    assert len(lines) == 5
    assert max(map(len, lines)) <= 40


def test_names_cannot_steer_a_terminal(table, server):
    seen = look(server)
    seen["recent"] = [
        {
            "operation": "scan",
            "tables": ["a\x1b[2Jb\n"],
            "status": "ok",
            "duration_ms": 1.0,
            "counters": {},
        }
    ]
    assert "a?[2Jb?" in screen(seen, None, 200, 50)


def test_what_serves_nothing_is_named(tmp_path):
    class Nothing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Nothing) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        port = other.server_address[1]
        result = top(f"127.0.0.1:{port}")
        other.shutdown()
        thread.join()
    assert result.returncode == 1
    assert f"nothing to see at http://127.0.0.1:{port}/activity" in result.stderr
    for wrong in ("nope:port", "ftp://x", "http://"):
        result = top(wrong)
        assert (result.returncode, result.stdout) == (1, "")
        assert "address must be a port or host:port" in result.stderr
    assert "--interval must be" in top("--interval", "0").stderr


def test_bytes_are_summed_over_where_they_came_from(server):
    seen = look(server)
    seen["metrics"] = [
        ["iceframe_scan_bytes_total", {"kind": kind, "source": source}, size]
        for kind, source, size in (
            ("data", "remote", 1000),
            ("data", "memory", 24),
            ("metadata", "memory", 2048),
            ("rows", "disk", 5),
        )
    ]
    assert "; 1.0 kB data, 2.0 kB metadata" in screen(seen, None, 200, 50)
