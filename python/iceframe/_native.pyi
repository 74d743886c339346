"""The native engine behind iceframe; use the package, not this module."""

from collections.abc import Mapping, Sequence
from typing import Any

def version() -> str: ...
def num_threads() -> int: ...
def num_io_threads() -> int: ...
def num_tasks() -> int:
    """Tasks of the engine that are queued or running."""

def resident_bytes() -> int:
    """Bytes of the process that are in memory now."""

class MemoryBudget:
    """A node of the tree of memory limits."""

    @staticmethod
    def of_process(name: str, limit_bytes: int | None) -> MemoryBudget:
        """A new node below the process's."""

    @property
    def used_bytes(self) -> int: ...
    @property
    def peak_bytes(self) -> int: ...
    @property
    def limit_bytes(self) -> int | None: ...
    @limit_bytes.setter
    def limit_bytes(self, limit_bytes: int | None) -> None: ...

def metrics() -> list[tuple[str, dict[str, str], float]]:
    """The process's metrics now: name, labels and value of each."""

def metric_families() -> list[tuple[str, str, str, list[tuple[str, dict[str, str], float]]]]:
    """The same by metric: name, kind, help, and its samples."""

def metrics_text() -> str:
    """The same as text for scrapers."""

def shared_caches() -> dict[str, object]:
    """All caches of the process."""

def set_shared_cache_bytes(max_bytes: int) -> None:
    """What they may hold together."""

def clear_shared_caches() -> None:
    """Empties them all."""

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
    def row_schema(self, request: dict[str, Any]) -> RowSchema:
        """
        The columns of the rows of a version; without names, those that can't be read too.
        """

class TableIO:
    """Reads a table's manifests."""

    def __init__(self, session: Session, table: Table) -> None: ...
    def manifests(self, snapshot_id: int) -> list[ManifestFile]:
        """A snapshot's manifests, in order."""

    def plan_files(self, request: dict[str, Any]) -> list[FileScanTask]: ...

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
    def read_all(self, *, as_views: bool = False) -> Rows:
        """The rows that are left; as views, text is as Polars has it."""

    def next_batch(self) -> Batch | None:
        """The next batch, None at the end."""

    def close(self) -> None:
        """Stops the scan; batches handed out stay."""

    def counters(self) -> dict[str, int]:
        """What the scan did so far, by name."""

    def cancel(self) -> None:
        """Cancels the scan from any thread; reading then raises CancelledError."""

class Query:
    """Immutable steps over a table or data; `iceframe.query` wraps it."""

    @staticmethod
    def of(
        table: str, snapshot_id: int | None, as_of_timestamp: int | None, ref: str | None
    ) -> Query: ...
    @staticmethod
    def of_rows(session: Session, schema: object | None, data: object, name: str) -> Query:
        """Over data that is read now: `schema` is None where it says its own."""

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
    def union(self, other: Query, *, by_name: bool, allow_missing_columns: bool) -> Query: ...
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

class DiskCache:
    """Rows in files; `iceframe.cache` wraps it."""

    @staticmethod
    def open(folder: str, max_bytes: int) -> DiskCache: ...
    @property
    def folder(self) -> str: ...
    @property
    def max_bytes(self) -> int: ...
    def put(self, table: str, parameters: str, data: object, ttl_ns: int | None) -> None: ...
    def get(self, table: str, parameters: str) -> Rows | None: ...
    def invalidate(self, table: str) -> int: ...
    def clear(self) -> None: ...
    def stats(self) -> dict[str, int]: ...

class QueryCache:
    """Kept results; `iceframe.cache` wraps it."""

    @staticmethod
    def make(max_entries: int, max_bytes: int) -> QueryCache: ...
    @staticmethod
    def process() -> QueryCache:
        """The one of sessions that were given none."""

    @staticmethod
    def set_process(arg: QueryCache, /) -> None: ...
    @property
    def max_entries(self) -> int: ...
    @property
    def max_bytes(self) -> int: ...
    def put(self, table: str, parameters: str, data: object, ttl_ns: int | None) -> None:
        """Keeps rows of the caller's."""

    def get(self, table: str, parameters: str) -> Rows | None: ...
    def invalidate(self, table: str) -> None: ...
    def clear(self) -> None: ...
    def stats(self) -> dict[str, Any]: ...

