# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a catalog in a fresh folder, opened by iceframe and by PyIceberg."""

import dataclasses
import importlib.util
import pathlib

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from iceframe import IceFrame


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
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ("httpfs", "avro", "iceberg"):
        spec = importlib.util.find_spec(f"duckdb_extension_{name}")
        (folder,) = spec.submodule_search_locations
        (file,) = pathlib.Path(folder).rglob("*.duckdb_extension")
        connection.execute(f"LOAD '{file}'")
    return connection
