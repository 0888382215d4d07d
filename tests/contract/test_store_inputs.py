"""What users say to open runs, in the store: a row waits until exactly one thing is done with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.store_records import at, furnish, given, message, run
from journeyman.adapters.sqlite import SqliteStore
from journeyman.failures import Failure
from journeyman.ports.store import Store
from journeyman.testing.clock import FakeClock


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await SqliteStore.open(tmp_path / "journeyman.db", clock=FakeClock())
    await furnish(opened)
    await opened.runs.add(run("r1"))
    yield opened
    await opened.close()


async def texts(store: Store) -> list[str]:
    return [message.text for message in await store.messages.history("c1")]


async def test_a_text_comes_back_as_it_was_given_and_a_clients_id_is_one_text(store: Store) -> None:
    first = given(client_run_id="mine")
    assert await store.inputs.add(first) == first
    assert await store.inputs.add(given("i2", client_run_id="mine", text="other")) == first
    assert await store.inputs.waiting("c1") == (first,)
    assert await store.inputs.by_client("local", "mine") == first
    assert await store.inputs.by_client("local", "yours") is None


async def test_texts_are_taken_together_with_their_messages_or_not_at_all(store: Store) -> None:
    one, two = await store.inputs.add(given("i1")), await store.inputs.add(given("i2"))
    edited = await store.inputs.edit("i2", "another", if_rev=0)
    with pytest.raises(Failure) as caught:
        await store.inputs.take([one, two], [message("m1"), message("m2")])
    assert caught.value.kind == "conflict"
    assert await texts(store) == []
    assert await store.inputs.waiting("c1", "r1") == (one, edited)
    await store.inputs.take([one, edited], [message("m1"), message("m2", text=edited.text)])
    assert await texts(store) == ["text of m1", "another"]
    assert await store.inputs.waiting("c1") == ()


ENDS: dict[str, Callable[[Store, Any], Awaitable[Any]]] = {
    "taken": lambda s, i: s.inputs.take([i], [message("m9")]),
    "a run": lambda s, i: s.inputs.become(i, run("r9", prompt=i.text)),
    "removed": lambda s, i: s.inputs.remove(i.id),
}


async def _edited(store: Store, stored: Any) -> None:
    await store.inputs.edit(stored.id, "late", if_rev=None)


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", [*ENDS, "edited"])
async def test_what_was_done_with_a_text_is_done_once(store: Store, first: str, second: str) -> None:
    stored = await store.inputs.add(given())
    await ENDS[first](store, stored)
    with pytest.raises(Failure) as caught:
        await {**ENDS, "edited": _edited}[second](store, stored)
    assert caught.value.kind == "conflict"
    made = [each.id for each in (await store.runs.list("c1")).items]
    assert made == (["r9", "r1"] if first == "a run" else ["r1"])
    assert len(await texts(store)) == (first == "taken")


async def test_of_many_at_once_one_gets_the_text(store: Store) -> None:
    stored = await store.inputs.add(given())
    work = [ENDS[name](store, stored) for name in ENDS]
    done = await asyncio.gather(*work, return_exceptions=True)
    assert [isinstance(each, Failure) for each in done].count(False) == 1


async def test_texts_whose_run_has_ended_are_found(store: Store) -> None:
    stored = await store.inputs.add(given())
    assert await store.inputs.stranded() == ()
    await store.runs.update(run("r1", status="completed"))
    assert await store.inputs.stranded() == (stored,)
    became = await store.inputs.become(stored, run("r2", prompt=stored.text))
    assert await store.inputs.stranded() == ()
    assert (await store.inputs.get(stored.id)).run_id == became.id == "r2"


async def test_a_queue_keeps_its_order_and_its_edited_prompts(store: Store) -> None:
    for ident in ("r2", "r3", "r4"):
        await store.runs.add(run(ident))
    await store.runs.reorder(["r4", "r2", "r3"])
    assert [each.id for each in await store.runs.open()] == ["r1", "r4", "r2", "r3"]
    edited = await store.runs.edit("r2", "something else", if_rev=0)
    assert (edited.prompt, edited.rev) == ("something else", 1)
    await store.runs.update(replace(run("r2"), status="running", started_at=at(1)))
    assert (await store.runs.get("r2")).prompt == "something else"
    for call in (
        store.runs.edit("r2", "late", if_rev=None),
        store.runs.edit("r3", "stale", if_rev=1),
        store.runs.reorder(["r3", "nowhere"]),
    ):
        with pytest.raises(Failure) as caught:
            await call
        assert caught.value.kind == "conflict"


async def test_a_run_is_resumed_once(store: Store) -> None:
    first = await store.runs.add(run("r2", resumes="r1"))
    again = await store.runs.add(run("r3", resumes="r1"))
    assert again == first
    assert first.resumes == "r1"
