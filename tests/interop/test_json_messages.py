# SPDX-License-Identifier: Apache-2.0
"""JSON messages become the rows that Python's json and an append of its values make, or none.

ICEFRAME_TOOLS names the folder of decode_tool; ICEFRAME_SEED sets the seed, which is printed.
"""

import base64
import datetime
import decimal
import json
import math
import os
import random
import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iceframe import IceFrame
from iceframe.errors import IceFrameError

_ROOT = Path(__file__).resolve().parents[2]
_COLUMNS = {
    "flag": "boolean",
    "small": "int",
    "big": "long",
    "real": "double",
    "money": "decimal(9,2)",
    "day": "date",
    "clock": "time",
    "local": "timestamp",
    "at": "timestamptz",
    "text": "string",
    "id": "uuid",
    "raw": "binary",
    "tags": "list<string>",
    "scores": "map<string, long>",
}


def _tool() -> Path:
    folders = [os.environ.get("ICEFRAME_TOOLS"), _ROOT / "build/release", _ROOT / "build/dev"]
    tools = [Path(folder) / "decode_tool" for folder in folders if folder]
    found = next((tool for tool in tools if tool.exists()), None)
    assert found, "decode_tool is not built"
    return found


@pytest.fixture
def ice(tmp_path: Path) -> IceFrame:
    frame = IceFrame({"uri": f"sqlite:///{tmp_path}/c.db", "warehouse": f"file://{tmp_path}/w"})
    frame.create_table("t", _COLUMNS)
    return frame


