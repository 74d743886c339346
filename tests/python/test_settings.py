# SPDX-License-Identifier: Apache-2.0
"""Settings from Python: an argument beats the environment beats the file; secrets stay unseen."""

import json
import logging
import warnings

import pytest

import iceframe
from iceframe import IceFrame
from iceframe.errors import IceFrameError, ValidationError

CANARY = "canary-93f1"
MIB = 1024 * 1024


def limit_of(**settings) -> int | None:
    return IceFrame({"type": "in-memory"}, **settings)._session.memory_limit_bytes()


def test_an_argument_beats_the_environment_which_beats_the_file(tmp_path, monkeypatch):
    file = tmp_path / "settings.yaml"
    file.write_text("memory:\n  limit: 64MiB\n")
    monkeypatch.delenv("ICEFRAME_MEMORY_LIMIT", raising=False)
    monkeypatch.setenv("ICEFRAME_CONFIG", str(file))
    assert limit_of() == 64 * MIB
    monkeypatch.setenv("ICEFRAME_MEMORY_LIMIT", "65MiB")
    assert limit_of() == 65 * MIB
    assert limit_of(memory__limit="66MiB") == 66 * MIB
    assert limit_of(settings={"memory.limit": "67MiB"}) == 67 * MIB


def test_an_unknown_setting_is_refused_with_the_nearest(tmp_path, monkeypatch):
    with pytest.raises(ValidationError, match=r"memory\.limit"):
        limit_of(memory__limits="1GB")
    file = tmp_path / "settings.yaml"
    file.write_text("memory.limits: 1GB\n")
    monkeypatch.setenv("ICEFRAME_CONFIG", str(file))
    with pytest.raises(ValidationError, match=r"memory\.limit"):
        limit_of()


def test_an_unknown_variable_is_told_once_and_stops_nothing(monkeypatch, caplog):
    monkeypatch.setenv("ICEFRAME_MEMORY_LIMITZ", "1GB")
    monkeypatch.setenv("ICEFRAME_MEMORY_LIMIT", "1GiB")
    with warnings.catch_warnings(record=True, action="always") as seen:
        assert limit_of() == limit_of() == 1024 * MIB
    for told in ([str(warning.message) for warning in seen], caplog.messages):
        (line,) = told
        assert "ICEFRAME_MEMORY_LIMITZ (the nearest known one is ICEFRAME_MEMORY_LIMIT)" in line


def test_the_memory_limit_has_an_argument_of_its_own():
    assert limit_of(memory_limit="64MiB") == 64 * MIB
    assert limit_of(memory_limit=64 * MIB) == 64 * MIB
    assert limit_of(memory_limit="1GB") == limit_of(memory__limit="1GB") == 10**9
    assert limit_of(memory_limit=None) is None
    assert limit_of(memory_limit=0) is None
    for wrong in (-1, 1.5, True, "much", [], "1 parsec", 2**70):
        with pytest.raises(ValidationError, match=r"memory.limit"):
            limit_of(memory_limit=wrong)
    for twice in ({"memory__limit": "1GB"}, {"settings": {"memory.limit": "1GB"}}):
        with pytest.raises(ValidationError, match="both given"):
            limit_of(memory_limit="1GB", **twice)


def test_pool_size_and_cache_are_checked():
    config = {"type": "in-memory"}
    assert IceFrame(config, 5).pool_size == 5
    assert IceFrame(config, pool_size=1).pool_size == 1
    assert IceFrame(config).pool_size is None
    for wrong in (0, -1, "5", 1.5, True, []):
        with pytest.raises(ValidationError, match="pool_size"):
            IceFrame(config, wrong)
    assert IceFrame(config, cache=None).list_tables() == []
    for wrong in (True, False, "memory", 100, {}, object()):
        with pytest.raises(ValidationError, match="cache"):
            IceFrame(config, cache=wrong)


SECRETS = {
    "token": CANARY,
    "credential": f"id:{CANARY}",
    "s3.access-key-id": "id",
    "s3.secret-access-key": CANARY,
    "s3.session-token": CANARY,
    "header.Authorization": f"Bearer {CANARY}",
}


