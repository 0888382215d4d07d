"""The workspace's face through a real daemon: its life beside files, watches and terminals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from e2e.daemons import Place, alive, place, wait_until
from journeyman.client.connection import Client
from journeyman.failures import Failure

pytestmark = pytest.mark.bubblewrap

MARK = str(secrets.randbelow(10**8) + 10**9)
"""Seconds of a sleep nobody else on this machine sleeps."""


@pytest.fixture
async def there() -> AsyncIterator[Place]:
    with place() as found:
        found.start()
        yield found


@pytest.fixture
async def client(there: Place) -> AsyncIterator[Client]:
    async with Client.connect(socket=there.socket) as connected:
        yield connected


@pytest.fixture
async def ref(client: Client) -> dict[str, Any]:
    return {"projectId": (await client.request("project/create", {"name": "P"}))["id"]}


def sleepers() -> list[int]:
    found: list[int] = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if each.joinpath("cmdline").read_bytes().split(b"\0")[:2] == [b"sleep", MARK.encode()]:
                found.append(int(each.name))
    return [pid for pid in found if alive(pid)]


async def write(client: Client, ref: dict[str, Any], path: str, content: str) -> None:
    await client.request("workspace/writeFile", {**ref, "path": path, "content": content, "encoding": "utf8"})


async def ended(client: Client) -> dict[str, Any]:
    told: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    off = client.on("workspace/execExited", lambda params: None if told.done() else told.set_result(params))
    try:
        async with asyncio.timeout(90):
            return await told
    finally:
        off()


async def test_what_changed_since_the_archive(client: Client, ref: dict[str, Any]) -> None:
    with pytest.raises(Failure) as none:
        await client.request("workspace/diff", ref)
    assert none.value.kind == "not_found"
    for name in ("same", "changed", "gone"):
        await write(client, ref, f"d/{name}", f"{name}\n1\n2\n")
    first = (await client.request("workspace/archive", {**ref, "keep": True}))["archive"]["archiveId"]
    assert (await client.request("workspace/diff", ref))["total"] == 0
    await write(client, ref, "d/same", "same\n1\n2\n")
    await write(client, ref, "d/changed", "changed\n1\nx\n")
    await client.request("workspace/delete", {**ref, "path": "d/gone"})
    await write(client, ref, "new", "new")
    page = await client.request("workspace/diff", {**ref, "limit": 2})
    rest = await client.request("workspace/diff", {**ref, "limit": 2, "cursor": page["nextCursor"]})
    assert [(i["path"], i["change"]) for i in page["items"] + rest["items"]] == [
        ("d/changed", "changed"),
        ("d/gone", "removed"),
        ("new", "added"),
    ]
    assert (page["from"], page.get("to"), page["total"], rest.get("nextCursor")) == (first, None, 3, None)
    shown = await client.request("workspace/diffFile", {**ref, "path": "/workspace/d/changed", "context": 0})
    assert shown["diff"] == "--- a/d/changed\n+++ b/d/changed\n@@ -3 +3 @@\n-2\n+x\n"
    shown = await client.request("workspace/diffFile", {**ref, "path": "new"})
    assert (shown["change"], shown["diff"].splitlines()[-2:]) == (
        "added",
        ["+new", "\\ No newline at end of file"],
    )
    assert (await client.request("workspace/diffFile", {**ref, "path": "d/same"}))["change"] == "same"
    second = (await client.request("workspace/archive", ref))["archive"]["archiveId"]
    both = {**ref, "from": second, "to": first}
    assert (await client.request("workspace/diff", both))["total"] == 3
    shown = await client.request("workspace/diffFile", {**both, "path": "d/gone"})
    assert shown["change"] == "added"
    assert (await client.request("workspace/status", ref))["state"] == "archived", (
        "archives need no workspace"
    )
    for wrong in ({"from": "nope"}, {"to": "nope"}):
        with pytest.raises(Failure) as refused:
            await client.request("workspace/diff", {**ref, **wrong})
        assert refused.value.kind == "not_found"
    for path, kind in (("../x", "path_refused"), ("none", "not_found"), ("d", "not_found")):
        with pytest.raises(Failure) as refused:
            await client.request("workspace/diffFile", {**both, "path": path})
        assert refused.value.kind == kind


async def test_a_terminal_keeps_the_workspace_from_expiring_and_an_archive_ends_it(
    client: Client, ref: dict[str, Any]
) -> None:
    await client.request("workspace/open", ref)
    assert (await client.request("workspace/status", ref))["expiresAt"]
    await client.request("workspace/exec", {**ref, "argv": ["sleep", MARK]})
    assert "expiresAt" not in await client.request("workspace/status", ref)
    assert "expiresAt" not in await client.request("workspace/touch", ref)
    ending = asyncio.ensure_future(ended(client))
    await client.request("workspace/archive", ref)
    end = await ending
    assert (end["reason"], end.get("signal")) in (("exited", "SIGTERM"), ("exited", "SIGKILL"))
    assert not sleepers()
    done = asyncio.ensure_future(ended(client))
    await client.request("workspace/exec", {**ref, "argv": ["true"]})
    assert (await done)["code"] == 0
    async with asyncio.timeout(60):
        while "expiresAt" not in await client.request("workspace/status", ref):  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.02)
    before = (await client.request("workspace/status", ref))["expiresAt"]
    assert (await client.request("workspace/touch", ref))["expiresAt"] > before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_daemon_that_ends_takes_terminals_with_it_and_starts_none_again(
    there: Place, number: signal.Signals
) -> None:
    async with Client.connect(socket=there.socket) as client:
        ref = {"projectId": (await client.request("project/create", {"name": "P"}))["id"]}
        await client.request(
            "workspace/exec", {**ref, "command": f"trap '' HUP; sleep {MARK}; echo", "pty": True}
        )
        await asyncio.to_thread(wait_until, lambda: bool(sleepers()))
        os.kill(there.pid(), number)
        await client.ended()
    await asyncio.to_thread(wait_until, lambda: not sleepers())
    there.start()
    async with Client.connect(socket=there.socket) as client:
        await client.request("workspace/open", ref)
        listed = await client.request("workspace/readDirectory", ref)
        assert listed["items"] == []
        assert not sleepers()


async def test_a_watch_sees_what_a_terminal_and_another_client_do(
    client: Client, there: Place, ref: dict[str, Any]
) -> None:
    seen: set[str] = set()
    client.on("workspace/didChangeFiles", lambda told: seen.update(c["path"] for c in told["changes"]))
    await client.request("workspace/watch", {**ref, "excludes": ["*.tmp"]})
    await client.request("workspace/exec", {**ref, "command": "mkdir -p a/b; echo > a/b/c; echo > a/x.tmp"})
    async with Client.connect(socket=there.socket) as other:
        await write(other, ref, "from/other", "1")
    async with asyncio.timeout(90):
        while not {"a", "a/b", "a/b/c", "from", "from/other"} <= seen:  # noqa: ASYNC110 - told by callbacks
            await asyncio.sleep(0.02)
    assert "a/x.tmp" not in seen