def _decoded(ice: IceFrame, tmp_path: Path, payloads: list[str]) -> list[str]:
    metadata = json.loads(
        Path(ice.get_table("t").metadata_location.removeprefix("file://")).read_text()
    )
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(metadata["schemas"][-1]))
    done = subprocess.run(
        [_tool(), schema],
        input="\n".join(payloads) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(payloads)
    return lines


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # What is passed over may come twice.
    known = [key for key, _ in pairs if key in _COLUMNS]
    assert len(set(known)) == len(known), "a key comes twice"
    return dict(pairs)


def _not_json(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


_DATE = r"\d{4}-\d\d-\d\d"
_CLOCK = r"\d\d:\d\d(:\d\d(\.\d{1,9})?)?"


def _read(pattern: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Python takes more forms than those of ISO 8601."""

    def strict(text: str) -> Any:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(text)
        return read(text)

    return strict


def _base64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    assert base64.b64encode(raw).decode() == text, "bits that are part of no byte"
    return raw


_moment = _read(rf"{_DATE}[Tt ]{_CLOCK}([Zz]|[+-]\d\d(:?\d\d)?)?", datetime.datetime.fromisoformat)
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "day": _read(_DATE, datetime.date.fromisoformat),
    "clock": _read(_CLOCK, datetime.time.fromisoformat),
    "local": _moment,
    "at": _moment,
    "id": _read(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", uuid.UUID),
    "raw": _base64,
    "money": _read(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", decimal.Decimal),
}


def _row(payload: str) -> dict[str, Any]:
    """What Python makes of a message; raises where it is none."""
    # Digits are kept where the column asks for them.
    parsed = json.loads(
        payload, object_pairs_hook=_once, parse_float=decimal.Decimal, parse_constant=_not_json
    )
    row = {}
    for name, value in parsed.items():
        if name not in _COLUMNS:
            continue
        if (
            value is not None
            and name in _FROM_TEXT
            and not (name == "money" and not isinstance(value, str))
        ):
            value = _FROM_TEXT[name](value)
        if name == "real" and isinstance(value, decimal.Decimal):
            value = float(value)
            if math.isinf(value):
                raise OverflowError(payload)
        row[name] = value
    return row


def _shown(name: str, value: Any) -> Any:
    """A value read from the table in the form that the tool prints."""
    if name == "scores" and value is not None:
        entries = value.items() if isinstance(value, dict) else [tuple(e.values()) for e in value]
        return [list(entry) for entry in entries]
    if value is None or isinstance(value, bool | int | float | str | list):
        return value
    if isinstance(value, bytes):
        return str(uuid.UUID(bytes=value)) if name == "id" else value.hex()
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f") + ("Z" if value.tzinfo else "")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


class _Messages:
    """Random messages, good ones and ones that are wrong somewhere."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def _value(self, name: str) -> str:
        pick = self._random
        number = pick.choice(
            [
                str(pick.randint(-(2**33), 2**33)),
                str(pick.randint(-(2**65), 2**65)),
                repr(pick.uniform(-1e6, 1e6)),
                f"{pick.randint(0, 99)}.{pick.randint(0, 999)}",
                f"{pick.randint(-9, 9)}e{pick.randint(-3, 12)}",
                "-0",
                "1e400",
                "01",
            ]
        )
        moment = datetime.datetime(
            pick.randint(1900, 2100), pick.randint(1, 12), pick.randint(1, 28), pick.randint(0, 23)
        ).replace(microsecond=pick.choice([0, 5, 250_000]))
        good = {
            "flag": pick.choice(["true", "false"]),
            "small": str(pick.randint(-(2**31), 2**31 - 1)),
            "big": str(pick.randint(-(2**63), 2**63 - 1)),
            "real": repr(pick.uniform(-1e30, 1e30)),
            "money": pick.choice(['"12.30"', "7.5", "-3", "1234567.89"]),
            "day": f'"{moment.date()}"',
            "clock": f'"{moment.time()}"',
            "local": f'"{moment.isoformat()}"',
            "at": f'"{moment.isoformat()}{pick.choice(["Z", "+02:00"])}"',
            "text": json.dumps(
                pick.choice(["", "x" * 40, 'a"b\\c\n', "é€😀"]), ensure_ascii=pick.random() < 0.5
            ),
            "id": f'"{uuid.UUID(int=pick.getrandbits(128))}"',
            "raw": json.dumps(base64.b64encode(pick.randbytes(pick.randint(0, 9))).decode()),
            "tags": json.dumps(pick.choice([[], ["a", None], ["b"] * 5])),
            "scores": json.dumps(pick.choice([{}, {"a": 1, "b": None}])),
        }
        others = [
            number,
            "null",
            "true",
            '"text"',
            "[1]",
            "{}",
            '"2024-01-01T00:00:00"',
            '"2024-02-30"',
        ]
        return good[name] if pick.random() < 0.97 else pick.choice(others)

    def __iter__(self) -> "_Messages":
        return self

    def __next__(self) -> str:
        pick = self._random
        names = pick.sample(sorted(_COLUMNS), pick.randint(0, len(_COLUMNS)))
        members = [f'"{name}": {self._value(name)}' for name in names]
        if pick.random() < 0.2:
            members.insert(pick.randint(0, len(members)), '"other": [1, {"a": "\\u0041"}]')
        if pick.random() < 0.05 and members:
            members.append(pick.choice(members))
        text = "{" + ", ".join(members) + "}"
        if pick.random() < 0.1:
            cut = pick.randint(0, len(text))
            text = (
                text[:cut]
                + pick.choice(["", " ", ",", '"', "\\", "}"])
                + text[cut + pick.randint(0, 2) :]
            )
        return text


def _is_refused(ice: IceFrame, payload: str) -> bool:
    try:
        ice.append_to_table("t", [_row(payload)])
    except (ValueError, AssertionError, TypeError, AttributeError, ArithmeticError, IceFrameError):
        return True
    return False


def test_rows_are_those_of_python(ice: IceFrame, tmp_path: Path) -> None:
    seed = int(os.environ.get("ICEFRAME_SEED", random.randrange(2**32)))
    print("seed", seed)
    payloads = [payload for _, payload in zip(range(2_000), _Messages(seed), strict=False)]
    lines = _decoded(ice, tmp_path, payloads)
    taken = [i for i, line in enumerate(lines) if not line.startswith("!")]
    assert len(payloads) // 4 < len(taken) < len(payloads)
    for i in sorted(set(range(len(payloads))) - set(taken))[:150]:
        assert _is_refused(ice, payloads[i]), f"{payloads[i]} is refused: {lines[i]}"
    # One append of them all keeps their order.
    rows = [{name: None for name in _COLUMNS} | _row(payloads[i]) for i in taken]
    ice.append_to_table("t", rows)
    table = ice.read_table("t").to_dicts()
    assert len(table) == len(taken)
    for i, row in zip(taken, table, strict=True):
        shown = {name: _shown(name, value) for name, value in row.items()}
        assert shown == json.loads(lines[i]), payloads[i]