def test_no_secret_shows_in_what_is_printed_or_logged(lake, caplog):
    caplog.set_level(logging.DEBUG)
    ice = IceFrame({**lake.config, **SECRETS})
    table = ice.create_table("users", {"id": "long"}, properties={"note": "plain"})
    report = ice.append_to_table("users", {"id": [1]})
    shown = [repr(ice), ice._repr_html_(), repr(table), table._repr_html_(), repr(report)]
    shown += [repr(ice.scan("users")), repr(ice.__dict__), caplog.text]
    with pytest.raises(IceFrameError) as caught:
        ice.get_table("nowhere")
    shown += [str(caught.value), repr(caught.value), json.dumps(dict(caught.value.context))]
    assert CANARY not in "\n".join(shown)


@pytest.mark.parametrize(
    "config",
    [
        {"type": "sql", "uri": f"postgresql://user:{CANARY}@127.0.0.1:1/db"},
        {"type": "sql", "uri": f"nonsense://user:{CANARY}@host/db"},
        {"type": "rest", "uri": f"https://user:{CANARY}@host/", "token": CANARY},
        {"type": "nonsense", "token": CANARY, "uri": f"x://user:{CANARY}@host"},
        {"type": "sql", "uri": "sqlite:////nowhere/at/all.db", "token": CANARY},
    ],
)
def test_no_secret_shows_in_the_errors_of_a_catalog(config):
    with pytest.raises(IceFrameError) as caught:
        IceFrame(config).list_tables()
    error = caught.value
    assert CANARY not in f"{error}{error!r}{dict(error.context)}"


def test_every_public_class_has_a_repr_worth_looking_at(ice):
    table = ice.create_table("users", {"id": {"type": "long", "required": True}, "n<b>": "string"})
    report = ice.append_to_table("users", {"id": [1]})
    assert repr(ice).startswith("IceFrame(sql catalog 'lake' at sqlite:///")
    assert "default" in ice._repr_html_()
    assert "users" in ice._repr_html_()
    assert "Table('default.users', snapshot_id=None, " in repr(table)
    assert "\n  1: id: required long\n  2: n<b>: optional string\n" in repr(table)
    assert "n&lt;b&gt;" in table._repr_html_()
    assert "required" in table._repr_html_()
    assert repr(report).startswith("WriteReport(")
    assert "num_rows=1" in repr(report)
    progress = iceframe.Progress("scan", 1, 2, "rows")
    assert repr(progress) == "Progress(stage='scan', done=1, total=2, unit='rows')"


@pytest.fixture
def default_threads():
    iceframe.configure_executor()
    yield iceframe._native.num_threads(), iceframe._native.num_io_threads()
    iceframe.configure_executor()


def threads() -> tuple[int, int]:
    return iceframe._native.num_threads(), iceframe._native.num_io_threads()


def test_threads_are_configured_by_a_call_of_their_own(default_threads):
    IceFrame({"type": "in-memory"})
    assert threads() == default_threads
    iceframe.configure_executor(num_threads=3, num_io_threads=5)
    assert threads() == (3, 5)
    iceframe.configure_executor(num_io_threads=6)
    assert threads() == (default_threads[0], 6)
    for wrong in (-1, 5000, 2**40, "3", 1.5):
        with pytest.raises(ValidationError):
            iceframe.configure_executor(num_threads=wrong)
    assert threads() == (default_threads[0], 6)


def test_the_first_session_chooses_the_threads_and_another_choice_is_refused(default_threads):
    IceFrame({"type": "in-memory"}, executor__num_threads=3)
    assert threads() == (3, default_threads[1])
    IceFrame({"type": "in-memory"}, executor__num_threads=3)
    with pytest.raises(ValidationError, match="configure_executor"):
        IceFrame({"type": "in-memory"}, executor__num_threads=4)
    assert threads() == (3, default_threads[1])
    iceframe.configure_executor(num_threads=4)
    IceFrame({"type": "in-memory"}, executor__num_threads=4)
    assert threads() == (4, default_threads[1])
