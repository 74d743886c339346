"""The exceptions of iceframe: every error of the engine is one of these.

Each derives from `IceFrameError` and from the builtin that a caller would catch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

__all__ = [
    "AlreadyExistsError",
    "CancelledError",
    "CatalogError",
    "CatalogNotFoundError",
    "CommitConflictError",
    "CommitRejectedError",
    "CommitStateUnknownError",
    "CompactionError",
    "DataError",
    "IceFrameError",
    "IoError",
    "MaintenanceError",
    "MemoryLimitError",
    "MetadataError",
    "MissingPackageError",
    "NotFoundError",
    "OperationTimeoutError",
    "ParallelError",
    "PoolClosedError",
    "SchemaError",
    "TableNotFoundError",
    "UnauthorizedError",
    "UnavailableError",
    "UnsupportedOperationError",
    "ValidationError",
    "needing",
    "shown",
]

#: Characters of a value in an error.
_MAX_SHOWN = 80


class IceFrameError(Exception):
    """Base of all errors that iceframe raises.

    Attributes:
        kind: the engine's name for what went wrong, e.g. ``"NotFound"``.
        retryable: whether the same call may succeed later without anyone changing it.
        context: where it was seen, e.g. ``{"manifest": "…"}``.
    """

    kind: str = "Io"
    retryable: bool = False
    context: Mapping[str, str]

    def __init__(self, message: str, context: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.context = dict(context or {})


class NotFoundError(IceFrameError, LookupError):
    """A catalog, namespace, table, snapshot, ref or file is not there."""

    kind = "NotFound"


class CatalogNotFoundError(NotFoundError, ValueError):
    """A federation has no catalog of that name."""


class TableNotFoundError(NotFoundError, ValueError):
    """A table is not there."""


class AlreadyExistsError(IceFrameError, ValueError):
    """What was to be created is there already."""

    kind = "AlreadyExists"


class ValidationError(IceFrameError, ValueError):
    """An argument or setting can't be meant as given."""

    kind = "InvalidArgument"


class SchemaError(IceFrameError, ValueError):
    """Data and table schema don't fit, or a cast would lose a value."""

    kind = "SchemaMismatch"


class MetadataError(IceFrameError, ValueError):
    """Table metadata, a manifest list or a manifest breaks the Iceberg spec."""

    kind = "InvalidMetadata"


class DataError(IceFrameError, ValueError):
    """A data or delete file is damaged or breaks the Iceberg spec."""

    kind = "InvalidData"


class UnsupportedOperationError(IceFrameError, NotImplementedError):
    """The table or the request needs a feature that is not built."""

    kind = "Unsupported"


class MissingPackageError(IceFrameError, ImportError):
    """A package that iceframe doesn't need by itself is not installed; the message names it."""

    kind = "Unsupported"


class CatalogError(IceFrameError, RuntimeError):
    """A catalog refused, failed or could not be reached."""


class CommitConflictError(CatalogError):
    """Another writer was first, until the retries were used up; refresh and try again."""

    kind = "CommitConflict"


class CommitStateUnknownError(CatalogError):
    """The commit may or may not have landed: look before trying again, and delete nothing."""

    kind = "CommitStateUnknown"


class CommitRejectedError(CatalogError):
    """Isolation checks failed, or the catalog said no for good."""

    kind = "CommitRejected"


class MaintenanceError(IceFrameError, RuntimeError):
    """Maintenance of a table was asked for something that it must not do."""


class CompactionError(IceFrameError, RuntimeError):
    """Compaction of a table was asked for something that the table does not have."""


class UnauthorizedError(CatalogError, PermissionError):
    """Credentials are missing, wrong or not enough; or a location is not allowed."""

    kind = "Unauthorized"


class UnavailableError(CatalogError, ConnectionError):
    """A service did not answer or is overloaded."""

    kind = "Unavailable"
    retryable = True


class PoolClosedError(UnavailableError):
    """A pool was closed: it lends no connections any more."""

    retryable = False


class IoError(IceFrameError, OSError):
    """Reading or writing failed below the engine."""

    kind = "Io"


class MemoryLimitError(IceFrameError, MemoryError):
    """A memory, spill or size limit was reached; nothing was allocated beyond it."""

    kind = "ResourceExhausted"


class OperationTimeoutError(IceFrameError, TimeoutError):
    """The operation's deadline passed."""

    kind = "Timeout"
    retryable = True


class CancelledError(IceFrameError):
    """The operation was cancelled."""

    kind = "Cancelled"


class ParallelError(IceFrameError, ExceptionGroup[Exception]):
    """Some of several tables, queries or calls failed: an exception group of what each raised.

    ``except* TableNotFoundError`` takes the members of that type. Its `kind` is its members' where
    they share one; it is `retryable` if all of them are.
    """

    kind = "Several"

    def __new__(cls, message: str, exceptions: Sequence[Exception]) -> ParallelError:  # noqa: D102
        return super().__new__(cls, message, exceptions)

    def __init__(self, message: str, exceptions: Sequence[Exception]) -> None:
        ExceptionGroup.__init__(self, message, exceptions)
        self.context = {}
        kinds = {getattr(error, "kind", self.kind) for error in exceptions}
        if len(kinds) == 1:
            self.kind = kinds.pop()
        self.retryable = all(getattr(error, "retryable", False) for error in exceptions)

    def derive(self, exceptions: Sequence[Exception]) -> ParallelError:  # type: ignore[override]
        """Returns a group of some of the members, for `split`, `subgroup` and ``except*``."""
        return ParallelError(self.message, exceptions)


_BY_KIND: dict[str, type[IceFrameError]] = {
    cls.kind: cls
    for cls in (
        NotFoundError,
        AlreadyExistsError,
        ValidationError,
        SchemaError,
        MetadataError,
        DataError,
        UnsupportedOperationError,
        CommitConflictError,
        CommitStateUnknownError,
        CommitRejectedError,
        UnauthorizedError,
        UnavailableError,
        IoError,
        MemoryLimitError,
        OperationTimeoutError,
        CancelledError,
    )
}


@contextmanager
def needing(what: str, package: str, install: str) -> Iterator[None]:
    """Lets ``what`` import a package that may be missing.

    Raises:
        MissingPackageError: it is; the message says how to install it.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise MissingPackageError(
            f"{what} needs {package}, which is not installed: pip install '{install}'"
        ) from error


def shown(value: object) -> str:
    """Returns how an error shows a value: on one line, and not all of a long one.

    Example:
        >>> shown("x" * 200)
        "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
    """
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def error_of_kind(kind: str, message: str, context: Mapping[str, str]) -> IceFrameError:
    """Returns the exception for an error of the engine (called by the native module)."""
    if kind == "NotFound" and message.startswith("table does not exist"):
        return TableNotFoundError(message, context)
    if kind == "NotFound" and message.startswith("catalog does not exist"):
        return CatalogNotFoundError(message, context)
    if kind == "Unavailable" and message.startswith("catalog pool is closed"):
        return PoolClosedError(message, context)
    return _BY_KIND.get(kind, IceFrameError)(message, context)
