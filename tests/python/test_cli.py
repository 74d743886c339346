# SPDX-License-Identifier: Apache-2.0
"""The command `iceframe`, run as a program."""

import csv
import datetime as dt
import decimal
import io
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys

import pyarrow as pa
import pytest

from iceframe.cli.query_options import split_list

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

    run.command = [COMMAND, *catalog]
    return run


def test_list_prints_the_tables(run):
    result = run("list")
    assert (result.returncode, result.stdout, result.stderr) == (0, "default.users\n", "")


def test_list_of_a_namespace_that_is_not_there_is_exit_code_1(run):
    result = run("list", "--namespace", "nope")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "iceframe: namespace does not exist: nope\n"


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("list", "--namespace", "nope"), ("describe", "t"), ("head", "t"), ("query", "t")],
)
def test_commands_that_read_make_no_catalog(run, lake, arguments):
    folder = lake.folder / "fresh"
    folder.mkdir()
    for options in (
        ["--type", "sql", "--uri", f"sqlite:///{folder}/catalog.db"],
        ["--uri", f"sqlite:///{folder}/catalog.db", "--warehouse", f"file://{folder}/warehouse"],
    ):
        result = run(*arguments, options=options)
        assert result.returncode == (0 if arguments == ("list",) else 1), result.stderr
        assert list(folder.iterdir()) == []
    before = {path for path in lake.folder.rglob("*")}
    assert run(*arguments, options=[]).returncode == (0 if arguments == ("list",) else 1)
    assert {path for path in lake.folder.rglob("*")} == before


def test_list_finds_tables_of_every_namespace(run, ice):
    ice.create_table("a.b.deep", {"id": "long"})
    assert run("list").stdout == "a.b.deep\ndefault.users\n"
    assert run("list", "--namespace", "a.b").stdout == "a.b.deep\n"


def test_describe_prints_columns_and_state(run, ice):
    result = run("describe", "users")
    assert result.returncode == 0
    assert "  id    long, required\n  name  string\n" in result.stdout
    assert "\npartitioned by  nothing\nsorted by       nothing\ncolumns\n" in result.stdout
    assert f"snapshot        {ice.get_table('users').current_snapshot_id}\n" in result.stdout


def test_head_prints_rows(run):
    result = run("head", "users", "-n", "1")
    assert result.returncode == 0
    assert "Ada" in result.stdout
    assert "Bob" not in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [("describe", "nowhere"), ("head", "nowhere"), ("query", "nowhere"), ("explain", "nowhere")],
)
def test_a_missing_table_is_one_line_and_exit_code_1(run, arguments):
    result = run(*arguments)
    assert result.returncode == 1
    assert result.stderr == (
        "iceframe: table does not exist: default.nowhere; 'iceframe list' shows those that do\n"
    )


def test_a_negative_count_is_refused(run):
    result = run("head", "users", "-n", "-1")
    assert (result.returncode, result.stderr) == (1, "iceframe: limit must not be negative: -1\n")


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("head",), ("head", "users", "-n", "x")])
def test_wrong_usage_is_exit_code_2(run, arguments):
    assert run(*arguments).returncode == 2


def test_help_tells_commands_environment_and_exit_codes(run):
    text = run("--help", options=[]).stdout
    for word in (
        "list",
        "describe",
        "head",
        "query",
        "explain",
        "--uri",
        "ICEFRAME_",
        "exit codes",
        "example",
    ):
        assert word in text


def test_no_secret_is_printed(run):
    options = ["--type", "sql", "--uri", "postgresql://user:canary-1234@127.0.0.1:1/db"]
    result = run("list", options=options)
    assert result.returncode == 1
    assert "canary-1234" not in result.stdout + result.stderr


# -- query and explain -----------------------------------------------------------------------------

SALES = {
    "id": [1, 2, 3, 4, 5],
    "shop": ["Oslo", "Rome", "Oslo", None, "Rome"],
    "price": [10.5, 20.0, 30.25, 40.0, None],
}


