# SPDX-License-Identifier: Apache-2.0
"""Between a client and an HTTP server: passes on what it is told to, and spoils the rest."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: What may be done to a request, and whether the server gets it.
LANDED = ("500-after", "502-after", "503-after", "504-after", "409-after", "reset-after", "cut-200",
          "garbage-200")  # fmt: skip
NOT_LANDED = ("500-before", "502-before", "503-before", "504-before", "reset-before")
CONFLICT = "409-before"


class FaultyProxy:
    """Spoils the next changes as `spoil` says, one fault for each, and passes on all else."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.faults: deque[str] = deque()
        #: What came: method, path.
        self.seen: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy._handle(self)

            do_GET = do_HEAD = do_POST = do_DELETE = handle_any

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def spoil(self, *faults: str) -> None:
        with self._lock:
            self.faults = deque(faults)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # -- one request -------------------------------------------------------------------------------

    def _next_fault(self, method: str) -> str:
        with self._lock:
            return self.faults.popleft() if self.faults and method == "POST" else ""

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        with self._lock:
            self.seen.append((handler.command, handler.path))
        fault = self._next_fault(handler.command)
        if not fault.endswith("-before"):
            status, headers, answer = self._ask(handler, body)
        kind = fault.split("-")[0]
        if kind == "reset":
            # Told at once, by a packet that says so.
            handler.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            handler.connection.close()
            handler.close_connection = True
        elif kind == "cut":
            self._answer(handler, 200, {}, answer[: len(answer) // 2], length=len(answer))
            handler.close_connection = True
        elif kind == "garbage":
            self._answer(handler, 200, {}, b"<html>a gateway's page</html>")
        elif kind.isdigit():
            error = {"error": {"type": "CommitFailedException", "message": "spoilt", "code": 0}}
            self._answer(handler, int(kind), {}, json.dumps(error).encode())
        else:
            self._answer(handler, status, headers, answer)

    def _ask(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.target)
        try:
            headers = {
                name: value
                for name, value in handler.headers.items()
                if name.lower() not in ("host", "accept-encoding", "connection")
            }
            connection.request(handler.command, handler.path, body or None, headers)
            response = connection.getresponse()
            kept = {
                name: value
                for name, value in response.getheaders()
                if name.lower() in ("etag", "content-type")
            }
            return response.status, kept, response.read()
        finally:
            connection.close()

    def _answer(
        self,
        handler: BaseHTTPRequestHandler,
        status: int,
        headers: dict,
        body: bytes,
        length: int | None = None,
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if status not in (204, 304):
            handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)


@contextlib.contextmanager
def proxy_to(port: int) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
