"""Permissions in the store: one decision, one use, both in a transaction with looking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.store_records import at, furnish, permission
from journeyman.adapters.sqlite import SqliteStore
from journeyman.failures import Failure
from journeyman.ports.store import Store
from journeyman.records import PermissionState
from journeyman.testing.clock import FakeClock

HASH = "ab" * 32


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await SqliteStore.open(tmp_path / "journeyman.db", clock=FakeClock())
    await furnish(opened)
    yield opened
    await opened.close()


async def kind_of(store: Store, ident: str, effect_hash: str = HASH) -> str:
    with pytest.raises(Failure) as caught:
        await store.permissions.use(ident, effect_hash, at=at(5))
    return caught.value.kind


async def test_a_permission_comes_back_equal_after_a_restart(tmp_path: Path) -> None:
    odd = permission(subject={"title": "rm 'a\n\0ü🧭'", "rules": ["\ud800"]}, feedback="nö", decided_by="vim")
    first = await SqliteStore.open(tmp_path / "j.db", clock=FakeClock())
    await furnish(first)
    await first.permissions.add(odd)
    await first.close()
    second = await SqliteStore.open(tmp_path / "j.db", clock=FakeClock())
    try:
        assert await second.permissions.get("q1") == odd
    finally:
        await second.close()


async def test_lists_are_newest_first_and_narrowed(store: Store) -> None:
    for ident, chat in (("q1", "c1"), ("q2", "c2"), ("q3", "c1")):
        await store.permissions.add(permission(ident, chat, run_id=f"run of {chat}"))
    await store.permissions.decide("q1", "denied", at=at(1))

    async def ids(**narrow: object) -> list[str]:
        return [each.id for each in (await store.permissions.list(**narrow)).items]  # type: ignore[arg-type]

    assert await ids() == ["q3", "q2", "q1"]
    assert await ids(chat_id="c1") == ["q3", "q1"]
    assert await ids(state="pending") == ["q3", "q2"]
    assert await ids(run_id="run of c1", state="pending") == ["q3"]
    page = await store.permissions.list(limit=2)
    assert page.next_cursor is not None
    assert [each.id for each in (await store.permissions.list(cursor=page.next_cursor)).items] == ["q1"]
    with pytest.raises(Failure):
        await store.permissions.list(chat_id="unknown")


async def test_of_many_decisions_one_counts(store: Store) -> None:
    await store.permissions.add(permission())
    states: list[PermissionState] = ["allowed", "denied", "expired", "withdrawn"] * 10
    answers = await asyncio.gather(
        *(store.permissions.decide("q1", s, at=at(n), by=f"client {n}") for n, s in enumerate(states))
    )
    winners = [decided for decided, first in answers if first]
    assert len(winners) == 1
    assert [decided for decided, _ in answers] == [winners[0]] * len(states)
    assert await store.permissions.get("q1") == winners[0]


async def test_it_is_good_once_and_for_its_effect_only(store: Store) -> None:
    await store.permissions.add(permission())
    assert await kind_of(store, "q1") == "conflict"  # pending
    await store.permissions.decide("q1", "allowed", at=at(1), option_id="allow", by="vim")
    assert await kind_of(store, "q1", "cd" * 32) == "conflict"
    uses = await asyncio.gather(
        *(store.permissions.use("q1", HASH, at=at(2)) for _ in range(8)), return_exceptions=True
    )
    assert sum(not isinstance(each, Failure) for each in uses) == 1
    assert (await store.permissions.get("q1")).used_at == at(2)
    assert await kind_of(store, "unknown") == "not_found"


@pytest.mark.parametrize("state", ["denied", "expired", "withdrawn"])
async def test_what_was_not_allowed_cannot_be_used(store: Store, state: PermissionState) -> None:
    await store.permissions.add(permission())
    await store.permissions.decide("q1", state, at=at(1))
    assert await kind_of(store, "q1") == "conflict"


async def test_calls_that_were_asked_about_and_never_begun(store: Store) -> None:
    for ident in ("q1", "q2", "q3"):
        await store.permissions.add(permission(ident))
    await store.permissions.add(replace(permission("q4"), call_id="call of q3"))
    for ident in ("q1", "q4"):
        await store.permissions.decide(ident, "allowed", at=at(1))
    await store.permissions.use("q4", HASH, at=at(2))
    assert await store.permissions.unused_calls("r1") == {"call of q1", "call of q2"}
    assert await store.permissions.unused_calls("r2") == frozenset()


async def test_they_go_with_their_chat(store: Store) -> None:
    await store.permissions.add(permission())
    await store.chats.delete("c1")
    assert (await store.permissions.list()).items == ()
