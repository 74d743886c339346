"""Arguments that caches share: times to live, and the parameters that entries are found by."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from collections.abc import Mapping
from typing import Any

from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression
from iceframe.plain_values import python_number

_NS_PER_S = 1_000_000_000


def ttl_in_ns(name: str, ttl: float | dt.timedelta | None) -> int | None:
    """Returns a time in seconds as nanoseconds."""
    if ttl is None:
        return None
    seconds = ttl.total_seconds() if isinstance(ttl, dt.timedelta) else python_number(ttl)
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or (isinstance(seconds, float) and math.isnan(seconds)):
        raise ValidationError(f"{name} must be a number of seconds, got {shown(seconds)}")
    if seconds < 0:
        raise ValidationError(f"{name} must not be negative: {seconds}")
    return int(min(seconds * _NS_PER_S, 2**62))


def parameters_text(given: Any) -> str:  # noqa: ANN401 - what the user wrote
    """Returns text that is equal for equal parameters, and for those alone."""
    if given is not None and not isinstance(given, Mapping):
        raise ValidationError(f"query_params must be a mapping, got {shown(given)}")
    try:
        return _exact(given or {})
    except RecursionError:
        raise ValidationError(
            "query_params hold lists or mappings too deep in each other"
        ) from None


_PLAIN = (
    bool,
    int,
    float,
    str,
    bytes,
    decimal.Decimal,
    dt.date,
    dt.datetime,
    dt.time,
    dt.timedelta,
    uuid.UUID,
    type(None),
)


def _exact(value: Any) -> str:  # noqa: ANN401 - any parameter
    """Returns text that is equal for equal parameters of one type alone."""
    value = python_number(value)
    if isinstance(value, Mapping):
        items = sorted(f"{_exact(key)}={_exact(entry)}" for key, entry in value.items())
        return _group("map", items)
    if isinstance(value, list | tuple):
        return _group("list", [_exact(entry) for entry in value])
    if isinstance(value, set | frozenset):
        return _group("set", sorted(_exact(entry) for entry in value))
    if isinstance(value, Expression):
        return _group("expression", [str(value)])
    if type(value) in _PLAIN:
        return _group(type(value).__name__, [repr(value)])
    raise ValidationError(
        "query_params may hold texts, numbers, dates, lists and mappings, not "
        f"{type(value).__name__}: {shown(value)}"
    )


def _group(kind: str, items: list[str]) -> str:
    """Returns the items with their lengths, so that none can look like others."""
    return f"{kind}{len(items)}({''.join(f'{len(item)}:{item}' for item in items)})"
