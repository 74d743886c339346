"""Operations as spans of OpenTelemetry."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe._version import __version__
from iceframe.errors import MissingPackageError, ValidationError, shown

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import SpanContext, TracerProvider

__all__ = ["Tracing", "start_tracing"]

_LOCK = threading.Lock()
_WAIT_MS = 1000
_NANOSECONDS_PER_MS = 1_000_000


class Tracing:
    """What hands operations on as spans, from a thread of its own; `close` ends it."""

    def __init__(self, tracer: Any, meter: Any) -> None:  # noqa: ANN401 - OpenTelemetry's
        self._tracer = tracer
        self._duration = meter.create_histogram(
            "db.client.operation.duration", "s", "Duration of operations."
        )
        self._recorder = _native.TraceRecorder(None)
        self._ids = _GivenIds.of(tracer)
        if self._ids is not None:
            self._recorder.give_ids(_flags_without_parent(tracer))
        self._is_closed = False
        _native.set_call_listener(self._note_parent)
        self._thread = threading.Thread(target=self._run, name="iceframe traces", daemon=True)
        self._thread.start()

    def __enter__(self) -> Tracing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hands on what has ended, and hears of nothing any more; again: does nothing."""
        global _current
        with _LOCK:
            if _current is self:
                _native.set_call_listener(None)
                _current = None
        self._is_closed = True
        self._recorder.close()
        self._thread.join()
        if self._ids is not None:
            self._ids.give_back()
            self._ids = None

    def _run(self) -> None:
        while not self._is_closed:
            self._hand_on(_WAIT_MS)
        self._hand_on(0)

    def _hand_on(self, wait_ms: int) -> None:
        for trace in self._recorder.take(wait_ms):
            self._emit(trace)

    def _note_parent(self) -> None:
        from opentelemetry.trace import get_current_span

        context = get_current_span().get_span_context()
        self._recorder.set_parent(_traceparent(context) if context.is_valid else "")

    def _emit(self, trace: Mapping[str, Any]) -> None:
        from opentelemetry import trace as api

        begin = trace["begin_ms"] * _NANOSECONDS_PER_MS
        attributes = _attributes(trace)
        collection = attributes.get("db.collection.name")
        name = f"{trace['operation']} {collection}" if collection else trace["operation"]
        parent = _context_of(trace["parent"])
        if self._ids is not None:
            self._ids.give(trace["own"])
        span = self._tracer.start_span(
            name, context=parent, kind=api.SpanKind.CLIENT, attributes=attributes, start_time=begin
        )
        if self._ids is not None:
            self._ids.give("")
        below = api.set_span_in_context(span)
        for step, subject, offset, duration in trace["spans"]:
            told = {"iceframe.file.name": subject} if subject else {}
            child = self._tracer.start_span(
                step, context=below, attributes=told, start_time=begin + offset
            )
            child.end(begin + offset + duration)
        if trace["error"] is not None:
            span.set_status(api.StatusCode.ERROR, trace["error"])
        span.end(begin + trace["duration_ns"])
        # Not the table: there may be many.
        kept = ("db.system.name", "db.operation.name", "error.type")
        labels = {key: attributes[key] for key in kept if key in attributes}
        self._duration.record(trace["duration_ns"] / 1e9, labels)


