# SPDX-License-Identifier: Apache-2.0
"""Commits to a REST catalog through a proxy that spoils them: once, or not at all, and known."""

import itertools
import uuid

import faulty_proxy
import pytest

from iceframe import IceFrame
from iceframe.errors import CommitConflictError, CommitStateUnknownError

#: A commit is tried so many times; answers that are lost are looked for without much waiting.
NUM_ATTEMPTS = 3
PROPERTIES = {
    "commit.retry.num-retries": str(NUM_ATTEMPTS - 1),
    "commit.retry.min-wait-ms": "1",
    "commit.retry.max-wait-ms": "10",
    "commit.status-check.min-wait-ms": "10",
    "commit.status-check.max-wait-ms": "10",
}


@pytest.fixture(scope="module")
def proxy(request):
    server = request.getfixturevalue("rest_server")
    with faulty_proxy.proxy_to(server.port) as running:
        yield running


@pytest.fixture(scope="module")
def ice(proxy):
    return IceFrame({"type": "rest", "uri": proxy.uri})


@pytest.fixture(scope="module")
def table(ice):
    space = f"n{uuid.uuid4().hex}"
    ice.create_namespace(space)
    ice.create_table(f"{space}.t", {"id": "long", "part": "long"}, properties=PROPERTIES)
    ice.append_to_table(f"{space}.t", [{"id": 0, "part": 0}])
    return f"{space}.t"


def append(ice, table, mark):
    ice.append_to_table(table, [{"id": mark, "part": 1}])


def overwrite(ice, table, mark):
    ice.overwrite_table(table, [{"id": 0, "part": 0}, {"id": mark, "part": 2}])


def change(ice, table, mark):
    ice.set_properties(table, {"mark": str(mark)})


def has_happened(ice, table, operation, mark):
    """Whether it did, and that it did at most once."""
    rows = ice.read_table(table)["id"].to_list()
    assert rows.count(0) == 1
    if operation is change:
        return ice.get_table(table).properties.get("mark") == str(mark)
    assert rows.count(mark) <= 1
    return mark in rows


def outcome(operation, ice, table, mark):
    """What became of an operation, and its error."""
    try:
        operation(ice, table, mark)
    except (CommitConflictError, CommitStateUnknownError) as error:
        return "failed", str(error)
    return "done", ""


@pytest.mark.parametrize(
    ("operation", "faults"),
    [
        (append, faulty_proxy.LANDED + faulty_proxy.NOT_LANDED),
        (overwrite, ("503-after", "409-after", "reset-after", "cut-200", "reset-before")),
        (change, ("504-after", "409-after", "reset-after", "500-before")),
    ],
)
def test_a_spoilt_commit_happens_once_or_not_at_all(ice, proxy, table, operation, faults):
    for fault, num_before in itertools.product(faults, (0, NUM_ATTEMPTS - 1)):
        mark = uuid.uuid4().int % 2**62
        case = f"{operation.__name__}: {fault} after {num_before} conflicts"
        proxy.spoil(*[faulty_proxy.CONFLICT] * num_before, fault)
        ended, error = outcome(operation, ice, table, mark)
        # Without an attempt that is left, what has not landed can't be tried again.
        can_happen = fault in faulty_proxy.LANDED or num_before == 0
        assert ended == ("done" if can_happen else "failed"), f"{case}: {error}"
        assert has_happened(ice, table, operation, mark) == can_happen, case
        assert not proxy.faults, case


@pytest.mark.parametrize(
    "fault", ["503-after", "reset-after", "cut-200", "garbage-200", "502-before"]
)
def test_a_spoilt_creation_makes_one_table(ice, proxy, table, fault):
    name = f"{table}_{fault.replace('-', '_')}"
    # Of its namespace, which it makes sure of, and of itself.
    proxy.spoil(fault, fault)
    ice.create_table(name, {"id": "long", "part": "long"}, properties=PROPERTIES)
    assert ice.read_table(name).height == 0
    assert not proxy.faults
    proxy.spoil()
    ice.drop_table(name)
