# SPDX-License-Identifier: Apache-2.0
"""Requests to REST catalogs name the span that they are a part of."""

import http.server
import json
import threading

import pytest

from iceframe import IceFrame
from iceframe.monitoring import start_tracing

sdk = pytest.importorskip("opentelemetry.sdk.trace")
exporting = pytest.importorskip("opentelemetry.sdk.trace.export")
in_memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
sampling = pytest.importorskip("opentelemetry.sdk.trace.sampling")


@pytest.fixture
def catalog():
    """A server that has one namespace, and remembers what it was asked with which headers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = self.path.partition("?")[0]
            server.asked.append((path, self.headers))
            answer = {"/v1/config": {"defaults": {}, "overrides": {}}}.get(
                path, {"namespaces": [["a"]]}
            )
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def opened(catalog, **properties):
    uri = f"http://127.0.0.1:{catalog.server_port}"
    return IceFrame({"type": "rest", "uri": uri, **properties})


def traced(sampler=sampling.DEFAULT_ON):
    provider = sdk.TracerProvider(sampler=sampler)
    provider.exporter = in_memory.InMemorySpanExporter()
    provider.add_span_processor(exporting.SimpleSpanProcessor(provider.exporter))
    return provider


def listed(catalog, ice):
    """Lists namespaces, and returns the traceparent that the server was sent; None: none."""
    catalog.asked.clear()
    assert ice.list_namespaces() == [("a",)]
    (headers,) = [headers for path, headers in catalog.asked if path.endswith("/namespaces")]
    return headers["traceparent"]


def header_of(span, flags="01"):
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-{flags}"


def test_requests_name_the_span_that_is_made_afterwards(catalog):
    ice, provider = opened(catalog), traced()
    tracer = provider.get_tracer("application")
    with start_tracing(provider), tracer.start_as_current_span("job") as job:
        sent = listed(catalog, ice)
    spans = provider.exporter.get_finished_spans()
    (span,) = [span for span in spans if header_of(span, sent[-2:]) == sent]
    assert span.parent.span_id == job.get_span_context().span_id
    assert span.context.trace_id == job.get_span_context().trace_id
    assert int(sent[-2:], 16) == int(job.get_span_context().trace_flags)
    assert len({span.context.span_id for span in spans}) == len(spans)


def test_the_first_span_of_a_trace_is_named_too(catalog):
    ice, provider = opened(catalog), traced()
    with start_tracing(provider):
        first, second = listed(catalog, ice), listed(catalog, ice)
    spans = provider.exporter.get_finished_spans()
    assert [header_of(span) for span in spans if span.parent is None][-2:] == [first, second]
    assert first.split("-")[1] != second.split("-")[1]


@pytest.mark.parametrize(
    ("sampler", "flags"),
    [
        (sampling.ALWAYS_ON, "01"),
        (sampling.ALWAYS_OFF, "00"),
        (sampling.TraceIdRatioBased(0.5), "00"),  # decided when the span is made
        (sampling.ParentBased(sampling.TraceIdRatioBased(0.5)), "00"),
    ],
)
def test_the_server_is_told_whether_a_trace_is_recorded(catalog, sampler, flags):
    ice = opened(catalog)
    with start_tracing(traced(sampler)):
        assert listed(catalog, ice).endswith(f"-{flags}")


def test_a_parent_that_is_not_recorded_stays_so(catalog):
    ice, provider = opened(catalog), traced(sampling.ALWAYS_OFF)
    with start_tracing(provider), provider.get_tracer("a").start_as_current_span("job") as job:
        sent = listed(catalog, ice)
    assert sent.startswith(f"00-{job.get_span_context().trace_id:032x}-")
    assert int(sent[-2:], 16) & 1 == 0


def test_nothing_is_sent_without_tracing_or_beside_a_header_of_ones_own(catalog):
    ice = opened(catalog)
    assert listed(catalog, ice) is None
    own = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    with_own = opened(catalog, **{"header.Traceparent": own})
    with start_tracing(traced()):
        assert listed(catalog, with_own) == own
        assert listed(catalog, ice) is not None
    assert listed(catalog, ice) is None
