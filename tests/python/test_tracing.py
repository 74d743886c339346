# SPDX-License-Identifier: Apache-2.0
"""Operations as spans of OpenTelemetry."""

import subprocess
import sys

import pytest

from iceframe import IceFrame
from iceframe.errors import TableNotFoundError, ValidationError
from iceframe.monitoring import start_tracing

sdk = pytest.importorskip("opentelemetry.sdk.trace")
exporting = pytest.importorskip("opentelemetry.sdk.trace.export")
in_memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
metrics = pytest.importorskip("opentelemetry.sdk.metrics")
metrics_exporting = pytest.importorskip("opentelemetry.sdk.metrics.export")

CANARY = "canary7531"


@pytest.fixture
def provider():
    provider = sdk.TracerProvider()
    provider.exporter = in_memory.InMemorySpanExporter()
    provider.add_span_processor(exporting.SimpleSpanProcessor(provider.exporter))
    return provider


@pytest.fixture
def table(ice: IceFrame) -> IceFrame:
    ice.create_table("a.t", {"id": "long", "name": "string"})
    ice.append_to_table("a.t", {"id": [1, 2], "name": ["x", "y"]})
    return ice


def test_spans_have_their_steps_and_their_parent(table, provider):
    tracer = provider.get_tracer("application")
    with start_tracing(provider), tracer.start_as_current_span("job") as job:
        table.append_to_table("a.t", {"id": [3], "name": ["z"]})
        table.read_table("a.t", filter=f"name <> '{CANARY}'")
    spans = {span.name: span for span in provider.exporter.get_finished_spans()}
    scan, append = spans["scan t"], spans["append t"]
    for span in (scan, append):
        assert span.parent.span_id == job.get_span_context().span_id
        assert span.context.trace_id == job.get_span_context().trace_id
        assert span.end_time >= span.start_time
    assert scan.attributes["db.system.name"] == "iceframe"
    assert scan.attributes["db.namespace"] == "a"
    assert scan.attributes["db.collection.name"] == "t"
    assert scan.attributes["db.operation.name"] == "scan"
    assert scan.attributes["db.response.returned_rows"] == 3
    assert scan.attributes["db.query.text"].rstrip().endswith("filter: name <> ?")
    steps = {}
    for span in provider.exporter.get_finished_spans():
        if span.parent is not None:
            steps.setdefault(span.parent.span_id, []).append(span.name)
    assert "commit_attempt" in steps[append.context.span_id]
    assert steps[scan.context.span_id].count("read_file") == 2
    assert "plan" in steps[scan.context.span_id]
    told = [str(span.to_json()) for span in provider.exporter.get_finished_spans()]
    assert CANARY not in "".join(told)


def test_errors_are_told_by_their_kind(table, provider):
    with start_tracing(provider):
        with pytest.raises(TableNotFoundError):
            table.read_table("a.nope")
    (span,) = [span for span in provider.exporter.get_finished_spans() if span.name == "scan nope"]
    assert span.parent is None
    assert span.attributes["error.type"] == "NotFound"
    assert span.attributes["db.response.status_code"] == "NotFound"
    assert not span.status.is_ok


def test_durations_are_a_histogram(table):
    reader = metrics_exporting.InMemoryMetricReader()
    with start_tracing(sdk.TracerProvider(), metrics.MeterProvider([reader])):
        table.read_table("a.t")
    (resource,) = reader.get_metrics_data().resource_metrics
    (metric,) = resource.scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("db.client.operation.duration", "s")
    points = {point.attributes["db.operation.name"]: point for point in metric.data.data_points}
    assert points["scan"].count == 1


def test_operations_are_traced_once(table, provider):
    with start_tracing(provider) as tracing:
        with pytest.raises(ValidationError, match="traced already"):
            start_tracing(provider)
        tracing.close()
        tracing.close()
    table.read_table("a.t")
    assert provider.exporter.get_finished_spans() == ()
    with pytest.raises(ValidationError, match="tracer_provider must be a TracerProvider, got"):
        start_tracing("nope")


def test_without_opentelemetry_the_package_is_named():
    program = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from iceframe.errors import MissingPackageError\n"
        "from iceframe.monitoring import start_tracing\n"
        "try:\n"
        "    start_tracing()\n"
        "except MissingPackageError as error:\n"
        "    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install opentelemetry-sdk" in result.stdout
