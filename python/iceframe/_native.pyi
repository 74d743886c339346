"""The native engine behind iceframe; use the package, not this module."""

from collections.abc import Mapping, Sequence
from typing import Any

def version() -> str: ...
def num_threads() -> int: ...
def num_io_threads() -> int: ...
def num_tasks() -> int:
    """Tasks of the engine that are queued or running."""

def metrics() -> list[tuple[str, dict[str, str], float]]:
    """The process's metrics now: name, labels and value of each."""

class Expression:
    """An immutable expression; `iceframe.expressions` wraps it."""

    @staticmethod
    def parse(text: str) -> Expression: ...
    @staticmethod
    def column(name: str) -> Expression: ...
    @staticmethod
    def null() -> Expression: ...
    @staticmethod
    def string(value: str) -> Expression: ...
    @staticmethod
    def from_arrow(serialized: bytes) -> Expression:
        """What arrow::compute::Serialize wrote."""

    @staticmethod
    def bytes(value: bytes) -> Expression: ...
    @staticmethod
    def number(value: float) -> Expression:
        """A literal double, which is a float beside floats."""

    @staticmethod
    def function(name: str, operands: Sequence[Expression]) -> Expression: ...
    @staticmethod
    def conjunction(operands: Sequence[Expression]) -> Expression: ...
    @staticmethod
    def disjunction(operands: Sequence[Expression]) -> Expression: ...
    @staticmethod
    def case(
        conditions: Sequence[Expression], values: Sequence[Expression], otherwise: Expression
    ) -> Expression: ...
    def compare(self, op: str, other: Expression) -> Expression: ...
    def arithmetic(self, op: str, other: Expression) -> Expression: ...
    def invert(self) -> Expression: ...
    def between(self, low: Expression, high: Expression) -> Expression: ...
    def is_in(self, items: Sequence[Expression]) -> Expression: ...
    def is_null(self) -> Expression: ...
    def is_not_null(self) -> Expression: ...
    def is_nan(self) -> Expression: ...
    def starts_with(self, prefix: str) -> Expression: ...
    def like(self, pattern: str, case_insensitive: bool) -> Expression:
        """LIKE with a backslash as escape character."""

    def cast(self, type: str) -> Expression: ...
    def alias(self, name: str) -> Expression: ...
    def over(
        self, partition_by: Sequence[Expression], order_by: Sequence[tuple[Expression, bool, bool]]
    ) -> Expression: ...
    def to_sql(self) -> str: ...
    def __repr__(self) -> str: ...
    def equals(self, other: Expression) -> bool:
        """Whether both are the same tree."""

    def bind(self, schema: object, case_sensitive: bool = True) -> Expression:
        """
        With the columns and types of a schema: JSON, or an object with __arrow_c_schema__.
        """

    def type(self) -> str: ...
    def operands(self) -> list[Expression]: ...
    def parts(self) -> dict[str, Any]:
        """The node's kind and what it holds beside its operands."""

    def output_name(self) -> str: ...
    def referenced_columns(self) -> list[str]: ...
    def contains_aggregate(self) -> bool: ...
    def contains_window(self) -> bool: ...

class Table:
    def name(self) -> str: ...
    def metadata_location(self) -> str: ...
    def location(self) -> str: ...
    def properties(self) -> dict[str, str]: ...
    def format_version(self) -> int: ...
    def metadata_json(self) -> str: ...
    def current_snapshot_id(self) -> int | None: ...
    def row_schema(
        self,
        columns: Sequence[str] | None,
        snapshot_id: int | None,
        as_of_timestamp: int | None,
        ref: str | None,
    ) -> RowSchema:
        """
        The columns of the rows of a version; without names, those that can't be read too.
        """

