# SPDX-License-Identifier: Apache-2.0
"""Names, positions and defaults that users of this package's name know."""

import datetime as dt
import decimal
import enum
import uuid

import polars as pl
import pytest
from pyiceberg import schema as iceberg_schema
from pyiceberg import types as iceberg

import iceframe
from iceframe import IceFrame, col
from iceframe.errors import NotFoundError, ValidationError


@pytest.fixture
def users(ice):
    ice.create_table("users", {"id": "long", "name": "string"})
    first = ice.append_to_table("users", {"id": [1, 2], "name": ["Ada", "Bob"]}).snapshot_id
    ice.append_to_table("users", {"id": [3], "name": ["Cid"]}, None)
    return ice, first


def test_read_table_takes_its_arguments_by_position(users):
    ice, first = users
    assert ice.read_table("users", ["id"], "id > 1", 1).shape == (1, 1)
    assert ice.read_table("users", ["id"], None, None, first).rows() == [(1,), (2,)]
    now = int(dt.datetime.now(dt.UTC).timestamp() * 1000) + 60_000
    assert ice.read_table("users", ["id"], None, None, None, now).height == 3
    assert ice.read_table("users", filter=col("id") > 2).height == 1
    assert ice.read_table("users", filter_sql="id > 2").height == 1
    assert ice.read_table("users", ref="main").height == 3


@pytest.mark.parametrize(
    "filters",
    [
        {"filter_expr": "id > 1", "filter": col("id") > 2},
        {"filter_expr": "id > 1", "filter_sql": "id > 2"},
        {"filter": col("id") > 2, "filter_sql": "id > 2"},
    ],
)
def test_two_filters_are_refused(users, filters):
    with pytest.raises(ValidationError, match="more than one filter: "):
        users[0].read_table("users", **filters)


def test_the_configuration_can_be_asked_for(lake, monkeypatch):
    ice = IceFrame({**lake.config, "token": "canary"})
    assert ice.catalog_config["uri"] == lake.config["uri"]
    assert ice.catalog_config["token"] == "canary"
    assert "canary" not in repr(ice.catalog_config) + str(ice.catalog_config)
    monkeypatch.delenv("ICEBERG_CATALOG_URI", raising=False)
    monkeypatch.delenv("ICEBERG_CATALOG_TYPE", raising=False)
    with pytest.raises(ValidationError, match="set ICEBERG_CATALOG_URI"):
        iceframe.load_catalog_config_from_env()
    monkeypatch.setenv("ICEBERG_CATALOG_URI", lake.config["uri"])
    monkeypatch.setenv("ICEBERG_CATALOG_WAREHOUSE", lake.config["warehouse"])
    monkeypatch.setenv("ICEBERG_TOKEN", "canary")
    monkeypatch.setenv("ICEBERG_CREDENTIAL_VENDING", "true")
    monkeypatch.setenv("ICEBERG_HEADER_X_Y", "z")
    assert dict(iceframe.load_catalog_config_from_env()) == {
        "uri": lake.config["uri"],
        "warehouse": lake.config["warehouse"],
        "token": "canary",
        "header.X-Iceberg-Access-Delegation": "vended-credentials",
        "header.X-Y": "z",
    }


def test_namespaces_have_an_object_of_their_own(ice):
    spaces = ice.namespaces
    spaces.create_namespace("sales", {"owner": "ada", "cost": 5})
    spaces.update_namespace_properties("sales", ["cost"], {"owner": "bob"})
    assert spaces.load_namespace_properties("sales")["owner"] == "bob"
    assert "cost" not in spaces.load_namespace_properties("sales")
    assert spaces.list_namespaces() == [("sales",)]
    spaces.drop_namespace("sales")
    with pytest.raises(NotFoundError):
        ice.update_namespace_properties("sales", updates={"a": "b"})


def types_of(table):
    return {field.name: (str(field.field_type), field.required) for field in table.schema().fields}


