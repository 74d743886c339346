# SPDX-License-Identifier: Apache-2.0
"""A proxy before a PostgreSQL server that breaks connections at the end of transactions."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: What happens to a COMMIT: whether it reaches the server, and whether its answer comes back.
FAULTS = {
    "cut before": (False, None),
    "cut after": (True, None),
    "half an answer": (True, 3),
    "garbage": (True, b"Zgarbage-that-is-no-message"),
}


class PostgresProxy:
    """Passes on what is said; `fault` is asked at each COMMIT for a name of FAULTS."""

    def __init__(self, port: int, fault: Callable[[], str | None]) -> None:
        self.server = ("127.0.0.1", port)
        self.fault = fault
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.num_commits = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def uri(self) -> str:
        return f"postgresql://iceberg:iceberg@127.0.0.1:{self.port}/iceberg?sslmode=disable"

    def close(self) -> None:
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=_Session, args=(self, client), daemon=True).start()


class _Session:
    """One connection."""

    def __init__(self, proxy: PostgresProxy, client: socket.socket) -> None:
        self.proxy = proxy
        self.client = client
        # What to do with the next answer: pass it, or what FAULTS says.
        self.doomed: list[object] = []
        with contextlib.suppress(OSError):
            self.backend = socket.create_connection(proxy.server)
            threading.Thread(target=self._answers, daemon=True).start()
            self._questions()
        self._cut()

    def _cut(self) -> None:
        for end in (self.client, getattr(self, "backend", self.client)):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.client.recv(size - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    def _questions(self) -> None:
        # The first message has no type.
        length = self._read(4)
        self.backend.sendall(length + self._read(struct.unpack("!i", length)[0] - 4))
        while True:
            head = self._read(5)
            body = self._read(struct.unpack("!i", head[1:])[0] - 4)
            if head[:1] == b"Q" and body.startswith(b"COMMIT"):
                self.proxy.num_commits += 1
                name = self.proxy.fault()
                if name is not None:
                    reaches, answer = FAULTS[name]
                    if not reaches:
                        return
                    self.doomed.append(answer)
            self.backend.sendall(head + body)

    def _answers(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.backend.recv(65536):
                if self.doomed:
                    answer = self.doomed[0]
                    if isinstance(answer, int):
                        self.client.sendall(data[:answer])
                    elif isinstance(answer, bytes):
                        self.client.sendall(answer)
                    break
                self.client.sendall(data)
        self._cut()
