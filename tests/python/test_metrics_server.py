# SPDX-License-Identifier: Apache-2.0
"""The engine's metrics in prometheus-client's registry, and as scrapers read them."""

import math
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

from iceframe import IceFrame, _native
from iceframe.errors import IoError, MissingPackageError, ValidationError
from iceframe.monitoring import register_metrics, start_http_server

prometheus_client = pytest.importorskip("prometheus_client")
openmetrics = pytest.importorskip("prometheus_client.openmetrics.parser")
plain = pytest.importorskip("prometheus_client.parser")

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def registry():
    registry = prometheus_client.CollectorRegistry()
    register_metrics(registry)
    return registry


@pytest.fixture
def table(ice: IceFrame) -> IceFrame:
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": [1, 2, 3]})
    return ice


def scrape(server, accept="text/plain"):
    url = f"http://127.0.0.1:{server.port}/metrics"
    with urlopen(Request(url, headers={"Accept": accept})) as response:
        return response.read().decode(), response.headers["Content-Type"]


def families(text):
    return {family.name: family for family in openmetrics.text_string_to_metric_families(text)}


def test_metrics_join_those_of_an_application(table, registry):
    mine = prometheus_client.Counter("jobs", "Jobs.", registry=registry)
    mine.inc(3)
    with start_http_server(0, registry=registry) as server:
        text, content_type = scrape(server)
        assert content_type.startswith("text/plain")
        assert "jobs_total 3.0" in text
        assert 'iceframe_build_info{version="1.0.0"} 1.0' in text
        before = registry.get_sample_value(
            "iceframe_queries_total", {"operation": "scan", "status": "ok"}
        )
        table.read_table("t")
        line = f'iceframe_queries_total{{operation="scan",status="ok"}} {before + 1}'
        assert line in scrape(server)[0]


def test_what_is_served_is_openmetrics(table, registry):
    table.read_table("t", filter="id > 1")
    with start_http_server(0, registry=registry) as server:
        text, content_type = scrape(server, OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text")
    # The parser checks names, types, the order of buckets and their sums.
    found = families(text)
    assert found["iceframe_queries"].type == "counter"
    assert found["iceframe_memory_reserved_bytes"].type == "gauge"
    durations = found["iceframe_query_duration_seconds"]
    assert durations.type == "histogram"
    (refused,) = found["iceframe_metrics_refused"].samples
    assert refused.value == 0
    for family in found.values():
        assert family.documentation
        names = {frozenset(sample.labels) - {"le"} for sample in family.samples}
        assert len(names) == 1, family.name
        for sample in family.samples:
            assert math.isfinite(sample.value)
            assert sample.value >= 0
    # The text that C++ programs hand out says the same.
    ours = {family.name for family in plain.text_string_to_metric_families(_native.metrics_text())}
    assert ours == found.keys()


def test_known_series_are_there_before_anything_happened():
    program = (
        "from iceframe import IceFrame\n"
        "from prometheus_client import generate_latest\n"
        "from iceframe.monitoring import register_metrics\n"
        "IceFrame({'type': 'in-memory'})\n"
        "register_metrics()\n"
        "print(generate_latest().decode())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    for line in (
        'iceframe_queries_total{operation="scan",status="error"} 0.0',
        'iceframe_query_rows_total{stage="returned"} 0.0',
        'iceframe_scan_bytes_total{kind="data",source="remote"} 0.0',
        'iceframe_scan_bytes_total{kind="data",source="memory"} 0.0',
        'iceframe_scan_bytes_total{kind="metadata",source="memory"} 0.0',
        'iceframe_scan_bytes_total{kind="rows",source="disk"} 0.0',
        'iceframe_scan_bytes_total{kind="rows",source="memory"} 0.0',
        'iceframe_scan_files_total{reason="min_max",result="skipped"} 0.0',
        'iceframe_commits_total{operation="append",outcome="unknown"} 0.0',
        "iceframe_commit_retries_total 0.0",
        "iceframe_commit_duration_seconds_count 0.0",
        "iceframe_planning_duration_seconds_count 0.0",
        "iceframe_memory_limit_errors_total 0.0",
        'iceframe_io_requests_total{op="read",scheme="file"} 0.0',
    ):
        assert line in result.stdout.splitlines(), line


def test_commits_are_counted_by_how_they_ended(table, registry):
    def value(name, **labels):
        return registry.get_sample_value(name, labels) or 0

    committed = {"operation": "append", "outcome": "committed"}
    before = value("iceframe_commits_total", **committed)
    count = value("iceframe_commit_duration_seconds_count")
    planned = value("iceframe_planning_duration_seconds_count")
    table.append_to_table("t", {"id": [4]})
    table.read_table("t")
    assert value("iceframe_commits_total", **committed) == before + 1
    assert value("iceframe_commit_duration_seconds_count") == count + 1
    assert value("iceframe_planning_duration_seconds_count") == planned + 1


def test_metrics_are_registered_once(registry):
    register_metrics(registry)
    text = prometheus_client.generate_latest(registry).decode()
    assert text.count("# TYPE iceframe_queries_total counter") == 1
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        prometheus_client.Counter("iceframe_queries", "Another.", registry=registry)
    with pytest.raises(ValidationError, match="registry must be a CollectorRegistry, got"):
        register_metrics("nope")


def test_many_tables_make_no_series(table, registry):
    before = len(_native.metrics())
    for i in range(1000):
        table.table_exists(f"many_{i}")
    text = prometheus_client.generate_latest(registry).decode()
    assert "many_" not in text
    assert len(_native.metrics()) == before


def test_servers_close_and_take_no_port_of_others(registry):
    server = start_http_server(0, registry=registry)
    assert repr(server) == f"MetricsServer(address='127.0.0.1', port={server.port})"
    with pytest.raises(IoError, match=rf"can't be served on 127.0.0.1:{server.port}"):
        start_http_server(server.port, registry=registry)
    _, thread = server
    assert thread.is_alive()
    server.close()
    server.close()
    assert not thread.is_alive()
    for port in (-1, 65536):
        with pytest.raises(ValidationError, match="port must be between"):
            start_http_server(port)
    with pytest.raises(IoError):
        start_http_server(0, "no such host.invalid")


def test_without_prometheus_client_the_extra_is_named():
    program = (
        "import sys\n"
        "sys.modules['prometheus_client'] = None\n"
        "from iceframe.errors import MissingPackageError\n"
        "from iceframe.monitoring import MetricsCollector, start_http_server\n"
        "MetricsCollector().get_stats()\n"
        "try:\n"
        "    start_http_server(0)\n"
        "except MissingPackageError as error:\n"
        "    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install 'iceframe[monitoring]'" in result.stdout
    assert issubclass(MissingPackageError, ImportError)