def test_pyicebergs_schemas_and_types_are_taken(ice):
    schema = iceberg_schema.Schema(
        iceberg.NestedField(7, "id", iceberg.LongType(), required=True, doc="the key"),
        iceberg.NestedField(8, "u", iceberg.UUIDType(), required=False),
        iceberg.NestedField(9, "tags", iceberg.ListType(10, iceberg.StringType(), False)),
        iceberg.NestedField(11, "at", iceberg.TimestamptzType(), required=False),
    )
    table = ice.create_table("t", schema)
    assert {n: t for n, (t, _) in types_of(table).items()} == {
        "id": "long",
        "u": "uuid",
        "tags": "list<string>",
        "at": "timestamptz",
    }
    assert table.schema().find_field("id").required
    assert table.schema().find_field("id").doc == "the key"
    made = ice.create_table(
        "v", {"a": iceberg.LongType(), "b": iceberg.DecimalType(9, 2), "c": iceberg.FixedType(4)}
    )
    assert [t for t, _ in types_of(made).values()] == ["long", "decimal(9, 2)", "fixed[4]"]


def test_polars_types_are_taken(ice):
    table = ice.create_table(
        "t", {"a": pl.Int64, "b": pl.Decimal(9, 2), "c": pl.List(pl.String), "d": pl.Date()}
    )
    assert [t for t, _ in types_of(table).values()] == [
        "long",
        "decimal(9, 2)",
        "list<string>",
        "date",
    ]


def test_pydantic_models_are_taken(ice):
    pydantic = pytest.importorskip("pydantic")

    class Colour(enum.StrEnum):
        RED = "red"

    class Place(pydantic.BaseModel):
        x: float
        y: float | None

    class Sale(pydantic.BaseModel):
        id: int
        name: str | None = None
        at: dt.datetime
        place: Place
        tags: list[str]
        counts: dict[str, int]
        colour: Colour
        key: uuid.UUID
        raw: bytes | None

    assert types_of(ice.create_table("t", Sale)) == {
        "id": ("long", True),
        "name": ("string", False),
        "at": ("timestamp", True),
        "place": ("struct<10: x: required double, 11: y: optional double>", True),
        "tags": ("list<string>", True),
        "counts": ("map<string, long>", True),
        "colour": ("string", True),
        "key": ("uuid", True),
        "raw": ("binary", False),
    }
    place = ice.get_table("t").schema().find_type("place")
    assert [(f.name, str(f.field_type), f.required) for f in place.fields] == [
        ("x", "double", True),
        ("y", "double", False),
    ]

    class Price(pydantic.BaseModel):
        price: decimal.Decimal

    with pytest.raises(ValidationError, match="type of column price can't be read"):
        ice.create_table("u", Price)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ice: ice.create_table("t", {"a": "int"}, [("a", "bucket", 4)]), "partition field"),
        (lambda ice: ice.create_table("t", {"a": "int"}, [5]), "partition field"),
        (lambda ice: ice.create_table("t", {"a": "int"}, sort_order=[5]), "sort order"),
        (lambda ice: ice.create_table("t", {"a": "int"}, format_version="2"), "format_version"),
        (lambda ice: ice.create_table("t", {"a": "int"}, location=5), "location is no text: 5"),
        (lambda ice: ice.append_to_table("users", {"id": [1]}, branch=5), "branch is no text: 5"),
        (lambda ice: ice.register_table("r", None), "metadata_location is no text: None"),
        (lambda ice: ice.get_table(None), "table name is no text: None"),
        (lambda ice: ice.query(5), "table name is no text: 5"),
        (lambda ice: ice.query("users").with_column(5, "id"), "is no text: 5"),
        (lambda ice: ice.query("users").join("users", "id", how=None), "how is no text: None"),
        (lambda ice: ice.query("users").explain(disabled_rules="x"), "no such rule: x"),
        (lambda ice: ice.query("users").explain(disabled_rules=[5]), "no such rule: 5"),
    ],
)
def test_plain_mistakes_are_named(users, call, message):
    with pytest.raises(ValidationError, match=message):
        call(users[0])
