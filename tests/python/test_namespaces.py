# SPDX-License-Identifier: Apache-2.0
"""Namespaces: made, made again where that is allowed, their properties."""

import pytest

from iceframe.errors import AlreadyExistsError, NotFoundError


def test_a_namespace_that_is_there_is_an_error_unless_that_is_allowed(ice):
    ice.create_namespace("a", {"owner": "Ada"})
    with pytest.raises(AlreadyExistsError):
        ice.create_namespace("a")
    ice.create_namespace("a", {"owner": "Bob"}, exist_ok=True)
    assert ice.load_namespace_properties("a")["owner"] == "Ada"
    assert ice.list_namespaces() == [("a",)]


def test_the_properties_of_a_missing_namespace_are_an_error(ice):
    with pytest.raises(NotFoundError):
        ice.load_namespace_properties("nowhere")
