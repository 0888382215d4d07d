"""Which states a workspace may go through, as one table. Pure: no clock, no store, no side effect.

`cold` has nothing in memory (files may be on disk); `live` is in use; `idle` is not, and its ten minutes
run; `frozen` is an idle one whose processes are paused, and its ten minutes run on; `warm` is archived,
verified and stopped, and its files have not been touched since; `archived` is in the store only; `failed`
means the last thing tried did not work, and whatever there was is still there.
"""

from __future__ import annotations

from journeyman.records import WorkspaceState

LEGAL: dict[WorkspaceState, frozenset[WorkspaceState]] = {
    "cold": frozenset(
        {"creating", "restoring", "live", "idle", "frozen", "archiving", "warm", "archived", "failed"}
    ),
    "creating": frozenset({"live", "idle", "failed"}),
    "restoring": frozenset({"live", "idle", "warm", "archived", "cold", "failed"}),
    "live": frozenset({"idle", "creating", "restoring", "failed"}),
    "idle": frozenset(
        {"live", "frozen", "archiving", "creating", "restoring", "warm", "archived", "cold", "failed"}
    ),
    "frozen": frozenset(
        {"live", "idle", "archiving", "creating", "restoring", "warm", "archived", "cold", "failed"}
    ),
    "archiving": frozenset({"idle", "warm", "archived", "failed"}),
    "warm": frozenset({"live", "idle", "restoring", "creating", "archived", "cold", "failed"}),
    "archived": frozenset({"restoring", "live", "cold", "failed"}),
    "failed": frozenset(
        {"live", "idle", "frozen", "creating", "restoring", "archiving", "warm", "archived", "cold"}
    ),
}
"""From each state the states that may follow. Staying is always legal."""

IN_PROGRESS: frozenset[WorkspaceState] = frozenset({"creating", "restoring", "archiving"})
"""States something is being done in; none of them may outlive the work."""


class IllegalMoveError(AssertionError):
    """A bug of the manager: a state followed by one that may not follow it."""


def move(old: WorkspaceState, new: WorkspaceState) -> WorkspaceState:
    """`new`, when it may follow `old`."""
    if new != old and new not in LEGAL[old]:
        raise IllegalMoveError(f"a workspace cannot go from {old} to {new}")
    return new