class TableIO:
    """Reads a table's manifests."""

    def __init__(self, session: Session, table: Table) -> None: ...
    def manifests(self, snapshot_id: int) -> list[ManifestFile]:
        """A snapshot's manifests, in order."""

    def plan_files(
        self,
        *,
        filter: str | Expression | None,
        case_sensitive: bool,
        snapshot_id: int | None,
        ref: str | None,
        limit: int | None,
    ) -> list[FileScanTask]: ...

class DataFile:
    """A data or delete file, as a manifest describes it."""

    @property
    def content(self) -> int: ...
    @property
    def file_path(self) -> str: ...
    @property
    def file_format(self) -> str: ...
    @property
    def spec_id(self) -> int: ...
    @property
    def partition(self) -> tuple[Any, ...]: ...
    @property
    def record_count(self) -> int: ...
    @property
    def file_size_in_bytes(self) -> int: ...
    @property
    def column_sizes(self) -> dict[int, int]: ...
    @property
    def value_counts(self) -> dict[int, int]: ...
    @property
    def null_value_counts(self) -> dict[int, int]: ...
    @property
    def nan_value_counts(self) -> dict[int, int]: ...
    @property
    def lower_bounds(self) -> dict[int, bytes]: ...
    @property
    def upper_bounds(self) -> dict[int, bytes]: ...
    @property
    def key_metadata(self) -> object: ...
    @property
    def split_offsets(self) -> list[int]: ...
    @property
    def equality_ids(self) -> list[int]: ...
    @property
    def sort_order_id(self) -> int | None: ...
    def __repr__(self) -> str: ...

class ManifestEntry:
    """A file's line in a manifest."""

    @property
    def status(self) -> int: ...
    @property
    def snapshot_id(self) -> int | None: ...
    @property
    def sequence_number(self) -> int | None: ...
    @property
    def file_sequence_number(self) -> int | None: ...
    @property
    def data_file(self) -> DataFile: ...

class ManifestFile:
    """A manifest, as its snapshot's list has it."""

    @property
    def manifest_path(self) -> str: ...
    @property
    def manifest_length(self) -> int: ...
    @property
    def partition_spec_id(self) -> int: ...
    @property
    def content(self) -> int: ...
    @property
    def sequence_number(self) -> int: ...
    @property
    def min_sequence_number(self) -> int: ...
    @property
    def added_snapshot_id(self) -> int: ...
    @property
    def added_files_count(self) -> int | None: ...
    @property
    def existing_files_count(self) -> int | None: ...
    @property
    def deleted_files_count(self) -> int | None: ...
    @property
    def added_rows_count(self) -> int | None: ...
    @property
    def existing_rows_count(self) -> int | None: ...
    @property
    def deleted_rows_count(self) -> int | None: ...
    def fetch_manifest_entry(
        self, io: TableIO, discard_deleted: bool = True
    ) -> list[ManifestEntry]:
        """The entries, without those of files that are gone."""

    def __repr__(self) -> str: ...

class FileScanTask:
    """A data file to read, and its delete files."""

    @property
    def file(self) -> DataFile: ...
    @property
    def delete_files(self) -> list[DataFile]: ...
    @property
    def residual(self) -> str:
        """What is left of the filter for the file's rows, as SQL."""

    def __repr__(self) -> str: ...

class Batch:
    """One batch of a scan, in the Arrow C data interface."""

    @property
    def num_rows(self) -> int: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def cells(self) -> list[list[str | None]]:
        """The columns' values as people read them; None for null."""

    def json_lines(self) -> bytes:
        """A JSON object per row, each with a line's end."""

    def csv_lines(self) -> bytes:
        """A line of CSV per row."""

    def ipc_message(self) -> bytes:
        """The batch as a message of an Arrow IPC stream."""

class Rows:
    """All rows of a scan, in the Arrow C data interface."""

    @property
    def num_rows(self) -> int: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...

