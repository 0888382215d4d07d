"""What became of a folder's files in the workspace: compared by hash, fetched only where they differ.

The workspace's answers are data from a stranger: sizes are bounded and every file is checked against
the hash it was listed with. Nothing here touches the folder; `write_back.py` does.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from journeyman.cli.copy_in import Request
from journeyman.failures import Failure
from journeyman.folder.change import Change, Copied
from journeyman.folder.inside import sha256
from journeyman.project.excludes import Excludes

READ_BYTES = 2 * 1024 * 1024
FETCH_FILE_MAX = 32 * 1024 * 1024
FETCH_TOTAL_MAX = 256 * 1024 * 1024


async def find_changes(
    request: Request, project_id: str, copied: Mapping[str, Copied], excludes: Excludes
) -> list[Change]:
    """Every file that was added, changed or removed in the workspace, sorted by path."""
    listing = await request("workspace/files", {"projectId": project_id, "exclude": excludes.plain_names})
    there: dict[str, dict[str, Any]] = {
        item["path"]: item for item in listing["items"] if not excludes.path(item["path"])
    }
    found: list[Change] = []
    total = 0
    for path, item in sorted(there.items()):
        was = copied.get(path)
        executable = bool(item.get("executable", False))
        if was is not None and was.sha256 == item["sha256"] and was.executable == executable:
            continue
        size = int(item["size"])
        total += size
        content = None
        if size <= FETCH_FILE_MAX and total <= FETCH_TOTAL_MAX:
            content = await fetch(request, project_id, path, item["sha256"])
        found.append(Change(path, "modified" if was else "added", was, executable, content, size))
    found.extend(
        Change(path, "removed", was, was.executable, None)
        for path, was in copied.items()
        if path not in there
    )
    return sorted(found, key=lambda change: change.path)


async def fetch(request: Request, project_id: str, path: str, digest: str) -> bytes:
    """A file of the workspace, whole, with the hash it was listed with; `Failure` where it is not that."""
    content = bytearray()
    while True:
        part = await request(
            "workspace/readFile",
            {"projectId": project_id, "path": path, "offset": len(content), "limit": READ_BYTES},
        )
        piece = base64.b64decode(part["content"])
        content += piece
        if not piece or len(content) >= int(part["size"]) or len(content) > FETCH_FILE_MAX:
            break
    if sha256(bytes(content)) != digest:
        raise Failure(
            "conflict",
            f"{path!r} changed in the workspace while it was being fetched.",
            hint="Wait until nothing runs in the workspace, and run the command again.",
            retryable=True,
        )
    return bytes(content)
