"""workspace/watch over the wire, on a real guest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from journeyman.guest.client import GuestClient
from rpc.harness import Client, World


async def told(client: Client, watch_id: str, path: str) -> None:
    """Wait until `path` is told to that watch."""
    while True:
        got = await client.notification("workspace/didChangeFiles")
        assert got["watchId"] == watch_id
        if any(change["path"] == path for change in got["changes"]):
            return


async def test_two_clients_watch_and_one_stops(
    person: Client, project: str, world: World, guest: GuestClient
) -> None:
    other = await world.initialized()
    mine = await person.result("workspace/watch", {"projectId": project})
    theirs = await other.result("workspace/watch", {"projectId": project, "path": "."})
    assert (mine["by"], mine["directories"]) == ("events", 1)
    await guest.write("d/f", b"1")
    await told(person, mine["watchId"], "d/f")
    await told(other, theirs["watchId"], "d/f")
    await person.result("workspace/unwatch", {"watchId": mine["watchId"]})
    await person.result("workspace/unwatch", {"watchId": mine["watchId"]})
    person.claim("workspace/didChangeFiles")
    await guest.write("d/g", b"1")
    await told(other, theirs["watchId"], "d/g")
    assert not person.claim("workspace/didChangeFiles")
    other.claim("workspace/didChangeFiles")
    await other.close(unclaimed_ok=True)


async def test_a_watch_holds_nothing_and_ends_with_the_workspace(
    person: Client, project: str, world: World, guest: GuestClient
) -> None:
    watch = await person.result("workspace/watch", {"projectId": project})
    assert world.manager.held.total() == 0
    assert ("release", (project,), {"holder": "transfer"}) in world.manager.calls
    await guest.close()
    got = await person.notification("workspace/didChangeFiles")
    assert (got["watchId"], got["changes"], got["ended"]["kind"]) == (
        watch["watchId"],
        [],
        "workspace_failed",
    )
    assert not person.claim("workspace/didChangeFiles")


async def test_a_client_that_does_not_read_costs_bounded_memory_and_gets_the_right_picture(
    person: Client, project: str, world: World, guest: GuestClient
) -> None:
    watch = await person.result("workspace/watch", {"projectId": project})
    person.stop_reading()
    outbox = world.connections[0].peer.outbox
    name = "n" * 180
    for turn in range(12):
        script = f"mkdir -p {turn}; cd {turn}; for i in {{1..2000}}; do : > {name}$i; done"
        assert (await guest.run(["bash", "-c", script])).code == 0
        assert outbox.waiting_bytes < 3 * 1024 * 1024
    await guest.write("last", b"")
    person.resume_reading()
    names: set[str] = set()
    overflow = False
    async with asyncio.timeout(90):
        while "last" not in names and not overflow:
            got = await person.notification("workspace/didChangeFiles")
            assert got["watchId"] == watch["watchId"]
            overflow = overflow or got["overflow"]
            names |= {change["path"] for change in got["changes"]}
    assert overflow or len(names) == 12 * 2001 + 1
    await person.result("workspace/unwatch", {"watchId": watch["watchId"]})
    person.claim("workspace/didChangeFiles")


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"path": "../x"}, "path_refused"),
        ({"path": "no/where"}, "not_found"),
        ({"path": ""}, "invalid"),
        ({"excludes": [""]}, "invalid"),
        ({"excludes": ["[z-a]"]}, "invalid"),
        ({"excludes": ["x"] * 201}, "invalid"),
    ],
)
async def test_what_cannot_be_watched(
    person: Client, project: str, params: dict[str, Any], kind: str
) -> None:
    refused = await person.error("workspace/watch", {"projectId": project, **params})
    assert refused["data"]["kind"] == kind


async def test_a_connection_watches_so_much_and_no_more(person: Client, project: str, world: World) -> None:
    ref = {"projectId": project}
    for _ in range(32):
        await person.result("workspace/watch", ref)
    assert (await person.error("workspace/watch", ref))["data"]["kind"] == "overloaded"
    peer = world.connections[0].peer
    await person.close()
    async with asyncio.timeout(60):
        while len(peer.watches):  # noqa: ASYNC110 - what follows a connection is polled
            await asyncio.sleep(0.01)
