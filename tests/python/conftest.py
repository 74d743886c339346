# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a catalog in a fresh folder, opened by iceframe and by PyIceberg."""

from __future__ import annotations

import atexit
import dataclasses
import importlib.util
import os
import pathlib
import re
import shutil
import tempfile
import traceback
from typing import TYPE_CHECKING

import pytest

from iceframe import IceFrame

if TYPE_CHECKING:
    from collections.abc import Generator

    import duckdb
    from kafka_broker import Broker
    from postgres_server import Postgres
    from prometheus_server import Promtool
    from pyiceberg.catalog.sql import SqlCatalog
    from rest_server import RestServer

# Streaming writers keep their logs there; never in a folder of the user's.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="iceframe-test-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], True)

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None


def pytest_ignore_collect(collection_path: pathlib.Path) -> bool | None:
    """Leaves out files that import pyarrow, or our helpers that do, where it is not installed."""
    if HAS_PYARROW or not collection_path.match("test_*.py"):
        return None
    needs = r"^(import|from) (pyarrow|java_iceberg|every_type)\b"
    return True if re.search(needs, collection_path.read_text(), re.MULTILINE) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what is marked `needs_pyarrow` where it is not installed."""
    if HAS_PYARROW:
        return
    for item in items:
        if item.get_closest_marker("needs_pyarrow"):
            item.add_marker(pytest.mark.skip(reason="pyarrow is not installed"))


# What gives or takes pyarrow's objects. All else must do without.
FACES_OF_PYARROW = {
    "scan_batches",
    "to_arrow",
    "to_arrow_batch_reader",
    "to_batches",
    "to_duckdb",
    "to_pandas",
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Skips the rest of a test that itself asks for pyarrow's objects where it is not installed."""
    try:
        return (yield)
    except Exception as error:
        if HAS_PYARROW:
            raise
        frames = traceback.extract_tb(error.__traceback__)
        if any(frame.filename.endswith("/pyiceberg/io/pyarrow.py") for frame in frames):
            pytest.skip("pyarrow is not installed, for PyIceberg")
        ours = next((frame.name for frame in frames if "/iceframe/" in frame.filename), None)
        if ours not in FACES_OF_PYARROW:
            raise
        pytest.skip(f"pyarrow is not installed, for {ours}")


@dataclasses.dataclass
class Lake:
    """A SQLite catalog and a local warehouse that several engines open."""

    folder: pathlib.Path

    @property
    def config(self) -> dict[str, str]:
        return {
            "name": "lake",
            "type": "sql",
            "uri": f"sqlite:///{self.folder}/catalog.db",
            "warehouse": f"file://{self.folder}/warehouse",
        }

    def open(self, **settings: object) -> IceFrame:
        return IceFrame(self.config, **settings)

    def pyiceberg(self) -> SqlCatalog:
        from pyiceberg.catalog.sql import SqlCatalog

        config = self.config
        return SqlCatalog("lake", uri=config["uri"], warehouse=config["warehouse"])


@pytest.fixture
def lake(tmp_path: pathlib.Path) -> Lake:
    (tmp_path / "warehouse").mkdir()
    return Lake(tmp_path)


@pytest.fixture
def ice(lake: Lake) -> IceFrame:
    return lake.open()


@pytest.fixture(scope="session")
def duckdb_iceberg() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with its Iceberg extension, loaded from the installed packages."""
    import duckdb

    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ("httpfs", "avro", "iceberg"):
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        (folder,) = spec.submodule_search_locations
        (file,) = pathlib.Path(folder).rglob("*.duckdb_extension")
        connection.execute(f"LOAD '{file}'")
    return connection


@pytest.fixture(scope="session")
def rest_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RestServer, None, None]:
    """A REST catalog over SQLite, for one writer at a time; skips where it can't be had."""
    import rest_server

    try:
        with rest_server.running_server(tmp_path_factory.mktemp("rest") / "data") as running:
            yield running
    except rest_server.ServerMissing as missing:
        pytest.skip(f"no REST catalog: {missing}")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Generator[Broker, None, None]:
    """A Kafka broker that no test may stop; skips where it can't be had."""
    import kafka_broker

    pytest.importorskip("confluent_kafka")
    try:
        with kafka_broker.running_broker(tmp_path_factory.mktemp("kafka") / "data") as running:
            yield running
    except kafka_broker.BrokerMissing as missing:
        pytest.skip(f"no Kafka broker: {missing}")


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres, None, None]:
    """A PostgreSQL server that no test may stop; skips where it can't be had."""
    import postgres_server

    try:
        with postgres_server.running_postgres() as running:
            yield running
    except postgres_server.ServerMissing as missing:
        pytest.skip(f"no PostgreSQL: {missing}")


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Prometheus' checker of metrics and rules; skips where it can't be had."""
    import prometheus_server

    try:
        return prometheus_server.Promtool()
    except prometheus_server.PrometheusMissing as missing:
        pytest.skip(f"no promtool: {missing}")
