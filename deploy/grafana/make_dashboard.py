# SPDX-License-Identifier: Apache-2.0
"""Writes iceframe.json, the dashboard: make_dashboard.py [--check]."""

import json
import pathlib
import sys

FILE = pathlib.Path(__file__).with_name("iceframe.json")
CHOSEN = 'job=~"$job",instance=~"$instance"'
WIDTH, HEIGHT = 8, 7


def rate(by: str, metric: str, labels: str = "") -> str:
    """Returns a counter's rate, by some labels."""
    return f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))"


def share(by: str, metric: str, labels: str) -> str:
    """Returns what part of a counter's rate has some labels."""
    return f"{rate(by, metric, labels)} / {rate(by, metric)}"


def percentile(number: int, by: str, histogram: str) -> str:
    """Returns a percentile of a histogram, by some labels."""
    return f"histogram_quantile(0.{number}, {rate(f'{by}, le', f'{histogram}_bucket')})"


ERRORS = share("instance", "iceframe_queries_total", 'status="error"')
HITS = rate("tier", "iceframe_cache_hits_total")
MISSES = rate("tier", "iceframe_cache_misses_total")
DURATION, PLANNING = "iceframe_query_duration_seconds", "iceframe_planning_duration_seconds"
COMMIT, REQUEST = "iceframe_commit_duration_seconds", "iceframe_io_duration_seconds"
RECORDS = rate("stream, result", "iceframe_stream_records_total")
REFUSED = rate("instance", "iceframe_memory_limit_errors_total")
BYTES = rate("kind, source", "iceframe_scan_bytes_total")
STORAGE = rate("scheme, op", "iceframe_io_requests_total")

#: Rows of panels: title, unit, and by legend what to draw.
ROWS = {
    "Queries": [
        ("Rate", "ops", {"{{operation}}": rate("operation", "iceframe_queries_total")}),
        ("Errors", "percentunit", {"{{instance}}": ERRORS}),
        (
            "Duration",
            "s",
            {f"p{q} {{{{operation}}}}": percentile(q, "operation", DURATION) for q in (50, 99)},
        ),
        ("Rows", "rowsps", {"{{stage}}": rate("stage", "iceframe_query_rows_total")}),
        ("Bytes", "Bps", {"{{kind}}, {{source}}": BYTES}),
        ("Planning, p99", "s", {"{{instance}}": percentile(99, "instance", PLANNING)}),
    ],
    "Skipping": [
        (title, "percentunit", {"{{instance}}": share("instance", name, 'result="skipped"')})
        for title, name in (
            ("Manifests", "iceframe_manifests_total"),
            ("Files", "iceframe_scan_files_total"),
            ("Row groups", "iceframe_scan_row_groups_total"),
        )
    ],
    "Commits": [
        ("By outcome", "ops", {"{{outcome}}": rate("outcome", "iceframe_commits_total")}),
        ("Retries", "ops", {"{{instance}}": rate("instance", "iceframe_commit_retries_total")}),
        ("Duration, p99", "s", {"{{instance}}": percentile(99, "instance", COMMIT)}),
    ],
    "Caches and memory": [
        ("Hits", "percentunit", {"{{tier}}": f"{HITS} / ({HITS} + {MISSES})"}),
        ("Held by caches", "bytes", {"{{tier}}": "sum by (tier) (iceframe_cache_bytes{})"}),
        ("Reserved", "bytes", {"{{instance}}": "iceframe_memory_reserved_bytes{}"}),
        ("Refused for want of memory", "ops", {"{{instance}}": REFUSED}),
    ],
    "Storage and catalogs": [
        ("Requests", "reqps", {"{{scheme}} {{op}}": STORAGE}),
        ("Request duration, p99", "s", {"{{op}}": percentile(99, "op", REQUEST)}),
        (
            "Connections",
            "short",
            {
                "{{state}}": "sum by (state) (iceframe_pool_connections{})",
                "waiting": "sum(iceframe_pool_pending_requests{})",
            },
        ),
    ],
    "Streams": [
        ("Records", "ops", {"{{stream}} {{result}}": RECORDS}),
        ("Lag", "short", {"{{stream}}": "sum by (stream) (iceframe_stream_lag_records{})"}),
        ("Age", "s", {"{{stream}}": "max by (stream) (iceframe_stream_freshness_seconds{})"}),
    ],
}


def chosen(query: str) -> str:
    """Returns a query with the chosen processes in each selector."""
    return query.replace('"}', f'",{CHOSEN}}}').replace("{}", f"{{{CHOSEN}}}")


def panel(number: int, title: str, unit: str, queries: dict[str, str], x: int, y: int) -> dict:
    """Returns a panel of lines."""
    targets = [
        {"refId": chr(ord("A") + i), "expr": chosen(query), "legendFormat": legend}
        for i, (legend, query) in enumerate(queries.items())
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "gridPos": {"x": x, "y": y, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": targets,
    }


def variable(name: str) -> dict:
    """Returns what lets a viewer choose processes by a label."""
    return {
        "name": name,
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "query": f"label_values(iceframe_build_info, {name})",
        "includeAll": True,
        "multi": True,
        "refresh": 2,
    }


def dashboard() -> dict:
    """Returns the dashboard as Grafana imports it."""
    panels: list[dict] = []
    y = 0
    for title, row in ROWS.items():
        position = {"x": 0, "y": y, "w": 3 * WIDTH, "h": 1}
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "gridPos": position})
        y += 1
        for i, (name, unit, queries) in enumerate(row):
            place = (i % 3 * WIDTH, y + i // 3 * HEIGHT)
            panels.append(panel(len(panels) + 1, name, unit, queries, *place))
        y += -(-len(row) // 3) * HEIGHT
    datasource = {"name": "datasource", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "iceframe",
        "title": "IceFrame",
        "schemaVersion": 39,
        "version": 1,
        "tags": ["iceframe"],
        "time": {"from": "now-1h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [datasource, variable("job"), variable("instance")]},
        "panels": panels,
    }


def main() -> int:
    """Writes the file, or compares it."""
    text = json.dumps(dashboard(), indent=2) + "\n"
    if "--check" in sys.argv[1:]:
        return FILE.read_text() != text
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
