# SPDX-License-Identifier: Apache-2.0
"""Position deletes in a table, as engines write them that merge on read."""

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriterV2,
)
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _FastAppendFiles

if TYPE_CHECKING:
    from pyiceberg.table import Table

_COLUMNS = pa.schema(
    [
        pa.field("file_path", pa.string(), False, {"PARQUET:field_id": "2147483546"}),
        pa.field("pos", pa.int64(), False, {"PARQUET:field_id": "2147483545"}),
    ]
)


class _DeletesWriter(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


class _AddDeletes(_FastAppendFiles):
    deletes: list[DataFile]

    def _manifests(self) -> list[ManifestFile]:
        metadata = self._transaction.table_metadata
        path = f"{metadata.location}/metadata/deletes-{self.commit_uuid}.avro"
        output = self._io.new_output(path)
        with _DeletesWriter(
            metadata.spec(), metadata.schema(), output, self._snapshot_id, "gzip"
        ) as writer:
            for file in self.deletes:
                entry = ManifestEntry.from_args(
                    status=ManifestEntryStatus.ADDED,
                    snapshot_id=self._snapshot_id,
                    sequence_number=None,
                    file_sequence_number=None,
                    data_file=file,
                )
                writer.add(entry)
        return [writer.to_manifest_file(), *self._existing_manifests()]


def add_position_deletes(table: "Table", files_each: int, rows_each: int) -> None:
    """Deletes the first rows of each data file, in one snapshot of so many delete files each."""
    deletes = []
    for task in table.scan().plan_files():
        for part in range(files_each):
            output = table.io.new_output(f"{table.location()}/data/deletes-{len(deletes)}.parquet")
            positions = range(part * rows_each, (part + 1) * rows_each)
            rows = [[task.file.file_path] * rows_each, positions]
            with output.create() as stream:
                pq.write_table(pa.table(rows, schema=_COLUMNS), stream)
            file = DataFile.from_args(
                content=DataFileContent.POSITION_DELETES,
                file_path=output.location,
                file_format=FileFormat.PARQUET,
                partition=task.file.partition,
                record_count=rows_each,
                file_size_in_bytes=len(output.to_input_file()),
                spec_id=task.file.spec_id,
            )
            deletes.append(file)
    with table.transaction() as transaction:
        action = _AddDeletes(Operation.DELETE, transaction, table.io)
        action.deletes = deletes
        action.commit()
