# SPDX-License-Identifier: Apache-2.0
"""A REST catalog that gives clients the address of the object store and credentials for it."""

import contextlib

import pytest
from rest_server import ServerMissing, fetch, running_server
from s3_server import S3Missing, running_proxy, running_s3

from iceframe import IceFrame
from iceframe.errors import IceFrameError


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """An S3 server behind a proxy that counts requests."""
    try:
        fetch()
        folder = tmp_path_factory.mktemp("s3") / "data"
        with running_s3(folder) as s3, running_proxy(s3.endpoint) as proxy:
            yield proxy
    except (S3Missing, ServerMissing) as missing:
        pytest.skip(f"a server can't be installed: {missing}")


@contextlib.contextmanager
def catalog_over(store, folder, **properties):
    """Serve a catalog whose tables lie in the store, and which tells clients where that is."""
    own = {
        "warehouse": "s3://bucket/vended",
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "s3.endpoint": store.endpoint,
        "s3.path-style-access": "true",
        "s3.access-key-id": "icetest",
        "s3.secret-access-key": "icetest-secret",
        "client.region": "us-east-1",
        "server.override.s3.endpoint": store.endpoint,
        "server.override.s3.region": "us-east-1",
    }
    with running_server(folder, **own, **properties) as server:
        yield server


def fill(ice):
    ice.create_namespace("vended")
    ice.create_table("vended.t", {"id": "long", "name": "string"})
    for i in range(3):
        ice.append_to_table(
            "vended.t", [{"id": 2 * i, "name": "a"}, {"id": 2 * i + 1, "name": "b"}]
        )


def test_a_client_that_knows_the_catalog_alone_reads_and_writes(store, tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with catalog_over(store, tmp_path, **{"include-credentials": "true"}) as server:
        ice = IceFrame({"type": "rest", "uri": server.uri})
        fill(ice)
        store.forget()
        assert sorted(ice.read_table("vended.t")["id"].to_list()) == list(range(6))
        assert store.methods()["GET"] > 0
        assert "icetest-secret" not in repr(ice) + repr(ice.catalog_config)


def test_the_servers_endpoint_wins_over_the_clients(store, tmp_path):
    with catalog_over(store, tmp_path, **{"include-credentials": "true"}) as server:
        nowhere = "http://127.0.0.1:9"
        ice = IceFrame({"type": "rest", "uri": server.uri, "s3.endpoint": nowhere})
        fill(ice)
        assert ice.read_table("vended.t").height == 6


def test_without_keys_nothing_is_written(store, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "unknown-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    with catalog_over(store, tmp_path) as server:
        ice = IceFrame({"type": "rest", "uri": server.uri})
        with pytest.raises(IceFrameError, match="s3"):
            fill(ice)