class RowSchema:
    """The columns of rows."""

    def __arrow_c_schema__(self) -> object: ...
    def names(self) -> list[str]: ...
    def are_numeric(self) -> list[bool]:
        """Whether each column holds numbers."""

    def csv_header(self) -> bytes:
        """The names as a line of CSV."""

    def ipc_message(self) -> bytes:
        """The first message of an Arrow IPC stream."""

class BatchStream:
    """The rows of one scan, read once."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def schema(self) -> RowSchema: ...
    def read_all(self) -> Rows:
        """The rows that are left."""

    def next_batch(self) -> Batch | None:
        """The next batch, None at the end."""

    def close(self) -> None:
        """Stops the scan; batches handed out stay."""

    def counters(self) -> dict[str, int]:
        """What the scan did so far, by name."""

    def cancel(self) -> None:
        """Cancels the scan from any thread; reading then raises CancelledError."""

class Query:
    """Immutable steps over a table; `iceframe.query` wraps it."""

    @staticmethod
    def of(
        table: str, snapshot_id: int | None, as_of_timestamp: int | None, ref: str | None
    ) -> Query: ...
    def select(self, items: Sequence[Expression]) -> Query: ...
    def filter(self, predicate: str | Expression | None) -> Query: ...
    def join(
        self,
        other: Query,
        left_on: Sequence[str],
        right_on: Sequence[str],
        merge_keys: bool,
        how: str,
    ) -> Query: ...
    def group_by(self, keys: Sequence[Expression]) -> Query: ...
    def order_by(self, keys: Sequence[tuple[Expression, bool, bool]]) -> Query: ...
    def limit(self, num_rows: int) -> Query: ...
    def offset(self, num_rows: int) -> Query: ...
    def distinct(self) -> Query: ...
    def with_column(self, name: str, value: Expression) -> Query: ...
    @property
    def table_name(self) -> str: ...

class RowInput:
    """Rows, columns or batches that a write reads once."""

    @staticmethod
    def of_rows(
        iterator: object, *, max_rows: int = 65536, max_bytes: int = 16777216
    ) -> RowInput: ...
    @staticmethod
    def of_batches(iterator: object) -> RowInput: ...
    @staticmethod
    def of_columns(
        columns: Sequence[tuple[str, object, bool, bool]],
        *,
        max_rows: int = 65536,
        max_bytes: int = 16777216,
    ) -> RowInput:
        """Of (name, values, is_arrow, nan_is_null)."""

def iceberg_type(type: object, column: str, format_version: int) -> str:
    """The Iceberg type of an Arrow type, as JSON."""

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
        exist_ok: bool,
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
        filter: str | Expression | None,
        allow_rows_outside_filter: bool,
        branch: str,
        summary: Mapping[str, str],
        progress: object | None,
    ) -> WriteReport: ...
    def scan(
        self,
        table: str | Table,
        *,
        columns: Sequence[str] | None,
        filter: str | Expression | None,
        limit: int | None,
        snapshot_id: int | None,
        as_of_timestamp: int | None,
        ref: str | None,
        ordered: bool,
        case_sensitive: bool,
        batch_rows: int,
        progress: object | None,
    ) -> BatchStream: ...
    def count_rows(
        self,
        table: str | Table,
        *,
        filter: str | Expression | None,
        limit: int | None,
        snapshot_id: int | None,
        as_of_timestamp: int | None,
        ref: str | None,
        case_sensitive: bool,
    ) -> int: ...
    def execute(
        self, query: Query, *, disabled_rules: Sequence[str], progress: object | None
    ) -> BatchStream: ...
    def explain(
        self, query: Query, *, analyze: bool, disabled_rules: Sequence[str]
    ) -> tuple[str, str]:
        """The explanation as text and as JSON."""

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
    def update_namespace_properties(
        self, arg0: Sequence[str], arg1: Sequence[str], arg2: Mapping[str, str], /
    ) -> None: ...
    def load_namespace_properties(self, arg: Sequence[str], /) -> dict[str, str]: ...
