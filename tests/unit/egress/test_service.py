"""Attending to guests: bounds, one connection's fault, a guest that is lost, another that takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest

from journeyman.egress.policy import policy_of
from journeyman.egress.proxy import Limits
from journeyman.egress.service import Egress
from journeyman.failures import Failure
from journeyman.ports.clock import SystemClock
from journeyman.ports.guest import Guest
from journeyman.tasks import Supervisor
from unit.egress.streams import End, Outside, pair

GET = b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


class Door:
    """A guest whose programs knock when told to. Implements the part of the port that is needed."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[FakeKnock | Failure | None] = asyncio.Queue()
        self.closed = False

    async def way_out(self) -> Door:
        return self

    async def knocks(self) -> AsyncIterator[FakeKnock]:
        while (knock := await self.coming.get()) is not None:
            if isinstance(knock, Failure):
                raise knock
            yield knock

    def close(self) -> None:
        self.closed = True

    def knock(self, *, broken: Exception | None = None) -> FakeKnock:
        knock = FakeKnock(broken)
        self.coming.put_nowait(knock)
        return knock


class FakeKnock:
    def __init__(self, broken: Exception | None) -> None:
        self.inside, self.program = pair()
        self.broken = broken
        self.turned_away = asyncio.Event()

    async def accept(self) -> End:
        if self.broken is not None:
            raise self.broken
        return self.inside

    def turn_away(self) -> None:
        self.turned_away.set()

    async def refused(self) -> bytes:
        """Ask for what is refused, and read the answer to its end."""
        await self.program.send(GET)
        said = await self.program.until(b"\r\n\r\n")
        self.program.end()
        await until(lambda: self.inside.closed)
        return said


class Room:
    def __init__(self, **limits: int) -> None:
        self.supervisor = Supervisor()
        self.told: list[str] = []
        self.egress = Egress(
            policy_of("allowlist", ("pypi.org",)),
            Outside(),
            clock=SystemClock(),
            supervisor=self.supervisor,
            listening=lambda _: None,
            tell=self.tell,
            limits=Limits(linger_s=5, **limits),
        )

    async def tell(self, project_id: str, sentence: str, hint: str) -> None:
        self.told.append(sentence)
        if "fails" in project_id:
            raise Failure("storage_failed", "The disk is gone.")

    def attend(self, project_id: str = "p-1") -> Door:
        door = Door()
        self.egress.attend(project_id, cast(Guest, door))
        return door

    async def ended(self) -> None:
        await until(lambda: not self.supervisor.names)


async def test_bounds_at_a_time_in_all_and_over_a_life() -> None:
    async with asyncio.timeout(90):
        room = Room(connections=2, connections_all=3, connections_total=5)
        one, two = room.attend("p-1"), room.attend("p-2")
        held = [one.knock(), one.knock()]
        await one.knock().turned_away.wait()
        assert "The workspace has 2 connections open" in room.told[-1]
        held.append(two.knock())
        await two.knock().turned_away.wait()
        assert "All workspaces together have 3 connections open" in room.told[-1]
        for knock in held:
            assert (await knock.refused()).startswith(b"HTTP/1.1 403 ")
        for _ in range(3):
            assert (await one.knock().refused()).startswith(b"HTTP/1.1 403 ")
        await one.knock().turned_away.wait()
        assert "The workspace has opened 5 connections" in room.told[-1]
        assert (await two.knock().refused()).startswith(b"HTTP/1.1 403 ")
        await room.supervisor.close()


@pytest.mark.parametrize("broken", [RuntimeError("a bug"), Failure("not_found", "It went away.")])
async def test_a_connection_that_fails_ends_no_other_and_gives_its_place_back(broken: Exception) -> None:
    async with asyncio.timeout(90):
        room = Room(connections=1)
        door = room.attend()
        for _ in range(3):
            door.knock(broken=broken)
            await until(lambda: not door.coming.qsize() and not room.egress._open)
            assert (await door.knock().refused()).startswith(b"HTTP/1.1 403 ")
        await room.supervisor.close()


async def test_a_refusal_that_cannot_be_told_ends_nothing() -> None:
    async with asyncio.timeout(90):
        room = Room()
        door = room.attend("p-fails")
        for _ in range(2):
            assert (await door.knock().refused()).startswith(b"HTTP/1.1 403 ")
        await room.supervisor.close()


@pytest.mark.parametrize("last", [Failure("workspace_failed", "The guest ended."), None])
async def test_a_guest_that_is_lost_or_taken_over_is_let_go(last: Failure | None) -> None:
    async with asyncio.timeout(90):
        room = Room()
        door = room.attend()
        open_one = door.knock()
        door.coming.put_nowait(last)
        # What was begun goes on to its end, and then nothing is left.
        assert (await open_one.refused()).startswith(b"HTTP/1.1 403 ")
        await room.ended()
        assert door.closed


async def test_a_guest_without_a_way_out_is_no_error() -> None:
    class Old(Door):
        async def way_out(self) -> Any:
            raise Failure("invalid", "The guest does not know 'way_out'.")

    room = Room()
    room.egress.attend("p-1", cast(Guest, Old()))
    await room.ended()
    await room.supervisor.close()
