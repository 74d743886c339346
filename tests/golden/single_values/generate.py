# SPDX-License-Identifier: Apache-2.0
"""Writes golden.json: single values, hashes and transforms as PyIceberg has them.

Run from the root of the checkout: python tests/golden/single_values/generate.py
"""

from __future__ import annotations

import json
import random
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyiceberg
from pyiceberg.conversions import to_bytes, to_json
from pyiceberg.transforms import BucketTransform, parse_transform
from pyiceberg.types import PrimitiveType, StructType

EXPECTED_VERSION = "0.12.0"
TRANSFORMS = ["identity", "bucket[1]", "bucket[16]", "bucket[1000003]"]
TRANSFORMS += ["truncate[1]", "truncate[4]", "truncate[1000]", "year", "month", "day", "hour"]


def parse(name: str) -> PrimitiveType:
    """Returns the primitive type that `name` spells."""
    field = {"id": 1, "name": "a", "required": False, "type": name}
    return StructType.model_validate({"type": "struct", "fields": [field]}).fields[0].field_type


def values(source: random.Random) -> dict[str, list[Any]]:
    """Returns the values by type: edges first, then random ones."""
    ints = [0, 1, -1, 34, 2**31 - 1, -(2**31) + 2000, 127, 128, -128, -129]
    ints += [source.randint(-(2**31) + 2000, 2**31 - 1) for _ in range(20)]
    # Within the years that Python's datetime, which PyIceberg computes with, can hold.
    times = [0, 1, -1, 999, -999, 1510871468123456, -86400000001, 951782400000000]
    times += [source.randint(-62_000_000_000_000_000, 250_000_000_000_000_000) for _ in range(20)]
    nanos = [0, 1, -1, 999, -999, -1001, 1510871468123456789]
    nanos += [source.randint(-(2**62), 2**62) for _ in range(20)]
    dates = [0, 1, -1, 17486, -719162, 11016, -365, -366]
    dates += [source.randint(-719162, 2932896) for _ in range(20)]
    texts = ["", "iceberg", "é", "𐐀a", "a𐐀b𐐀c", "ÿÿÿÿÿ", "a" * 1200]
    lengths = [source.randint(0, 12) for _ in range(20)]
    texts += ["".join(chr(source.randint(32, 0xD7FF)) for _ in range(n)) for n in lengths]
    blobs = [b"", b"\x00\x01\x02\x03", b"\xff" * 5]
    blobs += [source.randbytes(source.randint(0, 40)) for _ in range(20)]
    unscaled = [0, 1, -1, 1420, 127, 128, -128, -129, 32767, 32768, -32769, 99999999]
    unscaled += [source.randint(-99_999_990, 99_999_999) for _ in range(20)]
    wide = [10**37, -(10**37), 2**63, -(2**63), 2**64] + [
        source.randint(-(10**37), 10**37) for _ in range(20)
    ]
    return {
        "boolean": [True, False],
        "int": ints,
        "long": [*ints, 2**63 - 1, -(2**63) + 2000, 2**40, -(2**40) - 7],
        "float": [0.0, -0.0, 1.0, -1.5, float("inf"), 3.4028234663852886e38],
        "double": [0.0, -0.0, 1.0, 0.1, float("-inf"), 1e300, 5e-324],
        "date": dates,
        "time": [0, 1, 81068000000, 81068123456, 86399999999],
        "timestamp": times,
        "timestamptz": times,
        "timestamp_ns": nanos,
        "timestamptz_ns": nanos,
        "decimal(9, 2)": [Decimal(n).scaleb(-2) for n in unscaled],
        "decimal(38, 0)": [Decimal(n) for n in wide],
        "string": texts,
        "uuid": [uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7"), uuid.UUID(int=0)]
        + [uuid.UUID(int=source.getrandbits(128)) for _ in range(5)],
        "fixed[4]": [b"\x00\x01\x02\x03", b"\xff\xff\xff\xff"],
        "binary": blobs,
    }


def transformed(kind: PrimitiveType, value: Any) -> dict[str, Any]:
    """Returns the transforms of `value`: name to single value in hex."""
    results = {}
    for name in TRANSFORMS:
        transform = parse_transform(name)
        if not transform.can_transform(kind):
            continue
        result_type = transform.result_type(kind)
        result = transform.transform(kind)(value)
        if isinstance(result, int) and not isinstance(result, bool):
            result = int(result)
        encoded = value if name == "identity" else result
        results[name] = to_bytes(result_type, encoded).hex()
    return results


def entry(name: str, value: Any) -> dict[str, Any]:
    """Returns all that is known of one value."""
    kind = parse(name)
    known: dict[str, Any] = {"type": name, "bytes": to_bytes(kind, value).hex()}
    if name not in ("timestamp_ns", "timestamptz_ns", "float", "double"):
        known["json"] = to_json(kind, value)
    if BucketTransform(1).can_transform(kind):
        known["hash"] = BucketTransform(1).transform(kind, bucket=False)(value)
    known["transforms"] = transformed(kind, value)
    return known


def main() -> None:
    """Writes the file next to this script."""
    if pyiceberg.__version__ != EXPECTED_VERSION:
        raise SystemExit(f"PyIceberg {EXPECTED_VERSION} is wanted, not {pyiceberg.__version__}")
    by_type = values(random.Random(20))
    entries = [entry(name, value) for name, items in by_type.items() for value in items]
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in entries)
    target = Path(__file__).with_name("golden.json")
    target.write_text(f'{{"pyiceberg": "{EXPECTED_VERSION}", "values": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
