"""`BranchManager`: branches and tags of a table."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self, TypedDict, Unpack

from iceframe import _native
from iceframe.arguments import required_text, required_whole_number, to_milliseconds, whole_number
from iceframe.errors import ValidationError
from iceframe.pending_changes import PendingChanges

__all__ = ["BranchManager", "ManageSnapshots", "Retention", "SnapshotChanges"]

_MAIN = "main"


class Retention(TypedDict, total=False):
    """How long snapshots and refs are kept when snapshots are expired.

    Attributes:
        min_snapshots_to_keep: of a branch, at least so many.
        max_snapshot_age_ms: of a branch, those that are not older.
        max_ref_age_ms: the branch or tag itself; main stays for ever.
    """

    min_snapshots_to_keep: int | None
    max_snapshot_age_ms: int | None
    max_ref_age_ms: int | None


class SnapshotChanges(PendingChanges[_native.RefChange]):
    """What all ways to change branches and tags have in common."""

    def _create(self, name: Any, snapshot_id: Any, is_tag: bool, retention: Retention) -> Self:  # noqa: ANN401
        ref_name = required_text("a tag's name" if is_tag else "a branch's name", name)
        chosen = whole_number("snapshot_id", snapshot_id)
        if chosen is None:
            chosen = self._target.metadata().current_snapshot_id
        if chosen is None:
            raise ValidationError(
                f"the table has no snapshot yet that {ref_name} could name; append rows first, or "
                "append to the branch, which makes it"
            )
        return self._add(_native.RefChange.create(ref_name, is_tag, chosen, _kept(retention)))

    def _remove(self, name: Any, is_tag: bool) -> Self:  # noqa: ANN401 - what the user wrote
        what = "a tag's name" if is_tag else "a branch's name"
        return self._add(_native.RefChange.remove(required_text(what, name), is_tag))

    def _set_snapshot(self, name: str, snapshot_id: Any) -> Self:  # noqa: ANN401 - as above
        number = required_whole_number("snapshot_id", snapshot_id)
        return self._add(_native.RefChange.set_snapshot(name, number))

    def _roll_back(self, snapshot_id: Any) -> Self:  # noqa: ANN401 - as above
        number = required_whole_number("snapshot_id", snapshot_id)
        return self._add(_native.RefChange.roll_back(_MAIN, number))

    def _roll_back_to_time(self, timestamp_ms: int | dt.datetime) -> Self:
        time = required_whole_number("timestamp_ms", to_milliseconds("timestamp_ms", timestamp_ms))
        return self._add(_native.RefChange.roll_back_to_time(_MAIN, time))

    def _apply(self, transaction: _native.Transaction, changes: list[_native.RefChange]) -> None:
        for change in changes:
            transaction.manage_refs(change)


class BranchManager(SnapshotChanges):
    """Makes, lists, moves and removes branches and tags.

    Each call is one commit; within ``with`` all of them are.

    Args:
        table: a table, as `IceFrame.get_table` returns it, or a `Transaction`.

    Example:
        >>> ice = demo()
        >>> branches = BranchManager(ice.get_table("users"))
        >>> _ = branches.create_branch("audit")
        >>> _ = ice.append_to_table("users", {"id": [3]}, branch="audit")
        >>> _ = branches.fast_forward("main", "audit")
        >>> branches.list_branches()
        ['audit', 'main']
        >>> ice.count_rows("users")
        3
    """

    def create_branch(
        self, branch_name: str, snapshot_id: int | None = None, **retention: Unpack[Retention]
    ) -> Self:
        """Makes a branch at a snapshot; None: the current one. ``retention``: see `Retention`.

        Raises:
            AlreadyExistsError: there is a branch or tag of that name.
            NotFoundError: the snapshot does not exist or has expired.
        """
        return self._create(branch_name, snapshot_id, False, retention)

    def tag_snapshot(
        self, snapshot_id: int, tag_name: str, max_ref_age_ms: int | None = None
    ) -> Self:
        """Names a snapshot. Errors as `create_branch`."""
        number = required_whole_number("snapshot_id", snapshot_id)
        return self._create(tag_name, number, True, {"max_ref_age_ms": max_ref_age_ms})

    def remove_branch(self, branch_name: str) -> Self:
        """Removes a branch; its snapshots stay until they are expired.

        Raises:
            NotFoundError: the branch does not exist.
            ValidationError: it is main, or a tag.
        """
        return self._remove(branch_name, False)

    def remove_tag(self, tag_name: str) -> Self:
        """Removes a tag. Errors as `remove_branch`."""
        return self._remove(tag_name, True)

    def rename_branch(self, branch_name: str, new_name: str) -> Self:
        """Gives a branch another name."""
        return self._add(
            _native.RefChange.rename(
                required_text("branch_name", branch_name), required_text("new_name", new_name)
            )
        )

    def replace_branch(self, branch_name: str, snapshot_id: int) -> Self:
        """Moves a branch to any snapshot; its retention stays."""
        return self._set_snapshot(required_text("branch_name", branch_name), snapshot_id)

    def replace_tag(self, tag_name: str, snapshot_id: int) -> Self:
        """Moves a tag to any snapshot; its retention stays."""
        return self._set_snapshot(required_text("tag_name", tag_name), snapshot_id)

    def set_retention(self, name: str, **retention: Unpack[Retention]) -> Self:
        """Sets what is given of a branch's or tag's retention; see `Retention`."""
        return self._add(
            _native.RefChange.set_retention(required_text("name", name), _kept(retention))
        )

    def fast_forward(self, branch: str, to_branch: str) -> Self:
        """Moves a branch forward to where another one (or a tag) is.

        Raises:
            CommitRejectedError: the branch's snapshot is not an ancestor of the other's.
            NotFoundError: the branch does not exist.
        """
        return self._add(
            _native.RefChange.fast_forward(
                required_text("branch", branch), required_text("to_branch", to_branch)
            )
        )

    def list_branches(self) -> list[str]:
        """Returns the names of the branches, sorted."""
        return self._names_of("branch")

    def list_tags(self) -> list[str]:
        """Returns the names of the tags, sorted."""
        return self._names_of("tag")

    def _names_of(self, kind: str) -> list[str]:
        refs = self._target.metadata().refs
        return sorted(name for name, ref in refs.items() if ref.snapshot_ref_type == kind)


class ManageSnapshots(SnapshotChanges):
    """Changes of branches, tags and the current snapshot with PyIceberg's names, until `commit`."""

    def create_branch(
        self, snapshot_id: int, branch_name: str, **retention: Unpack[Retention]
    ) -> Self:
        """Makes a branch at a snapshot."""
        return self._create(branch_name, snapshot_id, False, retention)

    def create_tag(
        self, snapshot_id: int, tag_name: str, max_ref_age_ms: int | None = None
    ) -> Self:
        """Names a snapshot."""
        return self._create(tag_name, snapshot_id, True, {"max_ref_age_ms": max_ref_age_ms})

    def remove_branch(self, branch_name: str) -> Self:
        """Removes a branch."""
        return self._remove(branch_name, False)

    def remove_tag(self, tag_name: str) -> Self:
        """Removes a tag."""
        return self._remove(tag_name, True)

    def rollback_to_snapshot(self, snapshot_id: int) -> Self:
        """Moves main back to an ancestor of its snapshot."""
        return self._roll_back(snapshot_id)

    def rollback_to_timestamp(self, timestamp_ms: int | dt.datetime) -> Self:
        """Moves main back to its newest snapshot from before a time."""
        return self._roll_back_to_time(timestamp_ms)

    def set_current_snapshot(
        self, snapshot_id: int | None = None, ref_name: str | None = None
    ) -> Self:
        """Moves main to a snapshot, or to where a branch or tag is."""
        if (snapshot_id is None) == (ref_name is None):
            raise ValidationError("give one of snapshot_id and ref_name")
        if ref_name is not None:
            ref = self._target.metadata().refs.get(required_text("ref_name", ref_name))
            if ref is None:
                raise ValidationError(f"branch or tag does not exist: {ref_name}")
            snapshot_id = ref.snapshot_id
        return self._set_snapshot(_MAIN, snapshot_id)


def _kept(retention: Retention) -> tuple[int | None, int | None, int | None]:
    """Returns the three limits, checked."""
    known = Retention.__annotations__
    for name in retention:
        if name not in known:
            raise ValidationError(f"unknown retention limit: {name}; known are {', '.join(known)}")
    first, second, third = (whole_number(name, retention.get(name)) for name in known)
    return first, second, third
