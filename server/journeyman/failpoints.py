"""Named places where a test can end the daemon, or make it fail, between two effects.

Nothing happens unless the environment variable `JOURNEYMAN_FAILPOINTS` was set when the daemon started:
`name=kill` ends the process there as `kill -9` would, `name=raise` raises a failure there. Several are
separated by commas; with an unknown name or action the daemon does not start.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from journeyman.failures import Failure

VARIABLE = "JOURNEYMAN_FAILPOINTS"
ACTIONS = ("kill", "raise")
POINTS: Mapping[str, str] = {
    "create.directory_made": "a new workspace has its empty directory, which is not complete yet",
    "create.directory_complete": "the directory is complete, no instance was made",
    "create.instance_made": "the instance is there and was not started",
    "archive.lease_taken": "the project belongs to the archive, nothing was done",
    "archive.quiesced": "the processes were ended and the journal says so",
    "archive.pack_put": "a pack is in the store and was not read back",
    "archive.packs_uploaded": "every pack is in the store",
    "archive.packs_verified": "every pack was looked at",
    "archive.tree_unmoved": "the tree stood still",
    "archive.manifest_put": "the manifest is in the store and was not read back",
    "archive.manifest_verified": "the manifest was read back",
    "archive.pointer_moved": "HEAD names the archive, the journal does not say so",
    "archive.pointer_journalled": "the journal says that HEAD moved",
    "archive.recorded": "the archive is in the database",
    "archive.deletion_decided": "the intent to delete is committed",
    "archive.instance_removed": "the instance is gone, the files are there",
    "archive.files_in_trash": "the files are in the trash, the row does not say so",
    "archive.done": "the row says archived",
    "restore.lease_taken": "the project belongs to the restore",
    "restore.directory_made": "an empty directory was made beside the old one",
    "restore.instance_made": "the staging instance is there",
    "restore.written": "the files are written and not compared",
    "restore.verified": "the files were compared with the archive",
    "restore.directory_complete": "the new directory is complete, the old one still is the workspace",
    "restore.swap_decided": "the swap is committed, the old files are still there",
    "thin.manifest_removed": "an archive's manifest is gone, its record and its packs are there",
    "thin.pack_removed": "a pack nothing refers to is gone",
    "thin.noted": "the packs nothing refers to are noted",
    "fork.marked": "the new project says whose packs it needs, nothing keeps them yet",
    "fork.pinned": "the packs are kept for the new project, which has no archive",
    "fork.manifest_put": "the fork's manifest was read back, HEAD is not there",
    "fork.checked": "every pack was looked at after it was pinned, HEAD is not there",
    "fork.pointer_moved": "the fork's HEAD is there, the database knows nothing of it",
    "fork.recorded": "the fork's archive is in the database, its project is still pending",
    "fork.pin_removed": "the packs are not kept for a fork any more, which still says that it needs them",
    "checkpoint.content_kept": "the content of a step's files is in a pack, no checkpoint names it",
    "checkpoint.recorded": "a checkpoint is in the database, nobody was told",
    "checkpoint.repacked": "needed content is in a new pack, the old ones are there",
    "rewind.decided": "the rewind is committed, the files are as they were",
    "rewind.removed": "what goes is gone, what comes is not there",
    "rewind.files_done": "the files are what they shall be, the rewind is not concluded",
    "rewind.concluded": "the rewind is concluded, nobody was told",
    "leave.closed": "the instance was stopped",
    "delete.decided": "the user's deletion is committed",
    "delete.instance_removed": "the instance is gone",
    "delete.files_in_trash": "the files are in the trash",
    "delete.pointer_removed": "HEAD is gone, manifests and packs are there",
    "delete.manifests_removed": "the manifests are gone, packs are there",
    "delete.held_back": "a deleted project says that only what its forks need stays; all is still there",
    "delete.archives_removed": "every object is gone, the row is there",
}


def reach(name: str) -> None:
    """Say that this point is reached. Almost free where nothing is armed."""
    if name in _armed:
        _act(name, _armed[name])


def arm(text: str) -> None:
    """`name=action,...` from now on; empty disarms. Raises `invalid`."""
    armed: dict[str, str] = {}
    for each in filter(None, text.split(",")):
        name, _, action = each.partition("=")
        if name not in POINTS or action not in ACTIONS:
            raise Failure(
                "invalid",
                f"{VARIABLE}: {each[:80]!r} is no failpoint and action.",
                hint="docs/reliability.md lists them.",
            )
        armed[name] = action
    _armed.clear()
    _armed.update(armed)


def _act(name: str, action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise Failure("workspace_failed", f"The failpoint {name} was armed.", hint="Disarm it.", retryable=True)


_armed: dict[str, str] = {}
