# SPDX-License-Identifier: Apache-2.0
"""Manifests and manifest lists, ours read by PyIceberg and PyIceberg's read by us."""

import importlib.util
import json
import os
import subprocess
from pathlib import Path

import pytest
from manifest_form import entry_form, manifest_form
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import read_manifest_list
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "manifests"


def _tool() -> Path | None:
    folders = [ROOT / "build" / preset for preset in ("release", "dev", "asan")]
    if "ICEFRAME_TOOLS" in os.environ:
        folders = [Path(os.environ["ICEFRAME_TOOLS"])]
    built = (folder / "avro_tool" for folder in folders)
    return next((path for path in built if path.exists()), None)


pytestmark = pytest.mark.skipif(_tool() is None, reason="avro_tool is not built")


def ours(*arguments: object) -> list[dict]:
    command = [str(_tool()), *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def generator():
    spec = importlib.util.spec_from_file_location("generate_manifests", GOLDEN / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pyiceberg")
    generate = generator()
    generate.main(folder)
    return folder, generate.SEQUENCE_NUMBER, generate.SNAPSHOT_ID


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    subprocess.run([str(_tool()), "write-sample", str(folder)], check=True)
    return folder


def test_we_read_what_pyiceberg_writes(theirs):
    folder, sequence_number, snapshot_id = theirs
    manifests = sorted(path for path in folder.glob("*.avro") if "-list" not in path.name)
    assert len(manifests) == 8
    for path in manifests:
        number = 0 if path.name.startswith("v1") else sequence_number
        read = ours("dump-manifest", path, number, snapshot_id)
        assert read == json.loads(path.with_suffix(".json").read_text()), path.name


def test_we_read_the_lists_pyiceberg_writes(theirs):
    lists = sorted(theirs[0].glob("*-list.avro"))
    assert len(lists) == 8
    for path in lists:
        read = ours("dump-list", path)
        assert read == json.loads(path.with_suffix(".json").read_text()), path.name


@pytest.mark.parametrize("version", [1, 2, 3])
def test_pyiceberg_reads_what_we_write(sample, version):
    io = PyArrowFileIO()
    listed = list(read_manifest_list(io.new_input(str(sample / f"v{version}-list.avro"))))
    expected = json.loads((sample / f"v{version}-list.json").read_text())
    assert [manifest_form(manifest) for manifest in listed] == expected
    assert len(listed) == (1 if version == 1 else 2)
    for manifest in listed:
        path = Path(manifest.manifest_path)
        spec, schema = own_spec(path)
        entries = manifest.fetch_manifest_entry(io, discard_deleted=False)
        read = [entry_form(entry, spec, schema) for entry in entries]
        assert read == json.loads(path.with_suffix(".json").read_text()), path.name


def own_spec(path: Path) -> tuple[PartitionSpec, Schema]:
    from pyiceberg.avro.file import AvroFile

    with AvroFile(PyArrowFileIO().new_input(str(path))) as file:
        meta = file.header.meta
    schema = Schema.model_validate_json(meta["schema"])
    fields = json.loads(meta["partition-spec"])
    spec_id = int(meta["partition-spec-id"])
    assert int(meta["schema-id"]) == schema.schema_id
    return PartitionSpec.model_validate({"spec-id": spec_id, "fields": fields}), schema
