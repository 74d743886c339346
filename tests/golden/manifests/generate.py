# SPDX-License-Identifier: Apache-2.0
"""Writes manifests and manifest lists with PyIceberg, and beside each what it reads back.

Run with the folder to write to, this one by default:
    python tests/golden/manifests/generate.py [FOLDER]
"""

import datetime
import decimal
import json
import sys
import uuid
from pathlib import Path

import pyiceberg
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestEntry,
    ManifestEntryStatus,
    read_manifest_list,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    TruncateTransform,
    VoidTransform,
    YearTransform,
)
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "interop"))
from manifest_form import entry_form, manifest_form

PYICEBERG = "0.12.0"
SNAPSHOT_ID = 7000000000000000001
SEQUENCE_NUMBER = 12

SCHEMA = Schema(
    NestedField(1, "flag", BooleanType(), required=False),
    NestedField(2, "count", IntegerType(), required=False),
    NestedField(3, "total", LongType(), required=False),
    NestedField(4, "ratio", FloatType(), required=False),
    NestedField(5, "score", DoubleType(), required=False),
    NestedField(6, "day", DateType(), required=False),
    NestedField(7, "at", TimeType(), required=False),
    NestedField(8, "ts", TimestampType(), required=False),
    NestedField(9, "tsz", TimestamptzType(), required=False),
    NestedField(10, "name:first", StringType(), required=False),
    NestedField(11, "id", UUIDType(), required=False),
    NestedField(12, "hash", FixedType(5), required=False),
    NestedField(13, "blob", BinaryType(), required=False),
    NestedField(14, "price", DecimalType(9, 2), required=False),
    schema_id=3,
)

IDENTITY = PartitionSpec(
    *(
        PartitionField(field.field_id, 1000 + i, IdentityTransform(), field.name)
        for i, field in enumerate(SCHEMA.fields)
    ),
    spec_id=4,
)

TRANSFORMS = PartitionSpec(
    PartitionField(10, 1000, BucketTransform(16), "name_bucket"),
    PartitionField(10, 1001, TruncateTransform(3), "name_trunc"),
    PartitionField(8, 1002, YearTransform(), "ts_year"),
    PartitionField(8, 1003, MonthTransform(), "ts_month"),
    PartitionField(9, 1004, DayTransform(), "tsz_day"),
    PartitionField(9, 1005, HourTransform(), "tsz_hour"),
    PartitionField(2, 1006, VoidTransform(), "count_null"),
    spec_id=5,
)


def identity_values(i: int) -> list[object]:
    return [
        i % 2 == 0,
        -i,
        2**40 + i,
        1.5 * i,
        -0.25 * i,
        19000 + i,
        3600 * 10**6 + i,
        1_700_000_000_000_000 + i,
        -1 - i,
        f"né{i}",
        uuid.UUID(int=2**127 + i),
        bytes([0, 1, 2, 3, i]),
        bytes([255, i]),
        decimal.Decimal("-123.45") + i,
    ]


def transform_values(i: int) -> list[object]:
    return [i % 16, f"né{i}", 53, 645 + i, 19000 + i, 456000 + i, None]


def data_file(i: int, values: list[object]) -> DataFile:
    plain = i % 3 == 2
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=f"s3://bucket/t/data/{i:05d}.parquet",
        file_format=FileFormat.PARQUET,
        partition=Record(*values),
        record_count=100 + i,
        file_size_in_bytes=2**33 + i,
        column_sizes=None if plain else {1: 10 + i, 2: 2**31},
        value_counts=None if plain else {1: 100 + i, 2: 100},
        null_value_counts=None if plain else {1: 0, 2: i},
        nan_value_counts=None if plain else {5: 1},
        lower_bounds=None if plain else {2: (i).to_bytes(4, "little"), 10: b"a"},
        upper_bounds=None if plain else {2: (i + 9).to_bytes(4, "little"), 10: "né".encode()},
        key_metadata=b"\x00key" if i == 0 else None,
        split_offsets=None if plain else [4, 2**27],
        equality_ids=None,
        sort_order_id=None if plain else 1,
    )


def entries(version: int, make_values, nulls: bool) -> list[tuple[str, ManifestEntry]]:
    result = []
    for i in range(6):
        values = make_values(i)
        if nulls and i == 3:
            values = [None] * len(values)
        kind = ("add", "existing", "delete")[i % 3]
        number = 0 if version == 1 else 5 + i
        result.append(
            (
                kind,
                ManifestEntry.from_args(
                    status=ManifestEntryStatus.ADDED,
                    snapshot_id=SNAPSHOT_ID - i,
                    sequence_number=None if kind == "add" else number,
                    file_sequence_number=None if kind == "add" else number,
                    data_file=data_file(i, values),
                ),
            )
        )
    return result


def write(folder: Path, version: int, codec: str, spec: PartitionSpec, make_values) -> None:
    io = PyArrowFileIO()
    name = f"v{version}-{codec}-spec{spec.spec_id}"
    path = folder / f"{name}.avro"
    writer = write_manifest(version, spec, SCHEMA, io.new_output(str(path)), SNAPSHOT_ID, codec)
    with writer:
        for kind, entry in entries(version, make_values, spec is IDENTITY):
            getattr(writer, kind)(entry)
    manifest = writer.to_manifest_file()
    manifest._data[0] = path.name
    list_path = folder / f"{name}-list.avro"
    sequence_number = 0 if version == 1 else SEQUENCE_NUMBER
    output = io.new_output(str(list_path))
    with write_manifest_list(version, output, SNAPSHOT_ID, None, sequence_number, codec) as lists:
        lists.add_manifests([manifest])
    (listed,) = read_manifest_list(io.new_input(str(list_path)))
    dump(folder / f"{name}-list.json", [manifest_form(listed)])
    listed._data[0] = str(path)
    read = listed.fetch_manifest_entry(io, discard_deleted=False)
    dump(folder / f"{name}.json", [entry_form(entry, spec, SCHEMA) for entry in read])


def dump(path: Path, forms: list[dict[str, object]]) -> None:
    path.write_text(json.dumps(forms, indent=1) + "\n")


def main(folder: Path) -> None:
    """Writes everything to `folder`."""
    assert pyiceberg.__version__ == PYICEBERG, pyiceberg.__version__
    assert datetime.date(1970, 1, 1) + datetime.timedelta(19000) == datetime.date(2022, 1, 8)
    for version in (1, 2):
        for codec in ("null", "deflate", "zstandard"):
            write(folder, version, codec, TRANSFORMS, transform_values)
        write(folder, version, "deflate", IDENTITY, identity_values)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
