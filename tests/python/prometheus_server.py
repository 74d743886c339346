# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus that the tests start, and its promtool."""

import contextlib
import json
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/servers/prometheus.sh"
#: A slow machine takes this long at most for anything that is waited for.
PATIENCE = 240


class PrometheusMissing(Exception):
    """Debian's package can't be had."""


def install() -> None:
    """Fetches it where it is lacking."""
    try:
        got = subprocess.run(
            ["bash", SCRIPT, "install"], capture_output=True, text=True, timeout=600
        )
    except subprocess.TimeoutExpired as late:
        raise PrometheusMissing("it was not there within 10 minutes") from late
    if got.returncode != 0:
        raise PrometheusMissing("Debian can't give it: " + got.stderr[-300:])


class Promtool:
    """Checks what is written for Prometheus."""

    def __init__(self) -> None:
        install()

    def check(self, *arguments: str | pathlib.Path, text: str = "") -> None:
        """Fails where promtool finds fault."""
        command = ["bash", SCRIPT, "promtool", *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


class Prometheus:
    """One server in a folder, that scrapes targets each second and follows rules."""

    def __init__(self, folder: pathlib.Path, rules: pathlib.Path, *targets: str) -> None:
        install()
        self.folder = folder
        log = folder.parent / "prometheus-start.log"
        command = ["bash", SCRIPT, "start", folder, rules, *targets]
        with log.open("w") as output:
            # Its output is a file: the server inherits it, and a pipe would never end.
            started = subprocess.run(
                command, stdout=output, stderr=output, stdin=subprocess.DEVNULL
            )
        assert started.returncode == 0, log.read_text()
        self.endpoint = (folder / "endpoint").read_text().strip()

    def stop(self) -> None:
        subprocess.run(["bash", SCRIPT, "stop", self.folder], check=True)

    def get(self, path: str, **parameters: str) -> Any:
        """Returns the data of an answer of the HTTP API."""
        url = f"{self.endpoint}/api/v1/{path}?{urlencode(parameters)}"
        with urlopen(url, timeout=PATIENCE) as response:
            answer = json.load(response)
        assert answer["status"] == "success", answer
        return answer["data"]

    def values(self, query: str) -> dict[frozenset[tuple[str, str]], float]:
        """Returns what a query gives now, by its labels."""
        return {
            frozenset(one["metric"].items()): float(one["value"][1])
            for one in self.get("query", query=query)["result"]
        }


@contextlib.contextmanager
def running_prometheus(
    folder: pathlib.Path, rules: pathlib.Path, *targets: str
) -> Iterator[Prometheus]:
    """Gives a server that is gone afterwards."""
    server = Prometheus(folder, rules, *targets)
    try:
        yield server
    finally:
        server.stop()
