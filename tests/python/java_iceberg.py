# SPDX-License-Identifier: Apache-2.0
"""Iceberg's Java library as a second engine: a process that answers JSON commands, and the exact
form in which it prints values."""

import decimal
import json
import os
import pathlib
import shutil
import struct
import subprocess
from collections.abc import Callable
from typing import Any

import pyarrow as pa

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = ROOT / "tests/interop/java"
BUILD = pathlib.Path(os.environ.get("ICEFRAME_JAVA_BUILD", ROOT / "build/java"))


class JavaMissing(Exception):
    """Java, Maven or the packages can't be had."""


def build() -> str:
    """Compiles the program where its sources changed; returns its class path."""
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            raise JavaMissing(f"{program} is not installed")
    libraries, classes, stamp = BUILD / "lib", BUILD / "classes", BUILD / "stamp"
    sources = sorted(PROJECT.rglob("*.java"))
    newest = max(path.stat().st_mtime for path in [*sources, PROJECT / "pom.xml"])
    if not stamp.exists() or stamp.stat().st_mtime < newest:
        fetch = ["mvn", "-q", "-B", f"-Dmaven.repo.local={BUILD / 'repository'}"]
        fetch += ["dependency:copy-dependencies", f"-DoutputDirectory={libraries}"]
        fetched = subprocess.run(fetch, cwd=PROJECT, capture_output=True, text=True, timeout=600)
        if fetched.returncode != 0:
            raise JavaMissing("Maven can't get Iceberg's packages: " + fetched.stdout[-300:])
        compiling = ["javac", "--release", "17", "-cp", f"{libraries}/*", "-d", str(classes)]
        subprocess.run([*compiling, *map(str, sources)], check=True, timeout=300)
        stamp.touch()
    return f"{classes}:{libraries}/*"


class JavaIceberg:
    """The running program; one command at a time."""

    def __init__(self) -> None:
        # One core's worth of compiling and collecting: the tests are short.
        flags = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        self._process = subprocess.Popen(
            ["java", *flags, "-cp", build(), "interop.Interop"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    def ask(self, do: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        (value,) = answer.values()
        return value

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def canonical_rows(table: pa.Table) -> list[list[Any]]:
    """Returns the rows as the Java program prints them."""
    columns = [[canonical(value) for value in column] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def sorted_rows(rows: list[list[Any]]) -> list[str]:
    return sorted(json.dumps(row, ensure_ascii=False) for row in rows)


def _plain(value: decimal.Decimal) -> str:
    return format(value, "f")


def _fraction(layout: str, value: float) -> str:
    prefix, width = ("f", 8) if layout == ">f" else ("d", 16)
    if value != value:
        value = float("nan")
    return f"{prefix}:{int.from_bytes(struct.pack(layout, value)):0{width}x}"


_LEAVES: list[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]]] = [
    (pa.types.is_float32, lambda scalar: _fraction(">f", scalar.as_py())),
    (pa.types.is_float64, lambda scalar: _fraction(">d", scalar.as_py())),
    (pa.types.is_decimal, lambda scalar: _plain(scalar.as_py())),
    (pa.types.is_temporal, lambda scalar: scalar.value),
    (pa.types.is_binary, lambda scalar: scalar.as_py().hex()),
    (pa.types.is_fixed_size_binary, lambda scalar: scalar.as_py().hex()),
    (lambda kind: kind == pa.uuid(), lambda scalar: str(scalar.as_py())),
]


def canonical(scalar: Any) -> Any:
    """Returns the exact form of one Arrow scalar."""
    if not scalar.is_valid:
        return None
    kind = scalar.type
    if pa.types.is_struct(kind):
        return [canonical(scalar[i]) for i in range(kind.num_fields)]
    if pa.types.is_map(kind):
        return [[canonical(pair[0]), canonical(pair[1])] for pair in scalar.values]
    if pa.types.is_list(kind):
        return [canonical(value) for value in scalar.values]
    for matches, form in _LEAVES:
        if matches(kind):
            return form(scalar)
    return scalar.as_py()
