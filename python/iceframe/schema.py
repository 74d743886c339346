"""`SchemaEvolution`: changing a table's columns."""

from __future__ import annotations

import json
from typing import Any, Self

from iceframe import _native
from iceframe.arguments import required_text, text, texts, truth
from iceframe.errors import ValidationError, shown
from iceframe.pending_changes import PendingChanges
from iceframe.table_input import to_table_schema
from iceframe.table_schema import Schema
from iceframe.type_names import iceberg_type

__all__ = ["SchemaEvolution", "UpdateSchema"]

_PLACES = ("after", "before")


class SchemaEvolution(PendingChanges[_native.SchemaChange]):
    """Changes of a table's columns.

    Each call is one commit; within ``with`` all of them are. Names of nested columns are dotted
    (``"place.city"``), or tuples of their parts. Every call returns the object, so that calls can
    be chained.

    Args:
        table: a table, as `IceFrame.get_table` returns it, or a `Transaction`.

    Example:
        >>> ice = demo()
        >>> with ice.alter_table("users") as change:
        ...     _ = change.add_column("email", "string", doc="work").rename_column("name", "full")
        ...     _ = change.move_first("email")
        >>> ice.get_table("users").schema().column_names
        ['email', 'id', 'full', 'age']
    """

    def add_column(
        self,
        name: str | tuple[str, ...],
        type_str: Any,  # noqa: ANN401 - as create_table takes types
        doc: str | None = None,
        *,
        required: bool = False,
        default: Any = None,  # noqa: ANN401 - any value of the type
        position: str | tuple[str, str] | None = None,
    ) -> Self:
        """Adds a column; rows that are there read as its default, else as null.

        Args:
            name: the column; below a struct, a list's or a map's rows: ``"place.city"``.
            type_str: a type as `IceFrame.create_table` takes it: ``"decimal(9, 2)"``,
                ``"list<string>"``, ``pl.Int64``, a mapping for a struct, ….
            doc: a description.
            required: whether it can't be null; a table with rows needs a default then.
            default: the value of rows that are there, and of new ones without the column (format
                version 3).
            position: ``"first"``, ``("after", sibling)`` or ``("before", sibling)``; None: last.

        Raises:
            ValidationError: the name is taken, or the type, default or position is not valid.
            SchemaError: the type needs a newer format version.
        """
        parent, own_name = _path(name)
        moves = [] if position is None else [_move(parent, own_name, position)]
        with self._joined() as transaction:
            change = _native.SchemaChange.add_column(
                parent,
                own_name,
                _type_json(transaction, own_name, type_str),
                text("doc", doc) or "",
                truth("required", required),
                default,
            )
            return self._add(change, *moves)

    def drop_column(self, name: str | tuple[str, ...]) -> Self:
        """Drops a column; its id is never used again.

        Raises:
            ValidationError: there is none, or the table is partitioned or sorted by it.
        """
        return self._add(_native.SchemaChange.drop_column(_full_name(name)))

    def rename_column(self, old_name: str | tuple[str, ...], new_name: str) -> Self:
        """Gives a column another name: the last part of it only, for a nested one."""
        return self._add(
            _native.SchemaChange.rename_column(
                _full_name(old_name), required_text("new_name", new_name)
            )
        )

    def update_column_type(self, name: str | tuple[str, ...], new_type_str: Any) -> Self:  # noqa: ANN401
        """Gives a column a wider type, in which old rows can be read too.

        Raises:
            ValidationError: the type can't become that one; the message says what it can become.
        """
        full_name = _full_name(name)
        with self._joined() as transaction:
            wanted = _type_json(transaction, full_name, new_type_str)
            return self._add(_native.SchemaChange.promote_column(full_name, wanted))

    def make_column_optional(self, name: str | tuple[str, ...]) -> Self:
        """Lets a column be null."""
        return self._add(_native.SchemaChange.require_column(_full_name(name), False))

    def require_column(self, name: str | tuple[str, ...]) -> Self:
        """Makes a column required.

        Raises:
            ValidationError: a data file holds nulls in it, or does not tell; raised by the commit.
        """
        return self._add(_native.SchemaChange.require_column(_full_name(name), True))

    def set_doc(self, name: str | tuple[str, ...], doc: str | None) -> Self:
        """Describes a column; None takes the description away."""
        return self._add(_native.SchemaChange.set_doc(_full_name(name), text("doc", doc) or ""))

    def set_default(self, name: str | tuple[str, ...], value: Any) -> Self:  # noqa: ANN401 - of its type
        """Sets what new rows without a column get; rows that are there stay what they are.

        Needs format version 3. None: null.
        """
        full_name = _full_name(name)
        with self._joined() as transaction:
            schema = Schema(json.loads(transaction.changed_schema(self._changes)))
            known = full_name in schema.column_names
            type_text = str(schema.find_field(full_name).field_type) if known else "unknown"
            return self._add(_native.SchemaChange.set_default(full_name, type_text, value))

    def move_first(self, name: str | tuple[str, ...]) -> Self:
        """Puts a column first among its siblings."""
        return self._add(_move(*_path(name), "first"))

    def move_before(self, name: str | tuple[str, ...], sibling: str) -> Self:
        """Puts a column before one of its siblings."""
        return self._add(_move(*_path(name), ("before", sibling)))

    def move_after(self, name: str | tuple[str, ...], sibling: str) -> Self:
        """Puts a column after one of its siblings."""
        return self._add(_move(*_path(name), ("after", sibling)))

    def set_identifier_fields(self, *names: str) -> Self:
        """Sets the columns that identify a row; they must be required. None: no column does."""
        return self._add(_native.SchemaChange.set_identifier_columns(texts("names", names)))

    def sync_schema(self, df: Any, allow_drops: bool = False) -> dict[str, list[str]]:  # noqa: ANN401
        """Makes the columns those of a frame, at every depth.

        New columns are added as optional ones, types become wider where the frame's are. A column
        that takes the frame's values already stays as it is.

        Args:
            df: a frame, or any schema that `IceFrame.create_table` takes.
            allow_drops: drop columns that the frame has not.

        Returns:
            The names of columns under ``"added"``, ``"updated"`` and ``"dropped"``.

        Raises:
            SchemaError: a column can't become of the frame's type; nothing is changed.

        Example:
            >>> import polars as pl
            >>> ice = demo()
            >>> ice.alter_table("users").sync_schema(pl.DataFrame({"id": [1], "email": ["a@b"]}))
            {'added': ['email'], 'updated': [], 'dropped': []}
        """
        with self._joined() as transaction:
            wanted = to_table_schema(df, transaction.table().format_version())
            changes, *names = transaction.schema_sync(
                self._changes, wanted, truth("allow_drops", allow_drops)
            )
            self._add(*changes)
        return dict(zip(("added", "updated", "dropped"), names, strict=True))

    def _check(self, transaction: _native.Transaction, changes: list[_native.SchemaChange]) -> None:
        transaction.changed_schema(changes)

    def _apply(self, transaction: _native.Transaction, changes: list[_native.SchemaChange]) -> None:
        transaction.update_schema(changes)


