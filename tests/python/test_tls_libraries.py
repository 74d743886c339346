# SPDX-License-Identifier: Apache-2.0
"""TLS to Kafka, to a REST catalog and to PostgreSQL beside Parquet: each library's own OpenSSL.

Arrow's libparquet exports the libcrypto that it was built with, which is another one than that of
the libraries which are loaded when they are first used. The servers here know the beginning of each
protocol: what counts is that certificates are checked and the first request arrives.
"""

import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from typing import ClassVar

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: A symbol of OpenSSL that one file needs, and the file that gave it.
BINDING = re.compile(r"binding file (\S+) .* to (\S+) .*`((?:EVP|SSL|CRYPTO)_\w+)'")
LOADED = "rdkafka|libcurl|libpq|libssl|libcrypto|libsasl|iceframe_carried"

IN_PYTHON = textwrap.dedent(
    """
    import sys
    from iceframe import IceFrame
    from iceframe.errors import IceFrameError
    from iceframe.kafka import stream_from_kafka
    folder, kafka_port, https_port, postgres_port, *steps = sys.argv[1:]
    certificate = f"{folder}/cert.pem"
    ice = IceFrame({"type": "in-memory", "warehouse": f"file://{folder}"})
    ice.create_table("t", {"id": "long"})

    def scan():
        ice.append_to_table("t", {"id": [1, 2, 3]})
        assert set(ice.read_table("t")["id"].to_list()) == {1, 2, 3}

    def kafka():
        config = {"bootstrap_servers": f"localhost:{kafka_port}", "security_protocol": "SSL",
                  "ssl_cafile": certificate}
        handle = stream_from_kafka(ice, "topic", "t", config, background=True)
        sys.stdin.readline()
        handle._native.cancel()
        handle._native.wait(20_000)

    def ask(config):
        try:
            IceFrame(config).list_tables()
        except IceFrameError:
            sys.stdin.readline()

    def https():
        ask({"type": "rest", "uri": f"https://localhost:{https_port}", "ssl.cabundle": certificate})

    def postgres():
        uri = f"postgresql://me@localhost:{postgres_port}/db"
        uri += f"?sslmode=verify-full&sslrootcert={certificate}"
        ask({"type": "sql", "uri": uri, "warehouse": f"file://{folder}"})

    for step in steps:
        {"scan": scan, "kafka": kafka, "https": https, "postgres": postgres}[step]()
    print("done")
    """
)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return folder


class Server:
    """Refuses each client once it has heard what comes first within TLS, and tells `heard`."""

    #: What each protocol says to whoever is refused.
    ANSWERS: ClassVar = {
        "kafka": b"",
        "https": b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        "postgres": b"E\0\0\0\x1bSFATAL\0C28000\0Mrefused\0\0",
    }

    def __init__(
        self, kind: str, certificates: pathlib.Path, heard: Callable[[str, bytes], None]
    ) -> None:
        self.kind = kind
        self.heard = heard
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                self.refuse(connection)
            except OSError:
                connection.close()

    def refuse(self, connection: socket.socket) -> None:
        if self.kind == "postgres":
            # A client asks in the clear whether it may speak TLS.
            assert connection.recv(8) == b"\0\0\0\x08\x04\xd2\x16\x2f"
            connection.sendall(b"S")
        with self.tls.wrap_socket(connection, server_side=True) as clear:
            request = clear.recv(4096)
            clear.sendall(self.ANSWERS[self.kind])
            self.heard(self.kind, request)


def program() -> pathlib.Path | None:
    folders = [os.environ.get("ICEFRAME_TOOLS"), ROOT / "build/release", ROOT / "build/dev"]
    tools = [pathlib.Path(folder) / "tls_tool" for folder in folders if folder]
    return next((tool for tool in tools if tool.exists()), None)


def command_of(language: str) -> list[str | pathlib.Path]:
    if language == "python":
        return [sys.executable, "-c", IN_PYTHON]
    if (tool := program()) is None:
        pytest.skip("tls_tool is not built")
    linked = subprocess.run(["readelf", "-d", tool], capture_output=True, text=True, check=True)
    assert not re.search(r"NEEDED.*(rdkafka|libcurl|libpq|libssl|libcrypto)", linked.stdout)
    return [tool]


@pytest.mark.parametrize(
    "steps", ["kafka https postgres scan kafka https postgres", "scan postgres https kafka scan"]
)
@pytest.mark.parametrize("language", ["python", "c++"])
def test_each_library_calls_its_own_openssl(certificates, language, steps, tmp_path):
    requests: dict[str, bytes] = {}

    def heard(kind: str, request: bytes) -> None:
        if request:
            requests[kind] = request
            process.stdin.write("\n")
            process.stdin.flush()

    servers = [Server(kind, certificates, heard) for kind in Server.ANSWERS]
    folder = tmp_path / "lake"
    folder.mkdir()
    (folder / "cert.pem").write_bytes((certificates / "cert.pem").read_bytes())
    log = {"LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": str(tmp_path / "bindings")}
    process = subprocess.Popen(
        [*command_of(language), folder, *(str(s.port) for s in servers), *steps.split()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path), **log},
    )  # fmt: skip
    printed = process.stdout.read()
    process.wait(240)
    for server in servers:
        server.listener.close()
    assert printed == "done\n"
    # In the clear of TLS: a length of four bytes, a line, the version of a protocol.
    assert requests["kafka"][:2] == b"\0\0"
    assert requests["https"].startswith(b"GET /v1/config")
    assert requests["postgres"][4:8] == b"\0\x03\0\0"
    assert bound_symbols(tmp_path) > 20


def bound_symbols(folder: pathlib.Path) -> int:
    """Returns how many symbols of OpenSSL the loaded libraries need, all given by their own."""
    bound = 0
    for file in folder.glob("bindings.*"):
        for line in file.read_text(errors="replace").splitlines():
            found = BINDING.search(line)
            if found is None or not re.search(LOADED, found[1]):
                continue
            bound += 1
            assert re.search("libssl|libcrypto|iceframe_carried_(ssl|crypto)", found[2]), line
    return bound
