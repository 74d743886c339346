# SPDX-License-Identifier: Apache-2.0
"""A real Iceberg REST catalog, the reference implementation's, that the tests start and stop."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/servers/iceberg-rest.sh"


class ServerMissing(Exception):
    """Java, Maven or the server's packages can't be had."""


def fetch() -> None:
    """Gets the server's packages, once for a machine."""
    for program in ("java", "javac", "mvn", "bash"):
        if shutil.which(program) is None:
            raise ServerMissing(f"{program} is not installed")
    for _ in range(3):
        fetched = subprocess.run(
            ["bash", SCRIPT, "install"], capture_output=True, text=True, timeout=600
        )
        if fetched.returncode == 0:
            return
    raise ServerMissing("Maven can't get the server's packages: " + fetched.stderr[-300:])


class RestServer:
    """One server in a folder; it keeps its tables over stop and start."""

    def __init__(self, folder: pathlib.Path, **keys: str) -> None:
        fetch()
        self.folder = folder
        self.keys = [f"{key}={value}" for key, value in keys.items()]
        self.port = 0
        self.start()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def start(self) -> None:
        """Starts it; again on the port that it had."""
        log_file = self.folder.parent / f"{self.folder.name}-start.log"
        with log_file.open("w") as log:
            # Its output is a file: the server inherits it, and a pipe would never end.
            started = subprocess.run(
                ["bash", SCRIPT, "start", self.folder, str(self.port), *self.keys],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "REST_LOG": "off"},
            )
        said = log_file.read_text()
        assert started.returncode == 0, said
        self.port = int(re.search(r"ready uri=http://127\.0\.0\.1:(\d+)", said)[1])

    def stop(self) -> None:
        subprocess.run(["bash", SCRIPT, "stop", self.folder], check=True)


@contextlib.contextmanager
def running_server(folder: pathlib.Path, **keys: str) -> Iterator[RestServer]:
    server = RestServer(folder, **keys)
    try:
        yield server
    finally:
        server.stop()
