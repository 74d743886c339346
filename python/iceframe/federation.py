"""`CatalogFederation`: several catalogs under names, read and queried as one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from iceframe import _native
from iceframe.arguments import (
    column_names,
    filter_argument,
    identifier,
    required_text,
    string_properties,
)
from iceframe.catalog_config import CatalogConfig
from iceframe.errors import ValidationError, shown
from iceframe.frame import IceFrame, native_cache, session_settings
from iceframe.incremental import IncrementalReads
from iceframe.options import UnionTablesOptions, checked
from iceframe.parallel_requests import listed
from iceframe.polars_frames import to_polars
from iceframe.progress import progress_listener
from iceframe.query import QueryBuilder
from iceframe.sessions import HasBudget

if TYPE_CHECKING:
    import polars as pl

    from iceframe.cache import QueryCache
    from iceframe.expressions import Expression

__all__ = ["CatalogFederation"]

#: More tables at once than any machine has use for.
_MAX_WORKERS = 1024

#: A table: the name of its catalog, and its own there.
TableSpec = tuple[str, str | tuple[str, ...]]


class CatalogFederation:
    """Catalogs under names, each opened when it is first used; safe to use from many threads.

    A table is ``"catalog.namespace.table"``; ``"catalog.table"`` is in the namespace "default".

    Args:
        cache: as for `IceFrame`; of what is read through the federation, like the others.
        memory_limit: as for `IceFrame`.
        settings: as for `IceFrame`.

    Example:
        >>> from iceframe.federation import CatalogFederation
        >>> federation = CatalogFederation()
        >>> federation.add_catalog("prod", demo())
        >>> federation.add_catalog("dev", {"type": "in-memory"})
        >>> federation.list_catalogs()
        ['prod', 'dev']
        >>> federation.query("prod.users").select("name").execute()["name"].to_list()
        ['Ada', 'Bob']
    """

    def __init__(
        self,
        *,
        cache: QueryCache | None = None,
        memory_limit: int | str | HasBudget | None = None,
        settings: Mapping[str, Any] | None = None,
        **more_settings: Any,  # noqa: ANN401 - any setting's value
    ) -> None:
        self._native = _native.CatalogFederation.make(
            *session_settings(settings, more_settings, memory_limit),
            None if cache is None else native_cache(cache),
        )
        if cache is not None:
            cache._bind()
        self._session = self._native.session()
        self._reads = IncrementalReads(self._session)
        self._configs: dict[str, CatalogConfig] = {}
        # Those that were added or asked for.
        self._frames: dict[str, IceFrame] = {}

    def __repr__(self) -> str:
        return f"CatalogFederation({', '.join(self.list_catalogs())})"

    # -- catalogs ----------------------------------------------------------------------------------

    def add_catalog(self, name: str, catalog_config: Mapping[str, Any] | IceFrame) -> None:
        """Adds a catalog; nothing is connected before it is used.

        Args:
            name: what tables' names begin with, without dots.
            catalog_config: as for `IceFrame`, or one that is open.

        Raises:
            AlreadyExistsError: the name is taken.
            ValidationError: what can't be a name or a configuration.
        """
        required_text("name", name)
        if isinstance(catalog_config, IceFrame):
            config = catalog_config.catalog_config
            self._native.add_session(name, catalog_config._session)
            self._frames[name] = catalog_config
        elif isinstance(catalog_config, Mapping):
            config = CatalogConfig(catalog_config)
            properties = string_properties("catalog_config", catalog_config)
            self._native.add_catalog(name, properties, {}, None, None)
        else:
            kind = type(catalog_config).__name__
            raise ValidationError(f"catalog_config must be a mapping or an IceFrame, got {kind}")
        self._configs[name] = config

    def remove_catalog(self, name: str) -> None:
        """Forgets a catalog; its tables stay as they are, and what is being read is read on.

        Raises:
            CatalogNotFoundError: there is none of that name.
        """
        self._native.remove_catalog(required_text("name", name))
        self._configs.pop(name, None)
        self._frames.pop(name, None)

    def list_catalogs(self) -> list[str]:
        """Returns the catalogs' names in the order in which they were added."""
        return self._native.list_catalogs()

    def get_catalog(self, name: str) -> IceFrame:
        """Returns a catalog's own `IceFrame`, opened if it was not; always the same.

        Raises:
            CatalogNotFoundError: there is none of that name; it is a ValueError too.
            Errors of `IceFrame`, which name the catalog.

        Example:
            >>> federation = CatalogFederation()
            >>> federation.add_catalog("prod", demo())
            >>> federation.get_catalog("prod").list_tables()
            ['default.users']
        """
        session = self._native.get_catalog(required_text("name", name))
        ice = self._frames.get(name)
        if ice is None or ice._session is not session:
            ice = IceFrame._over(session, self._configs.get(name, CatalogConfig()))
            self._frames[name] = ice
        return ice

    # -- tables ------------------------------------------------------------------------------------

    def read_table(
        self,
        catalog_name: str,
        table_name: str,
        columns: Sequence[str] | None = None,
        filter: str | Expression | None = None,
        **options: Any,  # noqa: ANN401 - as `IceFrame.read_table`
    ) -> pl.DataFrame:
        """Returns a table's rows; other arguments and errors are those of `IceFrame.read_table`.

        Example:
            >>> federation = CatalogFederation()
            >>> federation.add_catalog("prod", demo())
            >>> federation.read_table("prod", "users", ["name"], "id > 1").to_dicts()
            [{'name': 'Bob'}]
        """
        name = _full_name((catalog_name, table_name))
        if filter is not None:
            options["filter"] = filter
        return self._reads.read_table(name, columns, **options)

    def union_tables(
        self,
        table_specs: Iterable[TableSpec],
        columns: Sequence[str] | None = None,
        filter: str | Expression | None = None,
        **options: Unpack[UnionTablesOptions],
    ) -> pl.DataFrame:
        """Returns the rows of several tables in one frame, in the tables' order.

        Columns, and fields of structs, meet by name, in the order of the first table, then what
        later ones have more. Types are promoted where no value can be lost: int to long, float to
        double, decimals to more digits, microseconds to nanoseconds, columns of nulls to any type.
        What a table lacks is null in its rows. The catalogs are asked and the tables read several
        at once, each in one state.

        Args:
            table_specs: (catalog, table) pairs; ``[]`` gives an empty frame.
            columns: names in the order wanted; None: all.
            filter: SQL text or an expression over the columns of the union, which each table skips
                files by.
            **options: source_column, match_by, on_failure, max_workers and progress; see
                `UnionTablesOptions`.

        Raises:
            ValidationError: columns of one name have types that don't meet: it names the column,
                both types and both tables.
            TableNotFoundError: there is no such table.
            Errors of a catalog, which name it.

        Example:
            >>> federation = CatalogFederation()
            >>> federation.add_catalog("prod", demo())
            >>> federation.add_catalog("dev", demo())
            >>> both = federation.union_tables(
            ...     [("prod", "users"), ("dev", "users")], ["name"], "id = 1"
            ... )
            >>> both.to_dict(as_series=False)
            {'name': ['Ada', 'Ada']}
        """
        chosen = checked(UnionTablesOptions, options)
        tables = [_pair(spec) for spec in listed("table_specs", table_specs)]
        request: dict[str, Any] = {
            "columns": column_names(columns),
            "filter": filter_argument("filter", filter),
            "by_field_id": _is_by_id(chosen.get("match_by", "name")),
            **_source_columns(chosen.get("source_column")),
        }
        on_failure = _listener(chosen.get("on_failure"))
        workers = _num_workers(chosen.get("max_workers", 4))
        if not tables:
            import polars as pl

            return pl.DataFrame()
        with progress_listener(chosen.get("progress", False)) as progress:
            rows, failures = self._native.read_union(
                tables,
                request,
                skip_failures=on_failure is not None,
                max_parallel=workers,
                progress=progress,
            )
        for index, error in failures:
            if on_failure is not None:
                on_failure(*tables[index], error)
        return to_polars(rows)

    def query(
        self,
        table_name: Any,  # noqa: ANN401 - a table's name, or data
        *,
        snapshot_id: int | None = None,
        as_of_timestamp: int | dt.datetime | None = None,
        ref: str | None = None,
    ) -> QueryBuilder:
        """Starts a query over a table of any of the catalogs, to be joined and united with others.

        Args:
            table_name: "catalog.namespace.table", or "catalog.table" in the namespace "default"; or
                data. So are the names that `QueryBuilder.join` and `union` take.
            snapshot_id: as for `IceFrame.query`.
            as_of_timestamp: as for `IceFrame.query`.
            ref: as for `IceFrame.query`.

        Example:
            >>> federation = CatalogFederation()
            >>> federation.add_catalog("prod", demo())
            >>> federation.add_catalog("dev", demo())
            >>> both = federation.query("prod.users").join("dev.default.users", "id")
            >>> both.select("count(*) AS n").execute().item()
            2
        """
        return self._reads.query(
            table_name, snapshot_id=snapshot_id, as_of_timestamp=as_of_timestamp, ref=ref
        )


