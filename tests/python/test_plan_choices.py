# SPDX-License-Identifier: Apache-2.0
"""Which side a join is built of, by what tables' metadata tells; the rows are the same."""

import pytest
from pyiceberg.table.statistics import BlobMetadata, StatisticsFile

from iceframe import IceFrame

NUM_ORDERS = 2000


@pytest.fixture
def ice(lake):
    """20 files of 100 orders each, by `id`, and 300 parts; each part has its orders."""
    ice = lake.open()
    ice.create_table("orders", {"id": "long", "part": "long", "kind": "long"})
    for begin in range(0, NUM_ORDERS, 100):
        ids = range(begin, begin + 100)
        columns = {"id": ids, "part": [i % 300 for i in ids], "kind": [i % 50 for i in ids]}
        ice.append_to_table("orders", columns)
    ice.create_table("parts", {"number": "long", "name": "string"})
    ice.append_to_table("parts", {"number": range(300), "name": [f"part {i}" for i in range(300)]})
    return ice


def joined(ice: IceFrame, where: str):
    orders = ice.query("orders").filter(where)
    return orders.join("parts", left_on="part", right_on="number").select("id", "name")


def swap(query) -> dict | None:
    rules = query.explain().to_dict()["rules"]
    return next((rule for rule in rules if rule["rule"] == "choose_build_side"), None)


def set_statistics(lake, name: str, column: int, distinct: str) -> None:
    """Statistics of one column, as other engines list them; the file itself is never opened."""
    table = lake.pyiceberg().load_table(f"default.{name}")
    snapshot_id = table.current_snapshot().snapshot_id
    blob = BlobMetadata(
        type="apache-datasketches-theta-v1",
        snapshot_id=snapshot_id,
        sequence_number=1,
        fields=[column],
        properties={"ndv": distinct},
    )
    file = StatisticsFile(
        snapshot_id=snapshot_id,
        statistics_path=f"{table.location()}/metadata/{snapshot_id}.puffin",
        file_size_in_bytes=1000,
        file_footer_size_in_bytes=100,
        blob_metadata=[blob],
    )
    with table.update_statistics() as update:
        update.set_statistics(file)


def rows(query, **options: object) -> list[tuple]:
    return sorted(tuple(row) for row in query.execute(**options).iter_rows())


def names(ids) -> list[tuple]:
    return [(i, f"part {i % 300}") for i in ids]


def test_a_filter_that_leaves_few_rows_is_built_of(ice):
    query = joined(ice, "id >= 1900")
    why = swap(query)
    # A fifth of 2000 would be more than the 300 parts.
    assert why is not None
    (reason,) = why["reasons"]
    assert reason == (
        "Join (inner): part = number: the left side is built of, and its keys filter the right "
        "one: about 100 rows (orders: 100 rows in the files that its filter leaves) "
        "against about 300 rows"
    )
    assert f"because: {reason}" in query.explain()
    assert rows(query) == names(range(1900, NUM_ORDERS))


def test_the_number_of_values_tells_what_equality_leaves(ice, lake):
    query = joined(ice, "kind = 7")
    assert swap(query) is None
    expected = rows(query)
    set_statistics(lake, "orders", 3, "50")
    why = swap(query)
    assert why is not None
    assert "about 40 rows (orders.kind: about 50 different values)" in why["reasons"][0]
    assert rows(query) == expected == names(range(7, NUM_ORDERS, 50))


def test_the_number_of_keys_tells_what_a_join_gives(ice, lake):
    ice.create_table("names", {"name": "string", "text": "string"})
    texts = [f"text {i}" for i in range(1000)]
    ice.append_to_table("names", {"name": [f"part {i % 300}" for i in range(1000)], "text": texts})
    orders = ice.query("orders").filter("id < 100")
    query = orders.join("parts", left_on="part", right_on="number").join("names", on="name")

    def outer():
        why = swap(query)
        return [r for r in why["reasons"] if "name = name" in r]

    # As many rows as the greater side has, 300, until the keys are known: then 100.
    assert "about 300 rows" in outer()[0]
    before = rows(query)
    set_statistics(lake, "parts", 1, "300")
    assert "about 100 rows" in outer()[0]
    assert "parts.number: about 300 different values" in outer()[0]
    assert rows(query) == before


@pytest.mark.parametrize("distinct", ["0", "nan", "inf", "-3", "1e400", "many", ""])
def test_numbers_that_mean_nothing_change_nothing(ice, lake, distinct):
    query = joined(ice, "kind = 7")
    set_statistics(lake, "orders", 3, distinct)
    assert swap(query) is None


@pytest.mark.parametrize("distinct", ["1", "2000", "1e300"])
def test_wrong_numbers_change_no_row(ice, lake, distinct):
    set_statistics(lake, "orders", 3, distinct)
    set_statistics(lake, "parts", 1, distinct)
    assert rows(joined(ice, "kind = 7")) == names(range(7, NUM_ORDERS, 50))