class PreparedQuery:
    """A query that takes part in a cache."""

    @staticmethod
    def of(query: Query, ttl_ns: int | None, scope: str, as_views: bool) -> PreparedQuery: ...

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

def configure_executor(num_threads: int | None, num_io_threads: int | None) -> None: ...

class Session:
    @staticmethod
    def open(
        catalog: Mapping[str, str],
        settings: Mapping[str, str],
        memory: MemoryBudget | None,
        query_cache: QueryCache | None,
        pool_size: int | None,
        connect: bool,
    ) -> Session: ...
    def __repr__(self) -> str: ...
    def catalog_name(self) -> str: ...
    def create_table(self, name: str, schema: object, request: dict[str, Any]) -> Table: ...
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
        self, name: str, data: object, request: dict[str, Any], *, progress: object | None
    ) -> WriteReport: ...
    def scan(
        self, table: str | Table, request: dict[str, Any], *, progress: object | None
    ) -> BatchStream: ...
    def count_rows(self, table: str | Table, request: dict[str, Any]) -> int: ...
    def execute(
        self, query: Query, *, disabled_rules: Sequence[str], progress: object | None
    ) -> BatchStream: ...
    def execute_prepared(self, query: PreparedQuery, *, progress: object | None) -> BatchStream: ...
    def find_kept(self, query: PreparedQuery) -> Rows | None:
        """The answer if it is kept; None: execute_prepared finds out."""

    def explain(
        self,
        query: Query,
        *,
        analyze: bool,
        disabled_rules: Sequence[str],
        prepared: PreparedQuery | None,
    ) -> tuple[str, str]:
        """The explanation as text and as JSON."""

    def memory(self) -> MemoryBudget:
        """The budget of all its operations."""

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

class CatalogFederation:
    """Catalogs under names; `iceframe.federation` wraps it."""

    @staticmethod
    def make(
        settings: Mapping[str, str], memory: MemoryBudget | None, query_cache: QueryCache | None
    ) -> CatalogFederation: ...
    def add_catalog(
        self,
        name: str,
        catalog: Mapping[str, str],
        settings: Mapping[str, str],
        memory: MemoryBudget | None,
        query_cache: QueryCache | None,
    ) -> None: ...
    def add_session(self, name: str, session: Session) -> None: ...
    def remove_catalog(self, name: str) -> None: ...
    def list_catalogs(self) -> list[str]: ...
    def get_catalog(self, name: str) -> Session: ...
    def session(self) -> Session:
        """Over the tables of all catalogs."""

    @staticmethod
    def union_of(tables: Sequence[tuple[str, str]], request: dict[str, Any]) -> Query: ...
    def read_union(
        self,
        tables: Sequence[tuple[str, str]],
        request: dict[str, Any],
        *,
        skip_failures: bool,
        max_parallel: int,
        progress: object | None,
    ) -> tuple[Rows, list[tuple[int, object]]]:
        """
        The rows of all tables, and the indices of those that failed with their exceptions.
        """

    def __repr__(self) -> str: ...

class CatalogLease:
    """A connection on loan."""

    def session(self) -> Session:
        """The session through this connection alone."""

    def is_returned(self) -> bool: ...

class CatalogPool:
    @staticmethod
    def make(session: Session, request: dict[str, Any]) -> CatalogPool: ...
    def acquire(self, timeout_ms: int | None) -> CatalogLease: ...
    def return_lease(self, lease: CatalogLease) -> None: ...
    def drain(self, timeout_ms: int) -> None: ...
    def close(self) -> None: ...
    def is_closed(self) -> bool: ...
    def stats(self) -> dict[str, int]: ...

class ChunkStream:
    """The rows of one scan in chunks, read once."""

    def next_chunk(self) -> Rows | None:
        """The next chunk, None at the end."""

    def close(self) -> None:
        """Stops the scan; chunks handed out stay."""

