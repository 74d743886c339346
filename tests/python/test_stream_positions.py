# SPDX-License-Identifier: Apache-2.0
"""What a table knows of its streaming writers, whatever other software does to its snapshots."""

import pyarrow as pa
import pytest

from iceframe.streaming import StreamingWriter


@pytest.fixture
def write(ice, tmp_path):
    ice.create_table("t", {"n": "long"})

    def write(number):
        """Writes one row as the same writer; returns the token that was committed before it."""
        folder = str(tmp_path / "state")
        with StreamingWriter(ice, "t", writer_id="w", state_folder=folder) as writer:
            before = writer.committed_token()
            writer.write({"n": number}, token=f"token {number}")
        return before

    return write


def test_a_position_outlives_foreign_appends_and_expiry(ice, lake, write):
    assert write(1) is None
    foreign = lake.pyiceberg().load_table("default.t")
    foreign.append(pa.table({"n": [2]}))
    last = foreign.current_snapshot().snapshot_id
    others = [s.snapshot_id for s in foreign.snapshots() if s.snapshot_id != last]
    foreign.maintenance.expire_snapshots().by_ids(others).commit()
    (snapshot,) = ice.get_table("t").snapshots()
    assert not [key for key in snapshot.summary if "iceframe.writer" in key]
    assert write(3) == "token 1"
    assert write(4) == "token 3"
    assert sorted(ice.read_table("t")["n"].to_list()) == [1, 2, 3, 4]


def test_a_position_goes_on_over_other_writes(ice, write):
    write(1)
    ice.append_to_table("t", {"n": [2]})
    ice.overwrite_table("t", {"n": [1, 2]})
    with ice.transaction("t") as transaction:
        transaction.append({"n": [3]})
    ice.compact_data_files("t")
    ice.expire_snapshots("t", older_than_days=0)
    assert write(4) == "token 1"
