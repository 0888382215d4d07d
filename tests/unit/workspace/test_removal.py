"""Only `removal.py` removes, and only on the strength of what is COMMITted."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

import journeyman.workspace
from journeyman.failures import Failure
from journeyman.testing.clock import FakeClock
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.upkeep import Upkeep
from unit.workspace.daemon import TTL_S, Daemon, ok, use
from unit.workspace.fakes import World
from unit.workspace.life import Life

ROOM = Path(journeyman.workspace.__file__).parent


def _calls_on_ports(path: Path) -> set[str]:
    """`sandbox.remove`, `generations.discard` and `engine.forget` calls in a file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if node.func.attr in ("remove", "discard", "forget", "purge") and name.strip("_") in (
                *("sandbox", "generations", "engine"),
            ):
                found.add(node.func.attr)
    return found


PLAIN = ("subscribe", "subscribe_warnings", "at_hand", "incident", "left_behind")


def test_removing_is_in_one_file() -> None:
    removing = {path.name for path in ROOM.glob("*.py") if _calls_on_ports(path)}
    assert removing == {"removal.py"}
    assert _calls_on_ports(ROOM / "removal.py") == {"remove", "discard", "forget", "purge"}


def test_no_removal_in_an_error_path() -> None:
    """Nothing inside an `except` or `finally` of this room calls `removal`."""
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Try):
                handling = [*node.finalbody, *(each for handler in node.handlers for each in handler.body)]
                assert "removal." not in "\n".join(ast.unparse(each) for each in handling), path.name


def test_every_public_async_method_answers() -> None:
    for name, method in inspect.getmembers(WorkspaceManager, inspect.isfunction):
        if not name.startswith("_") and name not in PLAIN:
            assert hasattr(method, "__wrapped__"), f"{name} can raise"


@pytest.mark.parametrize(
    "method",
    ["expire", "freeze", "upload", "tidy", "purge", "cool_some", "cool", "relieve", "put_away", "measure"],
)
def test_what_is_done_unasked_answers_too(method: str) -> None:
    assert hasattr(getattr(Upkeep, method), "__wrapped__")


async def test_upload_then_pointer_then_record_then_intent_then_delete() -> None:
    world = World(FakeClock())
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        daemon.life.calls.clear()
        await daemon.pass_time(TTL_S + 60)
        calls = daemon.life.calls
        order = ["guest.kill_all", "engine.archive", "archives.add", "rows.put"]
        order += ["rows.get", "archives.get", "engine.newest", "sandbox.remove", "generations.discard"]
        at = -1
        for call in order:
            at = calls.index(call, at + 1)


@pytest.mark.parametrize("what", ["record", "pointer", "unreachable"])
async def test_what_cannot_be_verified_is_kept(what: str) -> None:
    """Between the record and the removal the proof goes away."""
    world = World(FakeClock())

    class Sabotage(Life):
        async def call(self, port, work):  # type: ignore[no-untyped-def]
            if port == "archives.get" and what == "record":
                world.records.clear()
            if port == "engine.newest" and what == "pointer":
                world.objects["p"] = [replace(world.objects["p"][0], archive_id="another")]
            if port == "engine.newest" and what == "unreachable":
                raise Failure("store_unavailable", "No answer.", retryable=True)
            return await super().call(port, work)

    daemon = Daemon(world, life := Sabotage())
    async with daemon:
        await _without(life, use(daemon, "p", "one"))
        await daemon.pass_time(TTL_S + 60)
        status = ok(await daemon.manager.status("p"))
        assert (status.state, bool(status.message)) == ("failed", True)
        assert [i.name for i in world.instances.values()] == ["p"]
        assert world.rows["p"].journal is None
        assert ok(await daemon.manager.acquire("p")).acquired == "running"


async def _without(life: Life, work):  # type: ignore[no-untyped-def]
    """Run `work` with the plain behaviour of `Life`."""
    kind, life.__class__ = life.__class__, Life
    try:
        return await work
    finally:
        life.__class__ = kind