@pytest.fixture
def query(run, ice):
    ice.create_table("sales", {"id": "long", "shop": "string", "price": "double"})
    ice.append_to_table("sales", SALES)
    ice.create_table("shops", {"shop": "string", "country": "string"})
    ice.append_to_table("shops", {"shop": ["Oslo", "Rome"], "country": ["Norway", "Italy"]})

    def query(*arguments):
        result = run("query", "sales", "--format", "csv", *arguments)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout.splitlines()

    return query


def test_query_prints_a_table_with_numbers_to_the_right(run, query):
    result = run("query", "sales", "--where", "id < 5", "--order-by", "id DESC")
    assert result.returncode == 0
    assert result.stdout == (
        "id  shop  price\n--  ----  -----\n"
        " 4         40.0\n 3  Oslo  30.25\n 2  Rome   20.0\n 1  Oslo   10.5\n"
    )


def test_query_has_the_steps_of_sql(query):
    assert query("--select", "id, price * 2 AS twice", "--where", "price > 20") == [
        '"id","twice"',
        "3,60.5",
        "4,80.0",
    ]
    assert query("--where", "id > 1", "--where", "id < 4", "--select", "id") == ['"id"', "2", "3"]
    groups = ("--group-by", "shop", "--agg", "count(*) AS n, sum(price) AS total")
    assert query(*groups, "--order-by", "n DESC, shop") == [
        '"shop","n","total"',
        '"Oslo",2,40.75',
        '"Rome",2,20.0',
        ",1,40.0",
    ]
    assert query(*groups, "--having", "total > 40", "--select", "upper(shop) AS name") == [
        '"name","n","total"',
        '"OSLO",2,40.75',
    ]
    assert query("--agg", "max(price)") == ['"max(price)"', "40.0"]
    assert query("--select", "shop", "--distinct", "--order-by", "shop", "--limit", "1") == [
        '"shop"',
        '"Oslo"',
    ]
    assert query("--select", "id", "--offset", "3", "--limit", "1") == ['"id"', "4"]


def test_query_joins(query):
    assert query("--join", "shops on shop", "--select", "id,country", "--where", "id < 3") == [
        '"id","country"',
        '1,"Norway"',
        '2,"Italy"',
    ]
    assert query("--join", "LEFT shops ON shop = shop", "--where", "id > 3", "--select",
                 "id,country,shop_right") == [
        '"id","country","shop_right"', "4,,", '5,"Italy","Rome"',
    ]  # fmt: skip
    assert query("--join", "anti shops on shop", "--select", "id") == ['"id"', "4"]
    assert len(query("--join", "cross shops")) == 1 + 5 * 2


def test_query_reads_an_older_state(query, run, ice):
    before = ice.get_table("sales").current_snapshot_id
    time = dt.datetime.now(dt.UTC)
    ice.append_to_table("sales", {"id": [6]})
    count = ("--agg", "count(*) AS n")
    assert query(*count) == ['"n"', "6"]
    assert query(*count, "--snapshot-id", str(before)) == ['"n"', "5"]
    assert query(*count, "--as-of", time.isoformat()) == ['"n"', "5"]
    assert query(*count, "--ref", "main") == ['"n"', "6"]
    result = run("query", "sales", "--ref", "nope")
    assert result.returncode == 1
    assert "branch or tag does not exist in default.sales: nope" in result.stderr