def read_chunks(
    session: Session,
    table: str | Table,
    request: dict[str, Any],
    chunk_rows: int,
    memory: MemoryBudget | None,
) -> ChunkStream:
    """Plans a scan; its rows come in chunks of exactly chunk_rows."""

class TailStep:
    """One snapshot that brought rows."""

    @property
    def snapshot_id(self) -> int: ...
    @property
    def timestamp_ms(self) -> int: ...
    @property
    def token(self) -> str: ...
    @property
    def table(self) -> Table: ...
    @property
    def since_snapshot_id(self) -> int | None:
        """What was read before; None: nothing."""

class TableTail:
    """A table followed."""

    @staticmethod
    def open(session: Session, name: str, request: dict[str, Any]) -> TableTail: ...
    def next(self) -> TailStep | None:
        """The next snapshot that brought rows, None if there is none yet."""

    def token(self) -> str: ...

def read_changes(
    session: Session,
    table: Table,
    from_snapshot_id: int | None,
    to_snapshot_id: int | None,
    columns: Sequence[str] | None,
    keys: Sequence[str],
) -> tuple[Rows, Rows, Rows]:
    """Rows added, deleted and modified."""

class SchemaChange:
    """One change of a table's columns."""

    @staticmethod
    def add_column(
        parent: str, name: str, type_json: str, doc: str, required: bool, default: object | None
    ) -> SchemaChange: ...
    @staticmethod
    def drop_column(arg: str, /) -> SchemaChange: ...
    @staticmethod
    def rename_column(arg0: str, arg1: str, /) -> SchemaChange: ...
    @staticmethod
    def promote_column(arg0: str, arg1: str, /) -> SchemaChange: ...
    @staticmethod
    def require_column(name: str, required: bool) -> SchemaChange: ...
    @staticmethod
    def set_doc(arg0: str, arg1: str, /) -> SchemaChange: ...
    @staticmethod
    def set_default(name: str, type_text: str, value: object | None) -> SchemaChange: ...
    @staticmethod
    def move_column(name: str, *, after: str | None, before: str | None) -> SchemaChange: ...
    @staticmethod
    def set_identifier_columns(arg: Sequence[str], /) -> SchemaChange: ...

class PartitionSpecChange:
    """One change of how new files are partitioned."""

    @staticmethod
    def add_field(arg0: str, arg1: str, arg2: str, /) -> PartitionSpecChange: ...
    @staticmethod
    def remove_field(arg: str, /) -> PartitionSpecChange: ...
    @staticmethod
    def rename_field(arg0: str, arg1: str, /) -> PartitionSpecChange: ...

class RefChange:
    """One change of a branch or tag."""

    @staticmethod
    def create(
        name: str,
        is_tag: bool,
        snapshot_id: int,
        retention: tuple[int | None, int | None, int | None],
    ) -> RefChange: ...
    @staticmethod
    def remove(name: str, is_tag: bool) -> RefChange: ...
    @staticmethod
    def rename(arg0: str, arg1: str, /) -> RefChange: ...
    @staticmethod
    def set_snapshot(arg0: str, arg1: int, /) -> RefChange: ...
    @staticmethod
    def fast_forward(arg0: str, arg1: str, /) -> RefChange: ...
    @staticmethod
    def roll_back(arg0: str, arg1: int, /) -> RefChange: ...
    @staticmethod
    def roll_back_to_time(arg0: str, arg1: int, /) -> RefChange: ...
    @staticmethod
    def set_retention(
        name: str, retention: tuple[int | None, int | None, int | None]
    ) -> RefChange: ...

