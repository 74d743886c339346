# SPDX-License-Identifier: Apache-2.0
"""What deploy/ has for Prometheus and Grafana: names that exist, queries that parse."""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "iceframe.rules.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "iceframe.json"
HELP = ROOT / "src" / "iceframe" / "services" / "metric_help.cc"


def queries_of_dashboard():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def test_the_dashboard_is_what_its_program_writes():
    program = DASHBOARD.with_name("make_dashboard.py")
    assert subprocess.run([sys.executable, program, "--check"]).returncode == 0


def test_queries_name_metrics_that_there_are():
    known = set(re.findall(r'"(iceframe_\w+)"', HELP.read_text()))
    text = RULES.read_text() + "\n".join(queries_of_dashboard())
    named = set(re.findall(r"\biceframe_[a-z_]+", text))
    assert {re.sub("_bucket$", "", name) for name in named} <= known
    assert len(named) > 20


def test_every_alert_says_what_to_do():
    rules = RULES.read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    links = re.findall(r"runbook: docs/monitoring.md#(\w+)", rules)
    assert [alert.lower() for alert in alerts] == links
    page = (ROOT / "docs" / "monitoring.md").read_text()
    assert set(re.findall(r"^### (Iceframe\w+)", page, re.MULTILINE)) == set(alerts)


def test_promtool_takes_rules_and_queries(promtool, tmp_path):
    recorded = [
        {"record": f"panel:{i}", "expr": query.replace("$__rate_interval", "5m")}
        for i, query in enumerate(queries_of_dashboard())
    ]
    panels = tmp_path / "panels.yaml"
    panels.write_text(json.dumps({"groups": [{"name": "panels", "rules": recorded}]}))
    promtool.check("check", "rules", RULES, panels)
    promtool.check("test", "rules", RULES.with_name("iceframe.tests.yaml"))
