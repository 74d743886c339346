# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL server that the tests start, restart and kill."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/servers/postgres.sh"
#: A slow machine takes this long at most for anything that is waited for.
PATIENCE = 240


class ServerMissing(Exception):
    """PostgreSQL can't be had."""


def free_port() -> int:
    """Returns a port that is free, below those that the kernel gives to clients."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            return port


class Postgres:
    """One server in a folder of its own; it keeps what it holds over stop and start."""

    def __init__(self) -> None:
        got = subprocess.run(["bash", SCRIPT, "install"], capture_output=True, text=True)
        if got.returncode != 0:
            raise ServerMissing("PostgreSQL can't be installed: " + got.stderr[-300:])
        # Not below pytest's folders, which nobody else may enter: the server has a user of its own.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="iceframe-postgres-"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        # Somebody else may be faster to take the port.
        for _ in range(5):
            self.port = free_port()
            if self._try_to_start():
                return
        raise AssertionError((self.folder / "start.log").read_text())

    @property
    def uri(self) -> str:
        return f"postgresql+psycopg2://iceberg:iceberg@127.0.0.1:{self.port}/iceberg"

    def _try_to_start(self) -> bool:
        command = ["bash", SCRIPT, "start", self.data, str(self.port)]
        with (self.folder / "start.log").open("w") as log:
            # Its output is a file: the server inherits it, and a pipe would never end.
            started = subprocess.run(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        return started.returncode == 0

    def start(self) -> None:
        started = any(self._try_to_start() for _ in range(5))
        assert started, (self.folder / "start.log").read_text()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops it: INT ends its clients' connections, QUIT crashes it."""
        pid = int((self.data / "pid").read_text())
        os.kill(pid, how)
        end = time.monotonic() + PATIENCE
        while pathlib.Path(f"/proc/{pid}").exists():
            if pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                break
            assert time.monotonic() < end, "the server does not stop"
            time.sleep(0.02)

    def remove(self) -> None:
        subprocess.run(["bash", SCRIPT, "stop", self.data], check=True)
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Gives a server that is gone afterwards."""
    server = Postgres()
    try:
        yield server
    finally:
        server.remove()