def _pair(spec: Any) -> tuple[str, str]:  # noqa: ANN401 - what the user wrote
    """Returns the catalog and the table that are meant."""
    if not isinstance(spec, tuple | list) or len(spec) != 2:
        raise ValidationError(f"a table is given as (catalog, table), got {shown(spec)}")
    return required_text("catalog name", spec[0]), identifier(spec[1])


def _full_name(spec: tuple[str, Any]) -> str:
    return ".".join(_pair(spec))


def _source_columns(given: Any) -> dict[str, str]:  # noqa: ANN401 - what the user wrote
    """Returns the names of the columns that say where a row is from."""
    if given is None:
        return {}
    if isinstance(given, tuple | list) and len(given) == 2:
        return {
            "catalog_column": required_text("source_column", given[0]),
            "table_column": required_text("source_column", given[1]),
        }
    return {"catalog_column": required_text("source_column", given)}


def _is_by_id(match_by: Any) -> bool:  # noqa: ANN401 - what the user wrote
    if required_text("match_by", match_by) not in ("name", "id"):
        raise ValidationError(f"match_by must be 'name' or 'id', got {shown(match_by)}")
    return bool(match_by == "id")


def _listener(on_failure: Any) -> Any:  # noqa: ANN401 - what the user wrote
    if on_failure is not None and not callable(on_failure):
        raise ValidationError(f"on_failure can't be called: {shown(on_failure)}")
    return on_failure


def _num_workers(max_workers: int) -> int:
    if not 1 <= max_workers <= _MAX_WORKERS:
        raise ValidationError(f"max_workers must be from 1 to {_MAX_WORKERS}, got {max_workers}")
    return max_workers
