# SPDX-License-Identifier: Apache-2.0
"""How each engine does each case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.peers.engine import Engine
    from bench.peers.lake import Lake

__all__ = ["ENGINES", "open_engine"]

#: Ours first; in this order they stand in the tables.
ENGINES = ("iceframe", "pyiceberg", "polars", "daft", "duckdb")


def open_engine(name: str, lake: Lake) -> Engine:
    """Return an engine; only its own modules are imported."""
    if name == "iceframe":
        from bench.peers.engines.iceframe_engine import IceFrameEngine as Chosen
    elif name == "pyiceberg":
        from bench.peers.engines.pyiceberg_engine import PyIcebergEngine as Chosen
    elif name == "polars":
        from bench.peers.engines.polars_engine import PolarsEngine as Chosen
    elif name == "daft":
        from bench.peers.engines.daft_engine import DaftEngine as Chosen
    elif name == "duckdb":
        from bench.peers.engines.duckdb_engine import DuckDBEngine as Chosen
    else:
        raise SystemExit(f"no such engine: {name}; there are {', '.join(ENGINES)}")
    return Chosen(lake)
