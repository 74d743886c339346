"""`IceFrame`: a catalog of Iceberg tables, opened for reading and writing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    NoReturn,
    ParamSpec,
    TypeVar,
    Unpack,
    cast,
)

from iceframe import _native
from iceframe._native import WriteReport
from iceframe.arguments import (
    filter_argument,
    identifier,
    levels,
    required_text,
    required_whole_number,
    string_properties,
    text,
    truth,
    whole_number,
)
from iceframe.catalog_config import CatalogConfig
from iceframe.errors import (
    AlreadyExistsError,
    ValidationError,
    shown,
)
from iceframe.expressions import Expression
from iceframe.incremental import IncrementalReads
from iceframe.maintenance_calls import MaintenanceCalls
from iceframe.not_built import FRAME, refuse
from iceframe.options import CreateOptions, OverwriteOptions, ScanOptions, checked
from iceframe.progress import ProgressOption, progress_listener
from iceframe.sessions import MAX_CONNECTIONS, HasBudget
from iceframe.table_input import num_rows_of, to_rows

if TYPE_CHECKING:
    from iceframe.branching import BranchManager, Retention
    from iceframe.cache import QueryCache
    from iceframe.catalog import Catalog
    from iceframe.evolution import PartitionEvolution
    from iceframe.namespaces import NamespaceManager
    from iceframe.partition import PartitionManager
    from iceframe.rollback import RollbackManager
    from iceframe.schema import SchemaEvolution
    from iceframe.table import Table
    from iceframe.transaction import Transaction

__all__ = ["IceFrame", "ScanOptions", "WriteReport"]

_MEMORY_LIMIT = "memory.limit"


def _pool_size(given: Any) -> int | None:  # noqa: ANN401 - what the user wrote
    number = whole_number("pool_size", given)
    if number is not None and not 1 <= number <= MAX_CONNECTIONS:
        raise ValidationError(f"pool_size must be from 1 to {MAX_CONNECTIONS}, got {number}")
    return number


def session_settings(
    settings: Mapping[str, Any] | None,
    more_settings: Mapping[str, Any],
    memory_limit: Any,  # noqa: ANN401 - what the user wrote
) -> tuple[dict[str, str], _native.MemoryBudget | None]:
    """Returns all settings that were given, by their names, and the budget to be below, if any."""
    values = string_properties("settings", settings)
    named = {name.replace("__", "."): value for name, value in more_settings.items()}
    values.update(string_properties("settings", named))
    if memory_limit is None:
        return values, None
    if _MEMORY_LIMIT in values:
        raise ValidationError("memory_limit and the setting memory.limit are both given")
    if isinstance(memory_limit, str):
        values[_MEMORY_LIMIT] = required_text("memory_limit", memory_limit)
        return values, None
    if (budget := getattr(memory_limit, "_budget", None)) is not None:
        return values, budget
    if (num_bytes := required_whole_number("memory_limit", memory_limit)) < 0:
        raise ValidationError(f"memory_limit must not be negative: {num_bytes}")
    values[_MEMORY_LIMIT] = str(num_bytes)
    return values, None


def native_cache(cache: Any) -> _native.QueryCache:  # noqa: ANN401 - what the user wrote
    from iceframe.cache import QueryCache

    if not isinstance(cache, QueryCache):
        raise ValidationError(f"cache must be a QueryCache, got {shown(cache)}")
    return cache._native


_P = ParamSpec("_P")
_R = TypeVar("_R")


class _ReadMethod(Generic[_P, _R]):
    """Stands for a method of the `IncrementalReads` that an `IceFrame` holds."""

    def __init__(self, method: Callable[Concatenate[IncrementalReads, _P], _R]) -> None:
        self._method = method

    def __get__(self, ice: IceFrame | None, owner: type) -> Any:  # noqa: ANN401 - bound, or not
        return self._method if ice is None else self._method.__get__(ice._reads)


def _read_method(
    method: Callable[Concatenate[IncrementalReads, _P], _R],
) -> Callable[Concatenate[IceFrame, _P], _R]:
    return cast("Callable[Concatenate[IceFrame, _P], _R]", _ReadMethod(method))


class IceFrame(MaintenanceCalls):
    """A catalog of Iceberg tables and the engine over it.

    A table's name is ``"namespace.table"``; a bare ``"table"`` stands for ``"default.table"``.
    Safe to use from many threads at once.

    Args:
        catalog_config: the catalog's configuration with PyIceberg's keys, e.g.
            ``{"type": "sql", "uri": "sqlite:///catalog.db", "warehouse": "file:///data"}``. None:
            the configured catalog (environment, ``.pyiceberg.yaml``), else an embedded SQLite
            catalog with a local warehouse (docs/catalogs.md says where).
        pool_size: the most connections to the catalog at once, at least 1. All of the process that
            have the same configuration share them (docs/pool.md); None: as many as there may be
            already, which is 5 at first.
        cache: the `QueryCache` of this IceFrame's queries; None: they use the process's.
        memory_limit: the most memory that operations hold at once, as bytes or as a size
            (``"1GB"``); 0: no limit. The same as the setting ``memory.limit``. Or a
            `iceframe.memory.MemoryManager` whose limit the session shares.
        settings: engine settings by name, dots as double underscores
            (``memory__limit="4GB"``), or as a mapping under ``settings=``.

    Example:
        >>> import tempfile
        >>> from iceframe import IceFrame
        >>> folder = tempfile.mkdtemp()
        >>> ice = IceFrame({"type": "sql", "uri": f"sqlite:///{folder}/catalog.db",
        ...                 "warehouse": f"file://{folder}"})
        >>> _ = ice.create_table("users", {"id": "long", "name": "string"})
        >>> ice.append_to_table("users", {"id": [1, 2], "name": ["Ada", "Bob"]}).num_rows
        2
        >>> ice.to_arrow("users", filter_expr="id > 1").to_pylist()
        [{'id': 2, 'name': 'Bob'}]
    """

    def __init__(
        self,
        catalog_config: Mapping[str, Any] | None = None,
        pool_size: int | None = None,
        *,
        cache: QueryCache | None = None,
        memory_limit: int | str | HasBudget | None = None,
        settings: Mapping[str, Any] | None = None,
        **more_settings: Any,  # noqa: ANN401 - any setting's value
    ) -> None:
        if catalog_config is not None and not isinstance(catalog_config, Mapping):
            raise ValidationError(
                f"catalog configuration must be a mapping, got {type(catalog_config).__name__}; "
                'give one such as {"uri": "sqlite:///catalog.db", "warehouse": "file:///data"}'
            )
        #: The configuration that was given; the IceFrame's repr says which catalog is meant.
        self.catalog_config = CatalogConfig(catalog_config or {})
        #: The most connections to the catalog, as it was given.
        self.pool_size = _pool_size(pool_size)
        self._session = _native.Session.open(
            string_properties("catalog_config", catalog_config),
            *session_settings(settings, more_settings, memory_limit),
            None if cache is None else native_cache(cache),
            self.pool_size,
            connect=True,
        )
        if cache is not None:
            cache._bind()
        self._reads = IncrementalReads(self._session)

    @classmethod
    def _over(cls, session: _native.Session, catalog_config: CatalogConfig) -> IceFrame:
        """Returns the IceFrame of a session that was opened elsewhere."""
        ice = cls.__new__(cls)
        ice.catalog_config = catalog_config
        ice.pool_size = None
        ice._session = session
        ice._reads = IncrementalReads(session)
        return ice

    @property
    def catalog(self) -> Catalog:
        """The catalog by itself, under PyIceberg's names; each call takes a connection for itself.

        Example:
            >>> demo().catalog.list_tables("default")
            [('default', 'users')]
        """
        from iceframe.catalog import Catalog

        return Catalog(self._session)

    # Type checkers find what there is not by themselves.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise refuse(self, FRAME, name)

    def __repr__(self) -> str:
        return f"IceFrame({self._session!r})"

    def _repr_html_(self) -> str:
        """The catalog and its namespaces, for notebooks."""
        rows = []
        for name in self.list_namespaces():
            tables = ", ".join(table.rsplit(".", 1)[-1] for table in self.list_tables(name[0]))
            rows.append((name[0], tables))
        from iceframe.html import html_table

        return html_table(repr(self._session), ("namespace", "tables"), rows)

    # -- tables --------------------------------------------------------------------------------

    def create_table(
        self,
        table_name: str,
        schema: Any,  # noqa: ANN401 - see Args
        partition_spec: Sequence[tuple[str, str]] | None = None,
        sort_order: Sequence[Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        **options: Unpack[CreateOptions],
    ) -> Table:
        """Creates an empty table, and its namespace where that is missing.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
            schema: an Arrow schema or anything with ``__arrow_c_schema__``, a schema of Polars or
                PyIceberg, a DataFrame (its schema is taken, no rows are written), a pydantic model
                (what can't be None is required), or a mapping of column to type:
                ``{"id": "long", "ts": "timestamptz", "tags": "list<string>"}``; a value
                may also be ``{"type": …, "required": True}``.
            partition_spec: columns, or (column, transform) pairs; transforms: identity, bucket[N],
                truncate[W], year, month, day, hour and void.
            sort_order: columns, or tuples of column and "desc"/"asc"/"nulls-first"/"nulls-last".
            properties: table properties.
            **options: location, format_version and exist_ok; see `CreateOptions`.

        Raises:
            AlreadyExistsError: the table is there and exist_ok is False.
            ValidationError: an unknown type, transform or column.

        Example:
            >>> ice = demo()
            >>> table = ice.create_table("events", {"ts": "timestamptz", "n": "int"},
            ...                          partition_spec=[("ts", "day")])
            >>> table.name()
            ('default', 'events')
        """
        from iceframe.table_creation import create_table

        parts = (partition_spec, sort_order, properties)
        return create_table(self._session, table_name, schema, *parts, **options)

    def get_table(self, table_name: str) -> Table:
        """Returns a table as it is now.

        Raises:
            TableNotFoundError: there is none of that name.
        """
        return self._table(self._session.load_table(identifier(table_name)))

    def table_exists(self, table_name: str) -> bool:
        """Returns whether there is a table of that name."""
        return self._session.table_exists(identifier(table_name))

    def drop_table(self, table_name: str, *, purge: bool = False) -> None:
        """Removes a table from the catalog; with ``purge`` its files are deleted too."""
        self._session.drop_table(identifier(table_name), purge=truth("purge", purge))

    def rename_table(self, table_name: str, new_name: str) -> None:
        """Gives a table another name; its files stay where they are.

        Raises:
            TableNotFoundError: there is no such table.
            AlreadyExistsError: the new name is taken.
        """
        self._session.rename_table(identifier(table_name), identifier(new_name))

    def _table(self, native: _native.Table) -> Table:
        from iceframe.table import Table

        return Table(self._session, native)

    def register_table(self, table_name: str, metadata_location: str) -> Table:
        """Adds a table that lies somewhere already, by its metadata file; nothing is copied.

        Raises:
            AlreadyExistsError: the name is taken.
        """
        return self._table(
            self._session.register_table(
                identifier(table_name), required_text("metadata_location", metadata_location)
            )
        )

    def list_tables(self, namespace: str = "default") -> list[str]:
        """Returns "namespace.table" names, sorted.

        Raises:
            NotFoundError: the namespace does not exist; "default" is made with its first table and
                counts as empty before.
        """
        return self._session.list_tables(".".join(levels("namespace", namespace)))

    # -- namespaces ----------------------------------------------------------------------------

    def create_namespace(
        self,
        name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        exist_ok: bool = False,
    ) -> None:
        """Creates a namespace, "a.b" being b inside a.

        With ``exist_ok`` one that is there stays as it is, its properties too.

        Raises:
            AlreadyExistsError: the namespace is there and exist_ok is False.
        """
        truth("exist_ok", exist_ok)
        try:
            self.namespaces.create_namespace(name, properties)
        except AlreadyExistsError:
            if not exist_ok:
                raise

    def load_namespace_properties(self, name: str) -> dict[str, str]:
        """Returns a namespace's properties.

        Raises:
            NotFoundError: there is no such namespace.
        """
        return self.namespaces.load_namespace_properties(name)

    def update_namespace_properties(
        self,
        name: str,
        removals: Iterable[str] | None = None,
        updates: Mapping[str, Any] | None = None,
    ) -> None:
        """Removes and sets properties of a namespace.

        Raises:
            NotFoundError: there is no such namespace.
            ValidationError: a key is in both.

        Example:
            >>> ice = demo()
            >>> ice.update_namespace_properties("default", updates={"owner": "ada"})
            >>> ice.load_namespace_properties("default")["owner"]
            'ada'
        """
        self.namespaces.update_namespace_properties(name, removals, updates)

    def drop_namespace(self, name: str) -> None:
        """Removes an empty namespace."""
        self.namespaces.drop_namespace(name)

    @property
    def namespaces(self) -> NamespaceManager:
        """The same calls on namespaces as an object of their own."""
        from iceframe.namespaces import NamespaceManager

        return NamespaceManager(self._session)

    def list_namespaces(self, parent: str | None = None) -> list[tuple[str, ...]]:
        """Returns the namespaces directly below ``parent`` (None: the top level), sorted."""
        return self.namespaces.list_namespaces(parent)

    # -- reading -------------------------------------------------------------------------------

    scan = _read_method(IncrementalReads.scan)
    scan_batches = _read_method(IncrementalReads.scan_batches)
    to_arrow = _read_method(IncrementalReads.to_arrow)
    read_table = _read_method(IncrementalReads.read_table)
    read_table_chunked = _read_method(IncrementalReads.read_table_chunked)
    to_pandas = _read_method(IncrementalReads.to_pandas)
    head = _read_method(IncrementalReads.head)
    count_rows = _read_method(IncrementalReads.count_rows)
    describe = _read_method(IncrementalReads.describe)
    lazy = _read_method(IncrementalReads.lazy)
    query = _read_method(IncrementalReads.query)
    read_incremental = _read_method(IncrementalReads.read_incremental)
    get_changes = _read_method(IncrementalReads.get_changes)
    get_row_changes = _read_method(IncrementalReads.get_row_changes)
    tail = _read_method(IncrementalReads.tail)

    def read_tables_parallel(
        self,
        table_names: Sequence[str] | Mapping[str, Mapping[str, Any]],
        max_workers: int = 4,
        **read_kwargs: Any,  # noqa: ANN401 - options of `read_table`, or mappings of them
    ) -> dict[str, Any]:
        """Returns several tables' rows at once, by name, in the order asked.

        Args:
            table_names: the tables; or, by table, options of its own.
            max_workers: the most tables at once.
            **read_kwargs: as for `ParallelExecutor.read_tables_parallel`, ``return_exceptions``
                among them.

        Raises:
            ParallelError: tables failed, be it one: each is named by a member.

        Example:
            >>> frames = demo().read_tables_parallel(["users"], limit=1)
            >>> frames["users"].height
            1
        """
        from iceframe.parallel import ParallelExecutor

        return ParallelExecutor(max_workers).read_tables_parallel(self, table_names, **read_kwargs)

    # -- changes of a table --------------------------------------------------------------------

    def transaction(self, table_name: str) -> Transaction:
        """Begins a transaction: several changes of one table in one commit.

        Raises:
            TableNotFoundError: there is no such table.

        Example:
            >>> ice = demo()
            >>> with ice.transaction("users") as tx:
            ...     _ = tx.append({"id": [3]})
            ...     _ = tx.set_properties(owner="ada")
            >>> ice.get_table("users").properties["owner"]
            'ada'
        """
        from iceframe.transaction import Transaction

        return Transaction(self._session, identifier(table_name))

    def alter_table(self, table_name: str) -> SchemaEvolution:
        """Returns what changes a table's columns: ``ice.alter_table("t").add_column("a", "int")``.

        Each call is one commit; within ``with`` all of them are.
        """
        from iceframe.schema import SchemaEvolution

        return SchemaEvolution(self.get_table(table_name))

    def evolve_schema(self, table_name: str) -> SchemaEvolution:
        """As `alter_table`."""
        return self.alter_table(table_name)

    def partition_by(self, table_name: str) -> PartitionManager:
        """Returns what adds and drops partition fields; see `PartitionManager`."""
        from iceframe.partition import PartitionManager

        return PartitionManager(self.get_table(table_name))

    def evolve_partition(self, table_name: str) -> PartitionEvolution:
        """Returns what has a method for each way to partition; see `PartitionEvolution`."""
        from iceframe.evolution import PartitionEvolution

        return PartitionEvolution(self.get_table(table_name))

    def set_sort_order(self, table_name: str, sort_order: Sequence[Any] | None) -> None:
        """Sorts new files so, as `create_table` takes it; None or an empty list: not at all."""
        with self.transaction(table_name) as tx:
            tx.set_sort_order(sort_order)

    def set_properties(
        self,
        table_name: str,
        properties: Mapping[str, Any] | None = None,
        **more: Any,  # noqa: ANN401 - any property's value
    ) -> None:
        """Sets properties of a table; others stay."""
        with self.transaction(table_name) as tx:
            tx.set_properties(properties, **more)

    def remove_properties(self, table_name: str, *names: str) -> None:
        """Removes properties of a table; those that are not there are passed over."""
        with self.transaction(table_name) as tx:
            tx.remove_properties(*names)

    # -- branches and snapshots ----------------------------------------------------------------

    def branches(self, table_name: str) -> BranchManager:
        """Returns what makes, lists, moves and removes branches and tags of a table."""
        from iceframe.branching import BranchManager

        return BranchManager(self.get_table(table_name))

    def create_branch(
        self,
        table_name: str,
        branch_name: str,
        snapshot_id: int | None = None,
        **retention: Unpack[Retention],
    ) -> None:
        """Makes a branch; as `BranchManager.create_branch`."""
        self.branches(table_name).create_branch(branch_name, snapshot_id, **retention)

    def tag_snapshot(
        self, table_name: str, snapshot_id: int, tag_name: str, max_ref_age_ms: int | None = None
    ) -> None:
        """Names a snapshot; as `BranchManager.tag_snapshot`."""
        self.branches(table_name).tag_snapshot(snapshot_id, tag_name, max_ref_age_ms)

    def drop_branch(self, table_name: str, branch_name: str) -> None:
        """Removes a branch; as `BranchManager.remove_branch`."""
        self.branches(table_name).remove_branch(branch_name)

    def drop_tag(self, table_name: str, tag_name: str) -> None:
        """Removes a tag; as `BranchManager.remove_tag`."""
        self.branches(table_name).remove_tag(tag_name)

    def list_branches(self, table_name: str) -> list[str]:
        """Returns the names of a table's branches, sorted."""
        return self.branches(table_name).list_branches()

    def list_tags(self, table_name: str) -> list[str]:
        """Returns the names of a table's tags, sorted."""
        return self.branches(table_name).list_tags()

    def fast_forward(self, table_name: str, branch: str, to_branch: str) -> None:
        """Moves a branch forward to another; as `BranchManager.fast_forward`."""
        self.branches(table_name).fast_forward(branch, to_branch)

    def _rollback(self, table_name: str) -> RollbackManager:
        from iceframe.rollback import RollbackManager

        return RollbackManager(self.get_table(table_name))

    def rollback_to_snapshot(self, table_name: str, snapshot_id: int) -> None:
        """Moves main back to an ancestor; as `RollbackManager.rollback_to_snapshot`."""
        self._rollback(table_name).rollback_to_snapshot(snapshot_id)

    def rollback_to_timestamp(self, table_name: str, timestamp_ms: int | dt.datetime) -> None:
        """Moves main back to before a time; as `RollbackManager.rollback_to_timestamp`."""
        self._rollback(table_name).rollback_to_timestamp(timestamp_ms)

    def set_current_snapshot(self, table_name: str, snapshot_id: int) -> None:
        """Moves main to any snapshot; as `RollbackManager.set_current_snapshot`."""
        self._rollback(table_name).set_current_snapshot(snapshot_id)

    # -- writing -------------------------------------------------------------------------------

    def append_to_table(
        self,
        table_name: str,
        data: Any,  # noqa: ANN401 - anything with rows
        branch: str | None = None,
        *,
        snapshot_properties: Mapping[str, Any] | None = None,
        progress: ProgressOption = False,
    ) -> WriteReport:
        """Appends rows in one snapshot.

        Columns are matched by name and cast without loss; a value that does not fit is an error
        and nothing is written.

        Args:
            table_name: the table.
            data: a Polars or pandas frame, an Arrow table, batch or reader, anything with
                ``__arrow_c_stream__``; a dict of columns; a list or iterator of dicts, pydantic
                models, data classes or named tuples, or of batches or frames. Python's values are
                read by the table's types (docs/types.md). Readers and iterators are consumed
                batch by batch in bounded memory, on the calling thread. Optional columns that
                are left out are null.
            branch: the branch to append to, made where it is missing; None: main.
            snapshot_properties: extra entries of the snapshot's summary.
            progress: False, True (a bar on a terminal or in a notebook) or a callable of a
                `Progress`.

        Raises:
            TableNotFoundError: there is no such table.
            SchemaError: a column is unknown or missing, a value does not fit, or a required
                column has a null; it names column, row and value.
            CommitConflictError: other writers were faster, until the retries were used up.
            CommitStateUnknownError: the commit may have landed; look before trying again.
            KeyboardInterrupt: Ctrl-C. A commit that is under way is waited for, at most 5 s; a note
                says whether it landed.

        Example:
            >>> ice = demo()
            >>> ice.append_to_table("users", {"id": [3], "name": ["Cid"]}).num_rows
            1
            >>> ice.to_arrow("users", filter_expr="id = 3").to_pylist()
            [{'id': 3, 'name': 'Cid', 'age': None}]
        """
        with progress_listener(progress, num_rows_of(data)) as listener:
            return self._session.append(
                identifier(table_name),
                to_rows(data),
                branch=text("branch", branch) or "main",
                summary=string_properties("snapshot_properties", snapshot_properties),
                progress=listener,
            )

    def overwrite_table(
        self,
        table_name: str,
        data: Any,  # noqa: ANN401 - anything with rows
        filter_expr: str | Expression | None = None,
        branch: str | None = None,
        **options: Unpack[OverwriteOptions],
    ) -> WriteReport:
        """Replaces rows in one snapshot: all of them, or those of the files that match.

        Args:
            table_name: the table.
            data: as for `append_to_table`.
            filter_expr: SQL text such as ``"day = DATE '2024-03-01'"``, or an expression; every
                data file must match it wholly or not at all, which is found out by reading its
                rows where partition and bounds don't tell.
            branch: the branch to write to, made where it is missing; None: main.
            **options: allow_rows_outside_filter, snapshot_properties and progress; see
                `OverwriteOptions`.

        Raises:
            ValidationError: a row of ``data`` does not match the filter.
            UnsupportedOperationError: the filter matches only some rows of a data file.
            Errors of `append_to_table` too.

        Example:
            >>> ice = demo()
            >>> ice.overwrite_table("users", {"id": [9], "name": ["Zoe"]}).num_deleted_files
            1
            >>> ice.to_arrow("users", ["id"]).to_pydict()
            {'id': [9]}
        """
        chosen = checked(OverwriteOptions, options)
        request = {
            "filter": filter_argument("filter_expr", filter_expr),
            "allow_rows_outside_filter": chosen.get("allow_rows_outside_filter", False),
            "branch": text("branch", branch) or "main",
            "summary": string_properties("snapshot_properties", chosen.get("snapshot_properties")),
        }
        with progress_listener(chosen.get("progress", False), num_rows_of(data)) as listener:
            rows = to_rows(data, replaces=True)
            return self._session.overwrite(identifier(table_name), rows, request, progress=listener)
