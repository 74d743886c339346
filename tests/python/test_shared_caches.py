# SPDX-License-Identifier: Apache-2.0
"""All caches of the process are reported together and keep within one budget."""

import polars as pl
import pytest

from iceframe import IceFrame
from iceframe.errors import ValidationError
from iceframe.shared_caches import clear_caches, report_caches, set_cache_budget

GIB = 1024**3


@pytest.fixture
def ice(tmp_path):
    ice = IceFrame(
        {"uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": f"file://{tmp_path}/warehouse"}
    )
    ice.create_table("t", {"id": "long"})
    for number in range(10):
        ice.append_to_table("t", pl.DataFrame({"id": [number]}))
    return ice


@pytest.fixture(autouse=True)
def usual_budget():
    clear_caches()
    yield
    set_cache_budget(GIB)


def by_name(report):
    return {cache["name"]: cache for cache in report["caches"]}


def test_what_reading_leaves_is_reported_together(ice):
    ice.read_table("t")
    ice.read_table("t")
    report = report_caches()
    caches = by_name(report)
    for name in ["table_metadata", "manifest lists", "manifests", "footers"]:
        assert caches[name]["entries"] > 0, name
        assert caches[name]["bytes"] > 0, name
    assert caches["footers"]["hits"] >= 10
    assert report["bytes"] == sum(cache["bytes"] for cache in report["caches"])
    assert report["max_bytes"] >= GIB


def test_a_smaller_budget_holds_at_once_and_for_what_comes(ice):
    ice.read_table("t")
    before = report_caches()["bytes"]
    set_cache_budget(before // 2)
    report = report_caches()
    if report["max_bytes"] == before // 2:  # else one cache alone may have more
        assert report["bytes"] <= before // 2
        assert ice.read_table("t")["id"].sort().to_list() == list(range(10))
        assert report_caches()["bytes"] <= before // 2
    clear_caches()
    assert report_caches()["bytes"] == 0


@pytest.mark.parametrize("wrong", [-1, "1", 1.5, None])
def test_a_budget_is_a_whole_number(wrong):
    with pytest.raises(ValidationError, match="max_bytes"):
        set_cache_budget(wrong)