def test_formats_keep_every_value(run, ice, lake):
    rows = pa.table(
        {
            "t": pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", "UTC")),
            "m": pa.array([decimal.Decimal("12345678901234567890.12")], pa.decimal128(38, 2)),
            "f": [float("nan")],
            "s": ['comma, "quote"\nline'],
            "b": [b"\x00\xff"],
            "l": [[1, None]],
            "d": [dt.date(2024, 2, 29)],
        }
    )
    ice.create_table("kinds", rows.schema, format_version=3)
    ice.append_to_table("kinds", rows)
    (line,) = run("query", "kinds", "--format", "json").stdout.splitlines()
    assert json.loads(line) == {
        "t": "2023-11-14 22:13:20.123456789Z",
        "m": "12345678901234567890.12",
        "f": "NaN",
        "s": 'comma, "quote"\nline',
        "b": "00ff",
        "l": [1, None],
        "d": "2024-02-29",
    }
    csv = run("query", "kinds", "--format", "csv").stdout
    assert csv == (
        '"t","m","f","s","b","l","d"\n'
        "2023-11-14 22:13:20.123456789Z,12345678901234567890.12,NaN,"
        '"comma, ""quote""\nline","00ff","[1, null]",2024-02-29\n'
    )
    table = run("query", "kinds").stdout.splitlines()
    assert len(table) == 3
    assert r'comma, "quote"\nline' in table[2]
    binary = subprocess.run(
        [*run.command, "query", "kinds", "--format", "arrow"], capture_output=True, check=True
    )
    with pa.ipc.open_stream(io.BytesIO(binary.stdout)) as stream:
        back = stream.read_all()
    assert back.schema == rows.schema
    assert back.drop(["f"]).equals(rows.drop(["f"]))


def test_no_rows_have_a_header_and_a_schema(run, query):
    assert query("--where", "id > 99", "--select", "id") == ['"id"']
    assert run("query", "sales", "--where", "id > 99", "--format", "json").stdout == ""
    assert run("query", "sales", "--where", "id > 99").stdout.splitlines()[0] == "id  shop  price"


def test_a_table_nobody_limited_ends_after_100_rows_and_says_so(run, ice):
    ice.create_table("many", {"id": "long"})
    ice.append_to_table("many", {"id": list(range(101))})
    result = run("query", "many")
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 102)
    assert result.stderr == "the first 100 rows; --limit shows more\n"
    result = run("query", "many", "--limit", "101")
    assert (len(result.stdout.splitlines()), result.stderr) == (103, "")
    assert len(run("query", "many", "--format", "csv").stdout.splitlines()) == 102


def test_explain_shows_the_plan_and_what_was_skipped(run, query):
    arguments = ("explain", "sales", "--where", "id > 99")
    assert "(skipped: 0 by partition, 1 by bounds)" in run(*arguments).stdout
    assert "rows: 0; time: " in run(*arguments, "--analyze").stdout
    plan = json.loads(run(*arguments, "--analyze", "--json").stdout)
    assert (plan["table"], plan["rows"]) == ("sales", 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--where", "id >"), "expression can't be read"),
        (("--where", "idd > 1"), "column does not exist: idd (did you mean id?)"),
        (("--select", "id,,shop"), "a list has an empty entry"),
        (("--join", "shops"), "a join of kind inner needs on="),
        (("--join", "shops on a = b = c"), "--join needs columns after on"),
        (("--join", "shops where x"), "--join is not of the form"),
        (("--having", "id > 1"), "--having needs --group-by or --agg"),
        (("--as-of", "2024-01-01"), "--as-of needs a time with its zone"),
        (("--limit", "-1"), "limit must not be negative: -1"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_exit_code_1(run, query, arguments, message):
    result = run("query", "sales", *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("iceframe: " + message)
    assert result.stderr.count("\n") == 1


def test_two_states_at_once_are_wrong_usage(run, query):
    assert run("query", "sales", "--ref", "main", "--snapshot-id", "1").returncode == 2
    assert run("query", "sales", "--format", "xml").returncode == 2


@pytest.mark.parametrize("command", ["query", "explain"])
def test_help_has_examples(run, command):
    text = run(command, "--help", options=[]).stdout
    for word in ("example", "--where", "--join", "--group-by", "--as-of"):
        assert word in text


@pytest.fixture
def endless(run, ice):
    """A query that writes more than a pipe holds, for a long time."""
    ice.create_table("many", {"id": "long"})
    ice.append_to_table("many", {"id": list(range(10_000))})
    return [*run.command, "query", "many", "--join", "cross many", "--format"]


@pytest.mark.parametrize("form", ["csv", "json", "arrow"])
def test_a_reader_that_has_enough_ends_the_query_quietly(endless, form):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*endless, form], **pipes) as process:
        assert process.stdout.read(10)
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 0)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_ctrl_c_is_exit_code_130_without_a_word(endless, form):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*endless, form], **pipes) as process:
        assert process.stdout.read(10)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert (process.stderr.read(), process.wait(60)) == (b"", 130)


