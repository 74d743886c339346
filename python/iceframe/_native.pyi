"""The native engine behind iceframe; use the package, not this module."""

from collections.abc import Mapping, Sequence

def num_threads() -> int: ...
def num_io_threads() -> int: ...
def num_tasks() -> int:
    """Tasks of the engine that are queued or running."""

class Table:
    def name(self) -> str: ...
    def metadata_location(self) -> str: ...
    def location(self) -> str: ...
    def properties(self) -> dict[str, str]: ...
    def format_version(self) -> int: ...
    def metadata_json(self) -> str: ...
    def current_snapshot_id(self) -> int | None: ...
    def __arrow_c_schema__(self) -> object: ...

class Batch:
    """One batch of a scan, in the Arrow C data interface."""

    @property
    def num_rows(self) -> int: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> object: ...

class BatchStream:
    """The rows of one scan, read once."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def next_batch(self) -> Batch | None:
        """The next batch, None at the end."""

    def close(self) -> None:
        """Stops the scan; batches handed out stay."""

    def counters(self) -> dict[str, int]:
        """What the scan did so far, by name."""

    def cancel(self) -> None:
        """Cancels the scan from any thread; reading then raises CancelledError."""

class WriteReport:
    """What one write did."""

    @property
    def snapshot_id(self) -> int | None:
        """The new snapshot, None if there was nothing to write."""

    @property
    def num_rows(self) -> int:
        """Rows written."""

    @property
    def num_files(self) -> int:
        """Data files written."""

    @property
    def num_bytes(self) -> int:
        """Bytes of those files."""

    @property
    def num_deleted_files(self) -> int:
        """Data files that the snapshot removed from the table."""

    def __repr__(self) -> str: ...

class Session:
    @staticmethod
    def open(catalog: Mapping[str, str], settings: Mapping[str, str]) -> Session: ...
    def __repr__(self) -> str: ...
    def create_table(
        self,
        name: str,
        schema: object,
        *,
        partition_by: Sequence[tuple[str, str]],
        sort_by: Sequence[tuple[str, str, bool, bool | None]],
        properties: Mapping[str, str],
        location: str,
        format_version: int,
    ) -> Table: ...
    def append(
        self,
        name: str,
        data: object,
        *,
        branch: str,
        summary: Mapping[str, str],
        progress: object | None,
    ) -> WriteReport: ...
    def overwrite(
        self,
        name: str,
        data: object,
        *,
        filter: str | None,
        branch: str,
        summary: Mapping[str, str],
        progress: object | None,
    ) -> WriteReport: ...
    def scan(
        self,
        name: str,
        *,
        columns: Sequence[str] | None,
        filter: str | None,
        limit: int | None,
        snapshot_id: int | None,
        as_of_timestamp: int | None,
        ref: str | None,
        ordered: bool,
        batch_rows: int,
        progress: object | None,
    ) -> BatchStream: ...
    def memory_used_bytes(self) -> int: ...
    def memory_peak_bytes(self) -> int: ...
    def memory_limit_bytes(self) -> int | None: ...
    def load_table(self, arg: str, /) -> Table: ...
    def table_exists(self, arg: str, /) -> bool: ...
    def drop_table(self, name: str, purge: bool) -> None: ...
    def rename_table(self, arg0: str, arg1: str, /) -> None: ...
    def register_table(self, arg0: str, arg1: str, /) -> Table: ...
    def list_tables(self, arg: str, /) -> list[str]: ...
    def create_namespace(self, arg0: Sequence[str], arg1: Mapping[str, str], /) -> None: ...
    def drop_namespace(self, arg: Sequence[str], /) -> None: ...
    def list_namespaces(self, arg: Sequence[str], /) -> list[list[str]]: ...
    def load_namespace_properties(self, arg: Sequence[str], /) -> dict[str, str]: ...
