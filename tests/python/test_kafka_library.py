# SPDX-License-Identifier: Apache-2.0
"""librdkafka is loaded when it is first used."""

import importlib.util
import pathlib
import re
import subprocess
import sys
import textwrap

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
