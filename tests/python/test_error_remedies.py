# SPDX-License-Identifier: Apache-2.0
"""Errors of a first slip say what to write instead."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from iceframe.errors import SchemaError, ValidationError


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ('city = "Oslo"', "'Oslo'"),
        ("city = Oslo", "'Oslo'"),
        ("Oslo <> city", "'Oslo'"),
        ('id > 1 and city <= "O\'Brien"', "'O''Brien'"),
        ('upper(city) = "OSLO"', "'OSLO'"),
        ('day > "2024-01-01"', "'2024-01-01'"),
        ('st.town = "Oslo"', "'Oslo'"),
    ],
)
def test_text_takes_single_quotes(ice, condition, text):
    ice.create_table(
        "t", {"id": "long", "city": "string", "day": "date", "st": "struct<town: string>"}
    )
    for ask in (ice.query("t").filter(condition).to_polars, lambda: ice.count_rows("t", condition)):
        with pytest.raises(ValidationError, match="column does not exist") as caught:
            ask()
        assert f"; text takes single quotes: {text}" in str(caught.value)


@pytest.mark.parametrize("condition", ["id = Oslo", "Oslo = 5", "Oslo = Rome", "flag = yes"])
def test_what_meets_no_text_is_told_nothing_of_quotes(ice, condition):
    ice.create_table("t", {"id": "long", "city": "string", "flag": "boolean"})
    with pytest.raises(ValidationError, match="column does not exist") as caught:
        ice.query("t").filter(condition).to_polars()
    assert "quotes" not in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(dict, id="dict"),
        pytest.param(pl.DataFrame, id="polars"),
        pytest.param(pd.DataFrame, id="pandas"),
        pytest.param(pa.table, id="arrow"),
        pytest.param(lambda columns: pa.table(columns).to_pylist(), id="rows"),
    ],
)
def test_unknown_columns_name_the_near_ones(ice, make):
    ice.create_table("t", {"id": "long", "st": "struct<town: string>"})
    hints = {"idd": "idd (did you mean id?)", "ID": "ID (did you mean id?)"}
    for name, hint in hints.items():
        with pytest.raises(SchemaError) as caught:
            ice.append_to_table("t", make({name: [1]}))
        assert f"lacks: {hint}" in str(caught.value)
        assert "; rename them, add them to the table or leave them out" in str(caught.value)
    with pytest.raises(SchemaError) as caught:
        ice.append_to_table("t", make({"id": [1], "elsewhere": [1]}))
    assert "lacks: elsewhere" in str(caught.value)
    assert "did you mean" not in str(caught.value)
    with pytest.raises(SchemaError) as caught:
        ice.append_to_table("t", make({"st": [{"Town": "Oslo"}]}))
    assert "lacks: st.Town (did you mean st.town?)" in str(caught.value)
