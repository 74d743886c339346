# SPDX-License-Identifier: Apache-2.0
"""TLS of Kafka's client beside Parquet, in a program of C++: whose OpenSSL is called.

Arrow's libparquet exports the libcrypto it was built with, which is another one than librdkafka's.
The server knows nothing of Kafka: what counts is that its certificate is checked and a request
arrives.
"""

import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading

import pytest

SEEN = re.compile(r"binding file (\S+) .* to (\S+) .*`((?:EVP|SSL|CRYPTO)_\w+)'")


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
    """Takes the first bytes of each connection, and calls `heard` with them."""

    def __init__(self, certificates: pathlib.Path, heard) -> None:
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
                with self.tls.wrap_socket(connection, server_side=True) as clear:
                    self.heard(clear.recv(4))
            except OSError:
                pass


@pytest.mark.parametrize("steps", ["kafka scan kafka", "scan kafka scan"])
def test_each_library_calls_its_own_openssl(certificates, steps, tmp_path):
    program = pathlib.Path(os.environ["ICEFRAME_TOOLS"]) / "tls_tool"
    linked = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True)
    assert not re.search(r"NEEDED.*(rdkafka|libssl|libcrypto)", linked.stdout)
    environment = {
        **os.environ, "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": str(tmp_path / "bindings"),
    }  # fmt: skip
    requests: list[bytes] = []

    def heard(request: bytes) -> None:
        requests.append(request)
        process.stdin.write("\n")
        process.stdin.flush()

    server = Server(certificates, heard)
    folder = tmp_path / "lake"
    folder.mkdir()
    (folder / "cert.pem").write_bytes((certificates / "cert.pem").read_bytes())
    process = subprocess.Popen(
        [program, folder, str(server.port), *steps.split()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    printed = process.stdout.read()
    process.wait(240)
    server.listener.close()
    assert printed == "done\n"
    # Requests in the clear of TLS: their length, of four bytes.
    assert requests
    assert all(len(r) == 4 and r[:2] == b"\0\0" for r in requests), requests
    bound = 0
    for file in tmp_path.glob("bindings.*"):
        for line in file.read_text(errors="replace").splitlines():
            found = SEEN.search(line)
            if found is None or not re.search("rdkafka|libssl|libcrypto|sasl", found[1]):
                continue
            bound += 1
            assert re.search("libssl|libcrypto", found[2]), line
    assert bound > 20
