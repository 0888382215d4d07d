"""One story per failpoint: a real daemon is killed there, the next one must know what to do."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from e2e.daemons import Place, place, wait_until
from e2e.refused import served
from journeyman.adapters.local_objects import LocalObjects
from journeyman.client.connection import Client
from journeyman.failpoints import POINTS, VARIABLE
from journeyman.failures import Failure
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.workspace.archive.engine import ArchiveEngine

PATIENCE_S = 60.0
Tree = dict[str, str]
Key = tuple[tuple[str, str], ...]


async def write(client: Client, project_id: str, files: dict[str, bytes]) -> None:
    rows = [{"path": path, "content": base64.b64encode(content).decode()} for path, content in files.items()]
    await client.request("workspace/import", {"projectId": project_id, "files": rows})


async def tree(client: Client, project_id: str) -> Tree:
    """Path to SHA-256, after opening the workspace however it is to be had."""
    await client.request("workspace/open", {"projectId": project_id})
    listed = await client.request("workspace/files", {"projectId": project_id})
    return {file["path"]: file["sha256"] for file in listed["items"]}


@asynccontextmanager
async def dying(where: Place, point: str) -> AsyncGenerator[Client]:
    """A daemon that is killed at `point`; afterwards it must be dead by our own hand."""
    armed = Place(where.root, {**where.settings, VARIABLE: f"{point}=kill"})
    process = await asyncio.to_thread(armed.start)
    try:
        async with Client.connect(socket=armed.socket) as client:
            with contextlib.suppress(Failure, OSError, EOFError):
                yield client
        await asyncio.to_thread(process.wait, PATIENCE_S)
        assert process.returncode == -9, f"the daemon ended with {process.returncode} before {point}"
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


FIRST = {"a.txt": b"first\n", "deep/er/b.bin": os.urandom(300_000), "empty": b""}
SECOND = {"a.txt": b"second\n", "new.txt": b"new\n"}


async def made(where: Place) -> tuple[str, Tree]:
    """A project with `FIRST` archived and `SECOND` on top of it."""
    async with served(where) as client:
        return await made_by(client)


async def made_by(client: Client) -> tuple[str, Tree]:
    project_id = str((await client.request("project/create", {}))["id"])
    await write(client, project_id, FIRST)
    await client.request("workspace/archive", {"projectId": project_id})
    await write(client, project_id, SECOND)
    return project_id, await tree(client, project_id)


async def killed_while_creating(where: Place, point: str) -> None:
    async with served(where) as client:
        project_id = str((await client.request("project/create", {}))["id"])
    async with dying(where, point) as client:
        await client.request("workspace/open", {"projectId": project_id})
    async with served(where) as client:
        assert await tree(client, project_id) == {}
        await write(client, project_id, FIRST)
        assert set(await tree(client, project_id)) == set(FIRST)
        await nothing_left(where, client, project_id)


async def killed_while_archiving(where: Place, point: str) -> None:
    project_id, before = await made(where)
    async with dying(where, point) as client:
        await client.request("workspace/archive", {"projectId": project_id})
    await _goes_on(where, project_id, {key(before)})


async def killed_while_restoring(where: Place, point: str) -> None:
    project_id, before = await made(where)
    older = {**before}
    async with dying(where, point) as client:
        await client.request("workspace/restore", {"projectId": project_id})
    async with served(where) as client:
        after = await tree(client, project_id)
        if point == "restore.swap_decided":
            assert set(after) == set(FIRST)
            assert after["deep/er/b.bin"] == older["deep/er/b.bin"]
        else:
            assert after == before
    await _goes_on(where, project_id, {key(after)})


async def killed_while_bringing_back(where: Place, point: str) -> None:
    """As above, where opening an archived workspace restores it."""
    project_id, before = await made(where)
    async with served(where) as client:
        await client.request("workspace/archive", {"projectId": project_id})
    async with dying(where, point) as client:
        await client.request("workspace/open", {"projectId": project_id})
    await _goes_on(where, project_id, {key(before)})


async def killed_while_closing(where: Place, point: str) -> None:
    project_id, before = await made(where)
    async with dying(where, point) as client:
        await client.request("workspace/close", {"projectId": project_id})
    await _goes_on(where, project_id, {key(before)})


async def killed_while_thinning(where: Place, point: str) -> None:
    """Archives go, then what only they needed; the newest stays whole through all of it."""
    async with served(where) as client:
        ref = {"projectId": str((await client.request("project/create", {}))["id"])}
        await write(client, ref["projectId"], FIRST)
        first = await client.request("workspace/archive", {**ref, "keep": True})
        await write(client, ref["projectId"], SECOND)
        await client.request("workspace/delete", {**ref, "path": "deep", "recursive": True})
        await client.request("workspace/archive", {**ref, "keep": True})
        before = await tree(client, ref["projectId"])
    folder = where.data / "objects" / "p" / ref["projectId"]
    packs = {path.name for path in (folder / "packs").iterdir()}
    if point == "thin.pack_removed":  # noted by a cycle long ago
        since = ",".join(f'"{name}":"2000-01-01T00:00:00+00:00"' for name in sorted(packs))
        (folder / "unused").write_text(f'{{"since":{{{since}}},"version":1}}')
    async with dying(where, point) as client:
        await client.request("workspace/pruneArchives", ref)
    async with served(where) as client:
        done = await client.request("workspace/pruneArchives", ref)
        assert done["problems"] == []
        listed = (await client.request("workspace/archives", ref))["items"]
        assert len(listed) == 1
        assert listed[0]["archiveId"] != first["archive"]["archiveId"]
        left = {path.name for path in (folder / "packs").iterdir()}
        assert left < packs if point == "thin.pack_removed" else left == packs
    await _goes_on(where, ref["projectId"], {key(before)})


async def killed_while_deleting(where: Place, point: str) -> None:
    project_id, _ = await made(where)
    async with dying(where, point) as client:
        await client.request("project/delete", {"projectId": project_id, "archives": True})
    async with served(where):
        await asyncio.to_thread(wait_until, lambda: not _left(where, project_id))


async def killed_while_forking(where: Place, point: str) -> None:
    """There is no half a fork, nothing is kept for one, and the next attempt succeeds."""
    project_id, before = await made(where)
    async with dying(where, point) as client:
        await client.request("project/fork", {"projectId": project_id})
    async with served(where) as client:
        [left] = (await client.request("project/list", {}))["items"]
        assert left["id"] == project_id
        objects = where.data / "objects" / "p"
        files = [path for path in objects.rglob("*") if path.is_file()]
        assert all(path.is_relative_to(objects / project_id) for path in files)
        assert not any("pins" in path.parts for path in files)
        fork = await client.request("project/fork", {"projectId": project_id})
        assert await tree(client, fork["id"]) == before
        await _whole(where, fork["id"])
        await nothing_left(where, client, fork["id"])
    await _goes_on(where, project_id, {key(before)})


async def killed_while_letting_go(where: Place, point: str) -> None:
    """The fork or the project it came from is deleted: that is finished, and the other is whole."""
    project_id, before = await made(where)
    async with served(where) as client:
        fork = str((await client.request("project/fork", {"projectId": project_id}))["id"])
    going, staying = (project_id, fork) if point == "delete.held_back" else (fork, project_id)
    async with dying(where, point) as client:
        await client.request("project/delete", {"projectId": going, "archives": True})
    await _whole(where, staying)
    async with served(where) as client:
        objects = where.data / "objects" / "p" / going
        rest = {path.relative_to(objects).parts[0] for path in objects.rglob("*") if path.is_file()}
        assert rest == ({"packs", "pins", "gone"} if going == project_id else set())
        assert await tree(client, staying) == before
        await nothing_left(where, client, staying)
        assert not _left(where, going)


async def _goes_on(where: Place, project_id: str, allowed: set[Key]) -> None:
    """What was acknowledged is there, the same again succeeds, and nothing is left over."""
    async with served(where) as client:
        await goes_on(where, client, project_id, allowed)


async def goes_on(where: Place, client: Client, project_id: str, allowed: set[Key]) -> None:
    found = await tree(client, project_id)
    assert key(found) in allowed
    archived = await client.request("workspace/archive", {"projectId": project_id})
    assert archived["verified"]
    assert await tree(client, project_id) == found
    await _whole(where, project_id)
    await nothing_left(where, client, project_id)


async def _whole(where: Place, project_id: str) -> None:
    engine = ArchiveEngine(LocalObjects(where.data / "objects"), clock=SystemClock(), ids=SystemIds())
    for archive in await engine.list(project_id):
        report = await engine.verify(project_id, archive.archive_id, read_data=True)
        assert report.ok, report.problems


async def nothing_left(where: Place, client: Client, project_id: str) -> None:
    """One directory, one instance, while it is there; none of either once it is deleted."""
    kept = [each for each in (where.data / "workspaces" / project_id).iterdir() if each.name.isdigit()]
    assert len(kept) == 1, kept
    await client.request("project/delete", {"projectId": project_id, "archives": True})
    left = _left(where, project_id)
    assert not left, left


def _left(where: Place, project_id: str) -> list[str]:
    """What there still is of a project: its directories, its objects, its processes."""
    files = where.data / "workspaces" / project_id
    objects = where.data / "objects" / "p" / project_id
    return [
        *(str(each) for each in (files.iterdir() if files.is_dir() else ()) if each.name.isdigit()),
        *(str(each) for each in objects.rglob("*") if each.is_file()),
        *_processes_of(project_id),
    ]


def _processes_of(project_id: str) -> list[str]:
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and project_id.encode() in (line := (entry / "cmdline").read_bytes()):
                found.append(f"{entry.name} {line.replace(bytes(1), b' ').decode(errors='replace')}")
    return found


def key(found: Tree) -> Key:
    return tuple(sorted(found.items()))


STORIES: dict[str, Callable[[Place, str], Awaitable[Any]]] = {
    "create": killed_while_creating,
    "archive": killed_while_archiving,
    "restore": killed_while_restoring,
    "thin": killed_while_thinning,
    "fork": killed_while_forking,
    "leave": killed_while_closing,
    "delete": killed_while_deleting,
}
BRINGING_BACK = [
    name
    for name in POINTS
    if name.startswith("restore.") and name not in ("restore.lease_taken", "restore.swap_decided")
]


SETTINGS = {
    "thin": {
        "JOURNEYMAN_ARCHIVES_LAST": "1",
        "JOURNEYMAN_ARCHIVES_HOURLY": "0",
        "JOURNEYMAN_ARCHIVES_DAILY": "0",
    }
}


LETTING_GO = {"fork.pin_removed", "delete.held_back"}
"""Reached by deletions where there is a fork."""


async def killed_at(point: str) -> None:
    from components import killed_rewinding as rewinding

    story = point.partition(".")[0]
    settings = {**SETTINGS, "checkpoint": rewinding.SETTINGS}
    with place(**settings.get(story, {})) as where:
        stories = {**STORIES, **rewinding.STORIES}
        await (killed_while_letting_go if point in LETTING_GO else stories[story])(where, point)


async def killed_bringing_back_at(point: str) -> None:
    with place() as where:
        await killed_while_bringing_back(where, point)
