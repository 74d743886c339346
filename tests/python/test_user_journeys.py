# SPDX-License-Identifier: Apache-2.0
"""What users do around the plain path: renaming and registering, damaged files, odd arguments."""

import pathlib

import pytest

from iceframe.errors import AlreadyExistsError, DataError, IoError, NotFoundError


def data_files(lake) -> list[pathlib.Path]:
    return sorted(lake.folder.rglob("*.parquet"))


def test_rename_keeps_rows_and_register_brings_back(ice, lake):
    ice.create_table("a", {"id": "long"})
    ice.append_to_table("a", {"id": [1, 2]})
    ice.create_namespace("other")
    ice.rename_table("a", "other.b")
    assert not ice.table_exists("a")
    assert ice.to_arrow("other.b").num_rows == 2
    ice.create_table("a", {"id": "long"})
    with pytest.raises(AlreadyExistsError, match=r"default\.a"):
        ice.rename_table("other.b", "a")
    with pytest.raises(LookupError, match="nowhere"):
        ice.rename_table("nowhere", "c")
    metadata = ice.get_table("other.b").metadata_location
    ice.drop_table("other.b")
    assert ice.register_table("new.c", metadata).name() == ("new", "c")
    assert ice.to_arrow("new.c").num_rows == 2
    assert lake.pyiceberg().load_table("new.c").scan().to_arrow().num_rows == 2
    with pytest.raises(AlreadyExistsError):
        ice.register_table("new.c", metadata)


def test_errors_while_reading_are_the_engines_own(ice, lake):
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": list(range(1000))})
    (file,) = data_files(lake)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    for read in (ice.to_arrow, ice.read_table, lambda name: list(ice.scan_batches(name))):
        with pytest.raises((DataError, IoError), match=file.name):
            read("t")
    file.unlink()
    with pytest.raises((IoError, NotFoundError), match=file.name):
        ice.to_arrow("t")
