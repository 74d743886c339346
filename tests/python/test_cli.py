# SPDX-License-Identifier: Apache-2.0
"""The command `iceframe`, run as a program."""

import os
import pathlib
import subprocess
import sys

import pytest

COMMAND = pathlib.Path(sys.executable).with_name("iceframe")


@pytest.fixture
def run(ice, lake):
    ice.create_table("users", {"id": {"type": "long", "required": True}, "name": "string"})
    ice.append_to_table("users", {"id": [1, 2], "name": ["Ada", "Bob"]})
    config = lake.config
    catalog = ["--uri", config["uri"], "--warehouse", config["warehouse"]]
    catalog += ["--type", "sql", "--catalog", config["name"]]

    def run(*arguments, options=catalog):
        environment = {**os.environ, "HOME": str(lake.folder)}
        return subprocess.run(
            [COMMAND, *options, *arguments], capture_output=True, text=True, env=environment
        )

    return run


def test_list_prints_the_tables(run):
    result = run("list")
    assert (result.returncode, result.stdout, result.stderr) == (0, "default.users\n", "")
    assert run("list", "--namespace", "nowhere").stdout == ""


def test_describe_prints_columns_and_state(run, ice):
    result = run("describe", "users")
    assert result.returncode == 0
    assert "  id    int64, required\n  name  string\n" in result.stdout
    assert f"snapshot        {ice.get_table('users').current_snapshot_id}\n" in result.stdout


def test_head_prints_rows(run):
    result = run("head", "users", "-n", "1")
    assert result.returncode == 0
    assert "Ada" in result.stdout
    assert "Bob" not in result.stdout


@pytest.mark.parametrize("arguments", [("describe", "nowhere"), ("head", "nowhere")])
def test_a_missing_table_is_one_line_and_exit_code_1(run, arguments):
    result = run(*arguments)
    assert result.returncode == 1
    assert result.stderr == "iceframe: table does not exist: default.nowhere\n"


def test_a_negative_count_is_refused(run):
    result = run("head", "users", "-n", "-1")
    assert (result.returncode, result.stderr) == (1, "iceframe: limit must not be negative: -1\n")


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("head",), ("head", "users", "-n", "x")])
def test_wrong_usage_is_exit_code_2(run, arguments):
    assert run(*arguments).returncode == 2


def test_help_tells_commands_environment_and_exit_codes(run):
    text = run("--help", options=[]).stdout
    for word in ("list", "describe", "head", "--uri", "ICEFRAME_", "exit codes", "example"):
        assert word in text


def test_no_secret_is_printed(run):
    options = ["--type", "sql", "--uri", "postgresql://user:canary-1234@host/db"]
    result = run("list", options=options)
    assert result.returncode == 1
    assert "canary-1234" not in result.stdout + result.stderr
