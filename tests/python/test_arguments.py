# SPDX-License-Identifier: Apache-2.0
"""Arguments of the wrong type are refused by name, with the package's own error."""

import pytest

from iceframe.errors import ValidationError


@pytest.fixture
def users(ice):
    ice.create_table("users", {"id": "long"})
    ice.append_to_table("users", {"id": [1, 2]})
    return ice


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": "3"}, "limit is no whole number: '3'"),
        ({"limit": 2.5}, "limit is no whole number: 2.5"),
        ({"limit": True}, "limit is no whole number: True"),
        ({"limit": -1}, "limit must not be negative: -1"),
        ({"limit": 2**70}, f"limit is too large: {2**70}"),
        ({"batch_size": "3"}, "batch_size is no whole number: '3'"),
        ({"batch_size": None}, "batch_size is no whole number: None"),
        ({"batch_size": 0}, "batch size must be at least 1: 0"),
        ({"snapshot_id": "x"}, "snapshot_id is no whole number: 'x'"),
        ({"as_of_timestamp": "2024-01-01"}, "as_of_timestamp is no whole number: '2024-01-01'"),
        ({"ref": 3}, "ref is no text: 3"),
        ({"filter_expr": 3}, "filter_expr is neither text nor an expression: 3"),
        ({"columns": [3]}, "columns holds what is no text: 3"),
    ],
)
@pytest.mark.parametrize("read", ["to_arrow", "read_table", "scan"])
def test_wrong_arguments_are_refused_by_name(users, read, options, message):
    with pytest.raises(ValidationError) as caught:
        getattr(users, read)("users", **options)
    assert message in str(caught.value)


def test_numbers_of_other_libraries_are_numbers(users):
    class Three:
        def __index__(self) -> int:
            return 3

    assert users.to_arrow("users", limit=Three()).num_rows == 2