class Transaction:
    """Changes of one table, in one commit."""

    @staticmethod
    def begin(session: Session, table: str | Table) -> Transaction: ...
    def table(self) -> Table:
        """The table as the changes so far would leave it."""

    def snapshot_ids(self) -> list[int]: ...
    def check(self) -> None:
        """Raises once it has ended."""

    def is_over(self) -> bool: ...
    def update_schema(self, changes: Sequence[SchemaChange]) -> None: ...
    def changed_schema(self, changes: Sequence[SchemaChange]) -> str:
        """The schema after the changes, as JSON; nothing is changed."""

    def schema_sync(
        self, before: Sequence[SchemaChange], schema: object, drops_columns: bool
    ) -> tuple[list[SchemaChange], list[str], list[str], list[str]]:
        """(changes, added, updated, dropped)"""

    def check_spec(self, changes: Sequence[PartitionSpecChange]) -> None: ...
    def update_spec(self, changes: Sequence[PartitionSpecChange]) -> None: ...
    def update_sort_order(self, columns: Sequence[tuple[str, str, bool, bool | None]]) -> None: ...
    def update_properties(self, updates: Mapping[str, str], removals: Sequence[str]) -> None: ...
    def manage_refs(self, change: RefChange) -> None: ...
    def append(self, data: object, *, branch: str, summary: Mapping[str, str]) -> WriteReport: ...
    def overwrite(
        self,
        data: object,
        *,
        filter: str | Expression | None,
        allow_rows_outside_filter: bool,
        branch: str,
        summary: Mapping[str, str],
    ) -> WriteReport: ...
    def delete(
        self, *, filter: str | Expression | None, branch: str, summary: Mapping[str, str]
    ) -> WriteReport: ...
    def commit(self) -> tuple[int, bool]:
        """(attempts, whether the answer was lost)"""

    def abort(self) -> None: ...

def rewrite_data_files(
    session: Session, table: Table, request: dict[str, Any], *, progress: object | None
) -> dict[str, Any]: ...
def rewrite_manifests(
    session: Session, table: Table, target_size_bytes: int, dry_run: bool
) -> dict[str, Any]: ...
def expire_snapshots(session: Session, table: Table, request: dict[str, Any]) -> dict[str, Any]: ...
def remove_orphan_files(
    session: Session, table: Table, request: dict[str, Any]
) -> dict[str, Any]: ...
def analyze_expressions(
    session: Session | None,
    table: str,
    select: Sequence[Expression],
    filters: Sequence[Expression],
    group_by: Sequence[Expression],
) -> str:
    """
    The analysis as JSON; without a session, one that knows the table is looked for.
    """

def analyze_query(session: Session, query: Query) -> str:
    """The analysis of a query as JSON."""

def needed_columns(
    select: Sequence[Expression], filters: Sequence[Expression], group_by: Sequence[Expression]
) -> list[str] | None:
    """The columns that a query reads; None: all."""

class QueryCollector:
    """Collects queries; `iceframe.monitoring` wraps it."""

    def __init__(self, session: Session | None, max_queries: int) -> None: ...
    def start(self, table: str) -> str:
        """Announces a query of this thread; returns its id."""

    def end(
        self, query_id: str, rows_returned: int, cache_hit: bool, error: str | None
    ) -> None: ...
    def recent(self, limit: int) -> list[dict[str, Any]]:
        """Queries, newest first."""

    def stats(self) -> dict[str, Any]: ...

class QueryLog:
    """Keeps records; `iceframe.monitoring` wraps it."""

    @staticmethod
    def open(
        session: Session | None, path: str, *, max_entries: int, max_file_bytes: int, max_files: int
    ) -> QueryLog: ...
    def entries(self, limit: int) -> str:
        """The newest records first, as JSON."""

    def close(self) -> None: ...

def running_operations() -> str:
    """The operations of the process that run now, newest first, as JSON."""

class TraceRecorder:
    """Records traces; `iceframe.monitoring` wraps it."""

    def __init__(self, session: Session | None) -> None: ...
    def set_parent(self, parent: str) -> None:
        """What this thread's calls are part of from now on."""

    def give_ids(self, flags: int) -> None:
        """From now on operations have ids from their begin on."""

    def take(self, timeout_ms: int) -> list[dict[str, Any]]:
        """Waits for traces, and returns them."""

    def close(self) -> None: ...

def set_call_listener(listener: object | None) -> None:
    """Who is told, on the thread that calls, before each engine call."""

