# SPDX-License-Identifier: Apache-2.0
"""The engine's metrics as a real Prometheus and its promtool see them."""

import time
from urllib.request import urlopen

import pytest
from prometheus_server import PATIENCE, PrometheusMissing, running_prometheus
from test_deploy import RULES, queries_of_dashboard

from iceframe import IceFrame, _native
from iceframe.monitoring import start_http_server

prometheus_client = pytest.importorskip("prometheus_client")


@pytest.fixture
def table(ice: IceFrame) -> IceFrame:
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": [1, 2, 3]})
    ice.append_to_table("t", {"id": [11, 12, 13]})
    work(ice)
    return ice


@pytest.fixture(scope="module")
def server():
    with start_http_server(0, registry=prometheus_client.CollectorRegistry()) as server:
        yield server


@pytest.fixture(scope="module")
def prometheus(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus") / "data"
    try:
        with running_prometheus(folder, RULES, f"127.0.0.1:{server.port}") as running:
            yield running
    except PrometheusMissing as missing:
        pytest.skip(f"no Prometheus: {missing}")


def work(ice: IceFrame) -> None:
    """Reads, skips a file, and fails."""
    assert ice.query("t").filter("id > 10").select("count(*) AS n").execute()["n"][0] == 3
    with pytest.raises(ValueError, match="does not exist"):
        ice.read_table("missing")


def served(server):
    with urlopen(f"http://127.0.0.1:{server.port}/metrics") as response:
        return response.read().decode()


def series(name, labels):
    """Returns what tells a series from others: an empty label is none."""
    told = {key: value for key, value in labels.items() if value}
    if "le" in told:
        told["le"] = str(float(told["le"]))
    return (name, *sorted(told.items()))


def counted():
    """Returns what the engine has counted; not gauges, which change by themselves."""
    return {
        series(name, labels): value
        for _, kind, _, samples in _native.metric_families()
        if kind != "gauge"
        for name, labels, value in samples
    }


def scraped(prometheus, wanted):
    """Returns the newest that Prometheus has of these series."""
    found = {}
    for labels, value in prometheus.values('{job="iceframe",__name__=~"iceframe_.+"}').items():
        told = dict(labels)
        del told["job"], told["instance"]
        found[series(told.pop("__name__"), told)] = value
    return {key: value for key, value in found.items() if key in wanted}


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


def assert_scraped(prometheus):
    """Waits until Prometheus has the engine's values."""
    wait_for(lambda: scraped(prometheus, wanted := counted()) == wanted)
    wanted = counted()
    assert len(wanted) > 100
    assert scraped(prometheus, wanted) == wanted


def test_promtool_takes_what_is_served(promtool, table, server):
    text = served(server)
    assert 'iceframe_scan_files_total{reason="min_max",result="skipped"}' in text
    promtool.check("check", "metrics", text=text)
    with pytest.raises(AssertionError, match="help"):
        promtool.check("check", "metrics", text=text.replace("# HELP iceframe_queries_total", "# "))


def test_prometheus_answers_with_the_engine_s_values(table, prometheus):
    assert_scraped(prometheus)
    asked = 'sum(iceframe_queries_total{operation="query",status="ok"})'
    (before,) = prometheus.values(asked).values()
    work(table)
    assert_scraped(prometheus)
    assert list(prometheus.values(asked).values()) == [before + 1]
    assert list(prometheus.values("count by (version) (iceframe_build_info)")) == [
        frozenset({("version", "1.0.0")})
    ]
    (target,) = prometheus.get("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")


def test_prometheus_follows_the_rules_and_draws_the_dashboard(table, prometheus):
    def rules():
        return [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]

    wait_for(lambda: all(rule["health"] != "unknown" for rule in rules()))
    assert {rule["health"] for rule in rules()} == {"ok"}
    assert len(rules()) > 10
    asked = 'iceframe:scan_files_skipped:ratio_rate5m{job="iceframe"}'

    def has_skipped():
        work(table)
        return any(value > 0 for value in prometheus.values(asked).values())

    wait_for(has_skipped)
    assert [0 < value < 1 for value in prometheus.values(asked).values()] == [True]
    replaced = {"$__rate_interval": "5m", "$job": ".*", "$instance": ".*"}
    drawn = 0
    for query in queries_of_dashboard():
        for name, value in replaced.items():
            query = query.replace(name, value)
        drawn += bool(prometheus.values(query))
    assert drawn > 10