class _GivenIds:
    """Gives a span the ids that its requests named before it was made; else a generator's."""

    def __init__(self, tracer: Any, usual: Any) -> None:  # noqa: ANN401 - OpenTelemetry's
        self._tracer = tracer
        self._usual = usual
        self._trace_id: int | None = None
        self._span_id: int | None = None

    @classmethod
    def of(cls, tracer: Any) -> _GivenIds | None:  # noqa: ANN401 - OpenTelemetry's
        """Returns what a tracer takes its ids from now on; None: it takes none."""
        usual = getattr(tracer, "id_generator", None)
        if usual is None:
            return None
        tracer.id_generator = ids = cls(tracer, usual)
        return ids

    def give_back(self) -> None:
        self._tracer.id_generator = self._usual

    def give(self, traceparent: str) -> None:
        """Has the next span take these ids; empty: those of the generator."""
        parts = traceparent.split("-")
        self._trace_id, self._span_id = (
            (int(parts[1], 16), int(parts[2], 16)) if traceparent else (None, None)
        )

    def generate_trace_id(self) -> int:
        return self._usual.generate_trace_id() if self._trace_id is None else self._trace_id

    def generate_span_id(self) -> int:
        return self._usual.generate_span_id() if self._span_id is None else self._span_id

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - OpenTelemetry's
        return getattr(self._usual, name)


# The one that runs.
_current: Tracing | None = None


def start_tracing(
    tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
) -> Tracing:
    """Hands each operation of the process on as a span of OpenTelemetry, until it is closed.

    A span is a child of the one that was current where the call was made. Below it are planning,
    each manifest and data file that was read, and each attempt of a commit. Attributes are those
    of OpenTelemetry's conventions for databases; no literal of a query is among them. The
    histogram ``db.client.operation.duration`` is kept as well. Requests to REST catalogs name the
    operation's span in a ``traceparent`` header, so that the server's spans are below it.

    Args:
        tracer_provider: None: the process's.
        meter_provider: None: the process's.

    Raises:
        MissingPackageError: OpenTelemetry is missing: ``pip install opentelemetry-sdk``.
        ValidationError: operations are traced already.
    """
    global _current
    try:
        from opentelemetry import metrics, trace
    except ImportError as error:
        raise MissingPackageError(
            "traces need OpenTelemetry: pip install opentelemetry-sdk"
        ) from error
    for name, given, kind in (
        ("tracer_provider", tracer_provider, trace.TracerProvider),
        ("meter_provider", meter_provider, metrics.MeterProvider),
    ):
        if given is not None and not isinstance(given, kind):
            raise ValidationError(f"{name} must be a {kind.__name__}, got {shown(given)}")
    with _LOCK:
        if _current is not None:
            raise ValidationError("operations are traced already; close the Tracing that is there")
        _current = Tracing(
            trace.get_tracer("iceframe", __version__, tracer_provider),
            metrics.get_meter("iceframe", __version__, meter_provider),
        )
        return _current


def _attributes(trace: Mapping[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "db.system.name": "iceframe",
        "db.operation.name": trace["operation"],
    }
    if len(trace["tables"]) == 1:
        namespace, _, table = trace["tables"][0].rpartition(".")
        attributes["db.collection.name"] = table
        if namespace:
            attributes["db.namespace"] = namespace.replace(".", "|")
    elif trace["tables"]:
        attributes["iceframe.tables"] = trace["tables"]
    if trace["plan"]:
        attributes["db.query.text"] = trace["plan"]
        attributes["db.response.returned_rows"] = trace["rows_returned"]
    if trace["error"] is not None:
        attributes["error.type"] = attributes["db.response.status_code"] = trace["error"]
    return attributes


def _flags_without_parent(tracer: Any) -> int:  # noqa: ANN401 - OpenTelemetry's
    """Returns 1 where each trace is recorded, 0 where that is decided when its span is made."""
    sampler = getattr(tracer, "sampler", None)
    described = "" if sampler is None else str(sampler.get_description())
    return int(described.removeprefix("ParentBased{root:").startswith("AlwaysOnSampler"))


def _traceparent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _context_of(traceparent: str) -> Any:  # noqa: ANN401 - OpenTelemetry's
    from opentelemetry import trace
    from opentelemetry.context import Context

    if not traceparent:
        return Context()
    _, trace_id, span_id, flags = traceparent.split("-")
    parent = trace.SpanContext(
        int(trace_id, 16),
        int(span_id, 16),
        is_remote=False,
        trace_flags=trace.TraceFlags(int(flags, 16)),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), Context())