class ParallelRead:
    """One read among several."""

    @staticmethod
    def of_table(session: Session, name: str, request: dict[str, Any]) -> ParallelRead: ...
    @staticmethod
    def of_query(
        session: Session, query: Query, name: str, prepared: PreparedQuery | None
    ) -> ParallelRead: ...

class CancelScope:
    """Cancels the calls that threads make inside."""

    def __init__(self) -> None: ...
    def __enter__(self) -> object: ...
    def __exit__(self, type: object | None, error: object | None, trace: object | None) -> None: ...
    def cancel(self) -> None: ...
    def is_cancelled(self) -> bool: ...

def read_in_parallel(
    reads: Sequence[ParallelRead], *, max_parallel: int, progress: object | None
) -> list[object]:
    """Rows of each read, or its exception, in their order."""

def match_statistics(columns: dict[str, Any], filter: str | Expression | None) -> int:
    """-1: no row can match; 1: every row does; 0: unknown."""

class DataSkipper:
    """What scans skipped."""

    @staticmethod
    def of_process() -> DataSkipper: ...
    @staticmethod
    def of_session(session: Session) -> DataSkipper: ...
    def total(self) -> dict[str, Any]: ...
    def of_table(self, table: str) -> dict[str, Any]: ...
    def recent(self, limit: int) -> list[dict[str, Any]]: ...

class StreamingWriter:
    """`iceframe.streaming` wraps it."""

    @staticmethod
    def open(session: Session, table: str, options: dict[str, Any]) -> StreamingWriter: ...
    def write_row(self, row: object, token: str | None, wait: bool) -> int: ...
    def write(self, data: object, token: str | None, wait: bool) -> int: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...
    def refresh_form(self) -> bool:
        """Whether the table's columns have changed."""

    def enable_auto_compaction(self, every_n_flushes: int) -> None: ...
    def last_committed(self) -> int: ...
    def committed_token(self) -> str | None: ...
    @property
    def writer_id(self) -> str | None: ...
    @property
    def is_closed(self) -> bool: ...
    def stats(self) -> dict[str, Any]: ...

def list_writer_logs(
    session: Session, state_folder: str
) -> list[tuple[str, str, str, str, str, int, int, bool, str | None]]:
    """
    (writer id, table, catalog, table's uuid, folder, rows, bytes, is open, what is wrong)
    """

def replay_writer_logs(session: Session, table: str, state_folder: str) -> tuple[int, int]:
    """(rows, commits)"""

class KafkaStreamReport:
    """What a stream did."""

    @property
    def num_messages(self) -> int: ...
    @property
    def num_rows(self) -> int: ...
    @property
    def num_rejected(self) -> int: ...
    @property
    def num_commits(self) -> int: ...
    @property
    def num_bytes(self) -> int: ...
    @property
    def num_compactions(self) -> int: ...
    @property
    def num_pending(self) -> int: ...
    @property
    def num_rewinds(self) -> int: ...
    @property
    def offsets(self) -> dict[int, int]: ...
    @property
    def lag(self) -> int: ...
    @property
    def freshness_ms(self) -> int | None: ...
    @property
    def ended_by(self) -> str: ...
    @property
    def trouble(self) -> str: ...
    @property
    def elapsed_ms(self) -> int: ...

def kafka_library() -> str:
    """The librdkafka in use, which is loaded."""

class KafkaStream:
    """A topic that flows into a table."""

    @staticmethod
    def start(
        session: Session, table: str, request: dict[str, Any], dead_letter_table: str | None
    ) -> KafkaStream: ...
    def wait(self, timeout_ms: int) -> bool:
        """Whether it has ended, which is waited for at most so long."""

    def is_running(self) -> bool: ...
    def stop(self) -> None:
        """Has it commit what it read, and end."""

    def cancel(self) -> None:
        """Has it end at once."""

    def enable_auto_compaction(self, every_n_commits: int) -> None:
        """Joins small files after every so many commits."""

    def check(self) -> None:
        """Raises what it ended with."""

    def report(self) -> KafkaStreamReport: ...
