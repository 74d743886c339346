# SPDX-License-Identifier: Apache-2.0
"""What an engine has to offer."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from bench.peers.lake import Lake

__all__ = ["Engine", "joined_frames", "read_rows", "stream_rows"]


class Engine:
    """An engine of this process, warm. A case is the method of its name.

    A method takes the turn it runs in and returns the answer as an Arrow table; the appends
    return what `after` reads back. A case without a method can't be done by this engine.
    """

    name = ""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def versions(self) -> dict[str, str]:
        """Return the versions of what does the work."""
        raise NotImplementedError

    def can(self, case: str) -> bool:
        return hasattr(self, case)

    def before(self, case: str, turn: int) -> None:
        """Get ready; not measured."""

    def run(self, case: str, turn: int) -> pa.Table | None:
        """Do what is measured."""
        answer: pa.Table | None = getattr(self, case)(turn)
        return answer

    def after(self, case: str, turn: int, is_checked: bool) -> pa.Table | None:
        """Tidy up; not measured. Where the answer is checked: return it, unless `run` did."""
        return None


def joined_frames(frames: Iterable[pl.DataFrame]) -> pa.Table:
    """Return the rows of Polars frames as one Arrow table, without a copy."""
    newest = pl.CompatLevel.newest()
    return pa.concat_tables([frame.to_arrow(compat_level=newest) for frame in frames])


def read_rows(lake: Lake) -> pa.Table:
    """Return lineitem in memory, with plain strings."""
    return stream_rows(lake).read_all()


def stream_rows(lake: Lake) -> pa.RecordBatchReader:
    """Return lineitem as a stream of batches that are decoded when they are asked for."""
    file = pq.ParquetFile(lake.lineitem_file)
    schema = pa.schema(
        pa.field(f.name, pa.string() if f.type == pa.string_view() else f.type, nullable=False)
        for f in file.schema_arrow
    )
    batches = file.iter_batches(batch_size=65_536)
    return pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches))
