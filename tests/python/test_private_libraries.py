# SPDX-License-Identifier: Apache-2.0
"""The copies of Arrow that the package brings meet no other Arrow in the process."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

import pyarrow as pa
import pytest

from iceframe import _native

PACKAGE = pathlib.Path(_native.__file__).parent
LIBRARIES = sorted((PACKAGE / "_libraries").glob("*.so*"))

# Weak names that the compiler puts into every file.
SYSTEM_HOOKS = {
    "__cxa_finalize",
    "__gcov_dump",
    "__gcov_flush",
    "__gmon_start__",
    "_ITM_deregisterTMCloneTable",
    "_ITM_registerTMCloneTable",
}


def unversioned_symbols(file: pathlib.Path) -> set[str]:
    """The dynamic symbols that any library in the process could define, or take from this one."""
    said = subprocess.run(["nm", "-D", file], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in said.splitlines()}
    return {name for name in names if "@" not in name} - SYSTEM_HOOKS


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )


def test_the_package_brings_arrow_under_names_of_its_own():
    assert {"arrow", "arrow_compute", "parquet"} <= {
        file.name.removeprefix("libiceframe_").partition(".")[0] for file in LIBRARIES
    }
    assert all(file.name.startswith("libiceframe_") for file in LIBRARIES)


@pytest.mark.skipif(shutil.which("nm") is None, reason="binutils are not installed")
@pytest.mark.parametrize("file", LIBRARIES, ids=lambda file: file.name)
def test_no_symbol_of_a_copy_has_a_name_that_other_libraries_know(file):
    assert {name for name in unversioned_symbols(file) if not name.endswith(".iceframe")} == set()


@pytest.mark.skipif(shutil.which("nm") is None, reason="binutils are not installed")
def test_the_module_needs_python_and_the_copies_only():
    names = unversioned_symbols(pathlib.Path(_native.__file__))
    others = {name for name in names if not name.endswith(".iceframe")}
    assert {name for name in others if not re.match("_?Py", name)} == set()


IMPORTS = {
    "iceframe first": "import iceframe, iceframe._native, pyarrow.dataset, pyarrow.parquet",
    "pyarrow first": "import pyarrow.dataset, pyarrow.parquet, iceframe, iceframe._native",
}


@pytest.mark.parametrize("flags", ["RTLD_LOCAL", "RTLD_GLOBAL"])
@pytest.mark.parametrize("order", IMPORTS)
def test_no_symbol_of_one_arrow_is_bound_to_the_other(tmp_path, order, flags):
    program = f"import os, sys; sys.setdlopenflags(os.RTLD_NOW | os.{flags}); {IMPORTS[order]}"
    program += "; print(open('/proc/self/maps').read())"
    said = run(program, LD_DEBUG="bindings", LD_DEBUG_OUTPUT=str(tmp_path / "bindings"))
    loaded = {line.split()[-1] for line in said.stdout.splitlines() if ".so" in line}
    arrows = {pathlib.Path(path).name for path in loaded if "arrow.so" in path}
    assert {name.partition(".")[0] for name in arrows} == {"libarrow", "libiceframe_arrow"}

    num_ours = 0
    for report in tmp_path.iterdir():
        for line in report.read_text(errors="replace").splitlines():
            match = re.search(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]", line)
            if match is None:
                continue
            ours = ["/iceframe/" in path for path in match.groups()]
            theirs = ["/pyarrow/" in path for path in match.groups()]
            num_ours += all(ours)
            assert not (any(ours) and any(theirs)), line
            # Nor does anything else take a symbol from the copies.
            assert ours[0] or not ours[1] or "PyInit__native" in line, line
    assert num_ours > 5_000


def test_results_outlive_session_and_interpreter(lake, ice):
    ice.create_table("t", {"id": "long", "text": "string"})
    ice.append_to_table("t", {"id": list(range(1000)), "text": [f"text {i}" for i in range(1000)]})
    program = """
        import json, sys
        import iceframe, pyarrow as pa, polars as pl

        ice = iceframe.IceFrame(json.loads(sys.argv[1]))
        table, half = pa.table(ice.scan("t")), pa.RecordBatchReader.from_stream(ice.scan("t"))
        frame = pl.DataFrame(ice.scan("t"))
        first = half.read_next_batch()
        sys.modules["kept_until_the_end"] = [table, half, frame, first]
        del ice, iceframe
        assert table["id"].to_pylist() == list(range(1000)) and frame["id"].sum() == 499500
        assert first["text"][5].as_py() == "text 5"
        """
    ended = run(program, json.dumps(lake.config))
    assert (ended.stdout, ended.stderr) == ("", "")


class Celsius(pa.ExtensionType):
    """A type that only this process's pyarrow knows."""

    def __init__(self) -> None:
        super().__init__(pa.float64(), "test.celsius")

    def __arrow_ext_serialize__(self) -> bytes:
        return b"degrees"

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


def test_an_extension_type_of_the_other_side_arrives_as_its_storage(ice):
    degrees = pa.ExtensionArray.from_storage(Celsius(), pa.array([20.5, None]))
    rows = pa.table({"warm": degrees})
    ice.create_table("t", {"warm": "double"})
    ice.append_to_table("t", rows)
    assert ice.to_arrow("t").to_pydict() == {"warm": [20.5, None]}

    pa.register_extension_type(Celsius())
    try:
        ice.append_to_table("t", rows)
    finally:
        pa.unregister_extension_type("test.celsius")
    assert ice.to_arrow("t").num_rows == 4


def test_a_type_that_the_other_side_does_not_know_keeps_its_metadata(ice):
    ice.create_table("t", {"id": "uuid"})
    field = pa.schema(ice.scan("t")).field("id")
    known = isinstance(field.type, pa.BaseExtensionType)
    assert known == hasattr(pa, "uuid")
    if not known:
        assert field.type == pa.binary(16)
        assert field.metadata[b"ARROW:extension:name"] == b"arrow.uuid"
