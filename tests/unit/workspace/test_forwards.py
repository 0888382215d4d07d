"""Forwards in virtual time: what they keep hot, for how long, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.failures import Failure
from journeyman.ports.gateway import Dial, Secrets
from journeyman.testing.clock import CountingIds, FakeClock
from journeyman.workspace.forward import Forward
from journeyman.workspace.forwards import HOLD_S, TUNNELS_MAX, Forwards
from journeyman.workspace.tiers import Tiers
from unit.workspace.daemon import TTL_S, Daemon, ok, use
from unit.workspace.fakes import FakeGuest, World


class PaperTunnel:
    async def receive(self) -> bytes | None:
        return b"said"

    async def send(self, data: bytes) -> None:
        pass

    def end(self) -> None:
        pass

    async def over(self) -> None:
        pass

    def close(self) -> None:
        pass


class PaperEntrance:
    url = "http://127.0.0.1:1/?token=t"
    closed = False

    def close(self) -> None:
        self.closed = True


class PaperGateway:
    def __init__(self) -> None:
        self.secrets: list[Secrets] = []

    async def open(self, dial: Dial, secrets: Secrets) -> PaperEntrance:
        self.secrets.append(secrets)
        return PaperEntrance()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    async def connect(self: Any, port: int) -> PaperTunnel:
        if port == 9:
            raise Failure("not_found", "Nothing listens on port 9 in the workspace.")
        return PaperTunnel()

    monkeypatch.setattr(FakeGuest, "connect", connect, raising=False)
    return World(FakeClock())


TIERS = Tiers(freeze_s=120, upload_after_s=None)


def forwards_of(daemon: Daemon) -> Forwards:
    return Forwards(daemon.manager, PaperGateway(), daemon.supervisor, daemon.world.clock, CountingIds())


async def state(daemon: Daemon) -> tuple[str, tuple[str, ...]]:
    status = ok(await daemon.manager.status("p"))
    return status.state, status.holders


async def test_a_forward_nobody_looks_at_keeps_nothing(world: World) -> None:
    async with Daemon(world, tiers=TIERS) as daemon:
        forwards = forwards_of(daemon)
        forward, created = await forwards.open("p", 80)
        assert (created, forwards.in_use) == (True, False)
        assert await state(daemon) == ("idle", ())
        await daemon.pass_time(150)
        assert await state(daemon) == ("frozen", ())
        assert forwards.urls("p") == {80: forward.url}, "a frozen workspace is still there"
        await daemon.pass_time(TTL_S)
        assert (await state(daemon))[0] == "warm"
        assert forwards.urls("p") == {}
        assert isinstance(forward.entrance, PaperEntrance)
        assert forward.entrance.closed
    assert world.lost == []


async def test_a_visit_thaws_and_holds_for_some_minutes_after_the_last_byte(world: World) -> None:
    async with Daemon(world, tiers=TIERS) as daemon:
        forwards = forwards_of(daemon)
        forward, _ = await forwards.open("p", 80)
        await daemon.pass_time(150)
        tunnel = await forward.dial()
        assert await state(daemon) == ("idle", ("preview",))
        for _ in range(10):
            await daemon.pass_time(HOLD_S - 10)
            assert await tunnel.receive() == b"said"
        assert await state(daemon) == ("idle", ("preview",))
        tunnel.close()
        await daemon.pass_time(HOLD_S - 10)
        assert forwards.in_use
        await daemon.pass_time(20)
        assert await state(daemon) == ("idle", ())
        assert not forwards.in_use
        await daemon.pass_time(TTL_S + 150)
        assert (await state(daemon))[0] == "warm"


async def test_an_open_connection_in_silence_does_not_hold_and_the_visitor_brings_it_back(
    world: World,
) -> None:
    async with Daemon(world, tiers=TIERS) as daemon:
        forward, _ = await forwards_of(daemon).open("p", 80)
        tunnel = await forward.dial()
        await daemon.pass_time(HOLD_S + 150)
        assert await state(daemon) == ("frozen", ())
        await tunnel.send(b"hello again")
        assert await state(daemon) == ("idle", ("preview",))


async def test_a_forward_that_is_closed_at_any_moment_lets_go(world: World) -> None:
    async with Daemon(world, tiers=TIERS) as daemon:
        forwards = forwards_of(daemon)
        for settle in (False, True):
            forward, _ = await forwards.open("p", 80)
            await forward.dial()
            if settle:
                await daemon.settle()
            forwards.close("p", 80)
            await daemon.settle()
            assert await state(daemon) == ("idle", ())


async def test_an_archive_somebody_asks_for_ends_a_preview_in_use(world: World) -> None:
    async with Daemon(world, tiers=TIERS) as daemon:
        forwards = forwards_of(daemon)
        workspace = await use(daemon, "p", "text")
        forward, _ = await forwards.open("p", 80)
        await forward.dial()
        ok(await daemon.manager.archive("p"))
        await daemon.settle()
        assert forwards.urls("p") == {}
        assert world.archived("p") == {"text"}
        assert workspace.instance.id not in world.instances


async def test_a_guest_that_went_away_is_got_again(world: World) -> None:
    async with Daemon(world, tiers=TIERS) as daemon:
        forward, _ = await forwards_of(daemon).open("p", 80)
        await forward.dial()
        first = await forward.at_hand()
        calls = 0

        async def gone(port: int) -> PaperTunnel:
            nonlocal calls
            calls += 1
            raise Failure("workspace_failed", "The workspace went away.", retryable=True)

        first.connect = gone  # type: ignore[method-assign]
        with pytest.raises(Failure):
            await forward.dial()
        assert calls == 2
        del first.connect  # type: ignore[method-assign]
        await forward.dial()


async def test_every_tunnel_is_counted_once(world: World) -> None:
    async with Daemon(world, tiers=TIERS) as daemon:
        forwards = forwards_of(daemon)
        forward, _ = await forwards.open("p", 80)
        silent, _ = await forwards.open("p", 9)
        tunnels = [await forward.dial() for _ in range(TUNNELS_MAX)]
        with pytest.raises(Failure) as many:
            await silent.dial()
        assert many.value.kind == "overloaded"
        for tunnel in tunnels:
            tunnel.close()
            tunnel.close()
        for _ in range(3):
            with pytest.raises(Failure) as nothing:
                await silent.dial()
            assert nothing.value.hint == "Start the program there, and load this page again."
        for _ in range(TUNNELS_MAX):
            await forward.dial()


async def test_each_forward_has_secrets_of_its_own(world: World) -> None:
    async with Daemon(world, tiers=TIERS) as daemon:
        gateway = PaperGateway()
        forwards = Forwards(daemon.manager, gateway, daemon.supervisor, world.clock, CountingIds())
        made: list[Forward] = [(await forwards.open(project, 80))[0] for project in ("a", "b")]
        secrets = [text for each in gateway.secrets for text in (each.token, each.cookie)]
        assert len(set(secrets)) == 4
        assert made[0] is not made[1]
        forwards.close_all()
        assert forwards.urls("a") == {}
