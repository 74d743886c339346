# SPDX-License-Identifier: Apache-2.0
"""What a read can be told by name, in every form of reading."""

from __future__ import annotations

import pytest

from iceframe.errors import ValidationError


@pytest.fixture
def files(ice):
    ice.create_table("t", {"id": "long"})
    for i in range(3):
        ice.append_to_table("t", {"id": [i]})
    return ice


READS = ["read_table", "scan", "head", "to_arrow", "to_pandas", "count_rows", "describe", "lazy"]


@pytest.mark.parametrize("name", READS)
def test_an_unknown_name_is_refused_with_the_nearest(files, name):
    with pytest.raises(TypeError, match="batch_sise; did you mean batch_size"):
        getattr(files, name)("t", batch_sise=3)


def test_files_are_opened_as_few_at_once_as_is_asked(files):
    for count in (1, 2, 100):
        assert files.read_table("t", max_open_files=count)["id"].to_list() == [0, 1, 2]
    for wrong in (0, -1, None, "3", True):
        with pytest.raises(ValidationError, match="max_open_files"):
            files.read_table("t", max_open_files=wrong)


def test_other_calls_name_the_nearest_too(files):
    with pytest.raises(TypeError, match="exist_okay; did you mean exist_ok"):
        files.create_table("u", {"id": "long"}, exist_okay=True)
    with pytest.raises(TypeError, match="snapshot_propertys; did you mean snapshot_properties"):
        files.overwrite_table("t", {"id": [1]}, snapshot_propertys={})


def test_filters_are_taken_by_position_as_older_code_gives_them(files):
    ids = files.read_table("t", None, None, None, None, None, None, "id > 0")["id"].to_list()
    assert ids == [1, 2]
    with pytest.raises(TypeError, match="given twice"):
        files.read_table("t", None, None, None, None, None, "id > 0", filter="id > 1")
    with pytest.raises(TypeError, match="by position"):
        files.read_table("t", None, None, None, None, None, None, None, None)
