"""Model calls in the store: as they were given, in order, gone with their chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contract.store_records import furnish
from journeyman.adapters.sqlite import SqliteStore
from journeyman.failures import Failure
from journeyman.ports.store import Store
from journeyman.testing.clock import FakeClock
from journeyman.turns import Sent, Turn


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await SqliteStore.open(tmp_path / "journeyman.db", clock=FakeClock())
    await furnish(opened)
    yield opened
    await opened.close()


def turn(step: int = 1, **changes: Any) -> Turn:
    values: dict[str, Any] = {
        "chat_id": "c1",
        "run_id": "r1",
        "step": step,
        "message_id": f"m{step}",
        "model": "openrouter/a",
        "prefix": "d" * 64,
        "kept": step,
        "added": (Sent("m0"), Sent("m1", {"role": "tool", "content": "[cleared] é\ud800"})),
        "settings": {"effort": "high"},
        "bytes": 123,
        "sha256": "e" * 64,
        "stop_reason": "tool_calls",
        "seconds": 1.25,
        "usage": {"inputTokens": 7},
    }
    return Turn(**{**values, **changes})


async def test_calls_come_back_as_they_were_given_in_the_order_of_their_steps(store: Store) -> None:
    for step in (2, 1, 10):
        await store.turns.add(turn(step), '{"system":"S"}')
    await store.turns.add(turn(1, run_id="r2"))
    assert await store.turns.of_run("r1") == (turn(1), turn(2), turn(10))
    assert await store.turns.prefix("d" * 64) == '{"system":"S"}'
    assert await store.turns.prefix("f" * 64) is None
    assert await store.turns.of_run("r3") == ()


async def test_what_exploring_asked_is_kept_apart_call_by_call(store: Store) -> None:
    def explored(call_id: str, step: int, **changes: Any) -> Turn:
        answer = {"text": "é\ud800", "toolCalls": [], **changes}
        return turn(step, call_id=call_id, message_id="", answer=answer)

    given = [explored("b", 1), explored("a", 10), explored("a", 2), explored("b", 2, text="")]
    for each in given:
        await store.turns.add(each, "{}")
    await store.turns.add(turn(1))
    assert await store.turns.of_run("r1") == (turn(1),)
    assert await store.turns.explored("r1") == (given[2], given[1], given[0], given[3])
    assert await store.turns.explored("r2") == ()
    with pytest.raises(Failure):
        await store.turns.add(explored("b", 2))


async def test_a_step_is_stored_once(store: Store) -> None:
    await store.turns.add(turn(1))
    with pytest.raises(Failure):
        await store.turns.add(turn(1, bytes=4))
    assert await store.turns.of_run("r1") == (turn(1),)


async def test_they_go_with_their_chat(store: Store) -> None:
    await store.turns.add(turn(1), "{}")
    await store.turns.add(turn(1, call_id="a", message_id="", answer={}), "{}")
    await store.turns.add(turn(1, run_id="r2", chat_id="c2"), "{}")
    await store.chats.delete("c1")
    assert await store.turns.of_run("r1") == ()
    assert await store.turns.explored("r1") == ()
    assert len(await store.turns.of_run("r2")) == 1
