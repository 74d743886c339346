# SPDX-License-Identifier: Apache-2.0
"""librdkafka is loaded when it is first used, and its OpenSSL is nobody else's."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

from iceframe import _native

FOLDER = pathlib.Path(importlib.util.find_spec("iceframe").origin).parent


def needed(file: pathlib.Path) -> list[str]:
    dynamic = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic.stdout)


def test_nothing_that_python_imports_needs_it():
    (module,) = FOLDER.glob("_native*.so")
    names = needed(module)
    for library in (FOLDER / "_libraries").glob("*.so*"):
        names += needed(library)
    assert not [n for n in names if re.search("rdkafka|libssl|libcrypto|sasl", n)]
    code = "import iceframe; print(open('/proc/self/maps').read())"
    maps = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "rdkafka" not in maps.stdout


# A TLS server that knows nothing of Kafka: what counts is that certificates are checked.
READ = textwrap.dedent(
    """
    import socket, ssl, sys, threading
    from iceframe import IceFrame
    from iceframe.errors import IceFrameError
    from iceframe.kafka import stream_from_kafka
    folder, order = sys.argv[1:]
    ice = IceFrame({"type": "in-memory", "warehouse": f"file://{folder}"})
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": [1, 2, 3]})

    def scan():
        assert ice.read_table("t")["id"].to_list() == [1, 2, 3]

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    requests = []

    def serve():
        while True:
            connection, _ = listener.accept()
            try:
                with server.wrap_socket(connection, server_side=True) as tls:
                    requests.append(tls.recv(4))
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()

    def kafka():
        config = {"bootstrap_servers": f"localhost:{port}", "security_protocol": "SSL",
                  "ssl_cafile": f"{folder}/cert.pem", "reconnect_backoff_max_ms": 100}
        handle = stream_from_kafka(ice, "topic", "t", config, background=True)
        while not requests:
            assert handle.is_running, handle.stats()
            handle._native.wait(20)
        handle._native.cancel()
        handle._native.wait(20_000)
        # A request in the clear of TLS: its length, of four bytes.
        assert requests[0][:2] == b"\\0\\0" and len(requests[0]) == 4, requests

    for step in order.split(","):
        {"scan": scan, "kafka": kafka}[step]()
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


@pytest.mark.parametrize("order", ["kafka,scan,kafka", "scan,kafka,scan"])
def test_tls_and_parquet_in_one_process(certificates, order, tmp_path):
    log = tmp_path / "bindings"
    environment = {**os.environ, "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": str(log)}
    environment["XDG_STATE_HOME"] = str(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", READ, certificates, order],
        capture_output=True, text=True, env=environment, timeout=240,
    )  # fmt: skip
    assert ended.stdout == "done\n", ended.stderr
    bound = 0
    for file in tmp_path.glob("bindings.*"):
        for line in file.read_text(errors="replace").splitlines():
            found = re.search(r"binding file (\S+) .* to (\S+) .*`((?:EVP|SSL|CRYPTO)_\w+)'", line)
            if found is None or "rdkafka" not in found[1]:
                continue
            bound += 1
            assert re.search("libssl|libcrypto|iceframe_kafka_(ssl|crypto)", found[2]), line
    assert bound > 20


def test_a_library_that_is_none_is_told(monkeypatch, tmp_path):
    code = textwrap.dedent(
        """
        from iceframe import IceFrame
        from iceframe.errors import UnsupportedOperationError
        from iceframe.kafka import stream_from_kafka
        import sys
        ice = IceFrame({"type": "in-memory", "warehouse": f"file://{sys.argv[1]}"})
        ice.create_table("t", {"id": "long"})
        try:
            stream_from_kafka(ice, "topic", "t", {"bootstrap_servers": "localhost:1"})
        except UnsupportedOperationError as error:
            print(error)
        """
    )
    monkeypatch.setenv("ICEFRAME_KAFKA_LIBRARY", str(tmp_path / "none.so"))
    ended = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True
    )
    assert "librdkafka, which reads from Kafka, can't be loaded" in ended.stdout
    assert "librdkafka1" in ended.stdout


def test_it_says_what_was_loaded():
    assert re.match(r"librdkafka \d+\.\d+.* at /", _native.kafka_library())