def test_lists_are_split_outside_of_quotes_and_brackets():
    assert split_list("a") == ["a"]
    text = """f(a, (b, c)) AS x, 'it''s, fine', "a,b", `c,d`"""
    assert split_list(text) == ["f(a, (b, c)) AS x", "'it''s, fine'", '"a,b"', "`c,d`"]


def test_the_pages_examples_print_what_they_show(run, ice):
    page = (pathlib.Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    ice.drop_table("users")
    users = {"name": ["Ada", "Bob", "Cid"], "age": [36, 28, 50], "city": ["Oslo", "Oslo", "Rome"]}
    ice.create_table("users", {"name": "string", "age": "int", "city": "string"})
    ice.append_to_table("users", users)
    ice.create_table("cities", {"name": "string", "country": "string"})
    ice.append_to_table("cities", {"name": ["Oslo"], "country": ["Norway"]})
    examples = [
        example.split("\n", 1)
        for block in re.findall(r"^```console\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
        for example in re.split(r"^\$ iceframe ", block, flags=re.MULTILINE)[1:]
    ]
    assert len(examples) == 4
    for command, output in examples:
        assert run(*shlex.split(command)).stdout == output, command


NUMBERS = {"f": [1.0, float("nan"), float("inf"), float("-inf"), 1e20, 0.1, None]}


def test_every_format_writes_values_alike(run, ice):
    rows = pa.table(
        {
            **NUMBERS,
            "i": list(range(7)),
            "l": [[{"x": 0.5, "d": dt.date(2024, 2, 29)}, None], [], None, *[[]] * 4],
            "s": ["Ærø", "", None, 'a"b', "\x00", "😀", "\r\n"],
            "u": pa.array([b"0123456789abcdef"] * 7, pa.binary(16)).cast(pa.uuid()),
            "t": pa.array([0, 100_000, None, 1, 2, 3, 4], pa.time64("us")),
        }
    )
    ice.create_table("kinds", rows.schema)
    ice.append_to_table("kinds", rows)
    parsed = [json.loads(line) for line in run_bytes(run, "json").decode().splitlines()]
    assert [row["f"] for row in parsed] == [1.0, "NaN", "Infinity", "-Infinity", 1e20, 0.1, None]
    assert parsed[0]["l"] == [{"x": 0.5, "d": "2024-02-29"}, None]
    assert parsed[0]["u"] == "30313233-3435-3637-3839-616263646566"
    assert [row["t"] for row in parsed][:3] == ["00:00:00", "00:00:00.100000", None]
    text = run_bytes(run, "csv").decode()
    table = list(csv.reader(io.StringIO(text, newline="")))
    assert table[0] == rows.column_names
    for row, cells in zip(parsed, table[1:], strict=True):
        for value, cell in zip(row.values(), cells, strict=True):
            expected = "" if value is None else value if isinstance(value, str) else json.dumps(
                value, ensure_ascii=False
            )  # fmt: skip
            assert cell == expected


def run_bytes(run, form):
    command = [*run.command, "query", "kinds", "--format", form]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["query", "--help"], ["query", "users"]])
def test_what_an_encoding_lacks_is_escaped(ice, run, arguments):
    ice.append_to_table("users", {"id": [3], "name": ["日本"]})
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run([*run.command, *arguments], capture_output=True, env=environment)
    assert (result.returncode, result.stderr) == (0, b"")
    assert arguments[-1] != "users" or rb"\u65e5\u672c" in result.stdout


def test_output_may_be_closed(run):
    command = shlex.join(str(part) for part in run.command)
    result = subprocess.run(f"{command} list >&-", shell=True, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