class UpdateSchema(SchemaEvolution):
    """As `SchemaEvolution`, with PyIceberg's names too: changes are gathered until `commit`."""

    def delete_column(self, path: str | tuple[str, ...]) -> Self:
        """As `drop_column`."""
        return self.drop_column(path)

    def update_column(
        self,
        path: str | tuple[str, ...],
        field_type: Any = None,  # noqa: ANN401 - as create_table takes types
        required: bool | None = None,
        doc: str | None = None,
    ) -> Self:
        """Changes what is given of a column's type, required and doc."""
        if field_type is not None:
            self.update_column_type(path, field_type)
        if required is not None:
            self.require_column(path) if truth("required", required) else (
                self.make_column_optional(path)
            )
        if doc is not None:
            self.set_doc(path, doc)
        return self

    def set_default_value(self, path: str | tuple[str, ...], default_value: Any) -> Self:  # noqa: ANN401
        """As `set_default`."""
        return self.set_default(path, default_value)

    def union_by_name(self, new_schema: Any) -> Self:  # noqa: ANN401 - see sync_schema
        """As `sync_schema` without drops."""
        self.sync_schema(new_schema)
        return self


def _type_json(transaction: _native.Transaction, column: str, described: Any) -> str:  # noqa: ANN401
    """Returns a type that a user describes, as the table's format version knows it."""
    return json.dumps(iceberg_type(described, column, transaction.table().format_version()))


def _path(name: Any) -> tuple[str, str]:  # noqa: ANN401 - what the user wrote
    """Returns the dotted name of the struct that a column is in, and the column's own name."""
    if isinstance(name, tuple | list):
        parts = [required_text("a part of a column's name", part) for part in name]
    else:
        parts = required_text("a column's name", name).rsplit(".", 1)
    if not parts:
        raise ValidationError(f"a column's name has no part: {shown(name)}")
    return ".".join(parts[:-1]), parts[-1]


def _full_name(name: Any) -> str:  # noqa: ANN401 - as above
    parent, own_name = _path(name)
    return f"{parent}.{own_name}" if parent else own_name


def _move(parent: str, name: str, position: Any) -> _native.SchemaChange:  # noqa: ANN401 - as above
    def within(column: str) -> str:
        return f"{parent}.{column}" if parent and "." not in column else column

    if isinstance(position, str) and position == "first":
        return _native.SchemaChange.move_column(within(name), after=None, before=None)
    is_pair = isinstance(position, tuple | list) and len(position) == 2
    if not is_pair or not isinstance(position[0], str) or position[0] not in _PLACES:
        raise ValidationError(
            f'position can\'t be read: {shown(position)}; give "first", ("after", column) or '
            '("before", column)'
        )
    place, sibling = position
    sibling = within(_full_name(sibling))
    return _native.SchemaChange.move_column(
        within(name),
        after=sibling if place == "after" else None,
        before=sibling if place == "before" else None,
    )
