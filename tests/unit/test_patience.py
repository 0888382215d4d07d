"""How long object storage is waited for, how often it is asked again, and that threads stay bounded."""

from __future__ import annotations

import asyncio
import threading

import pytest

from journeyman.adapters.bounded_threads import BoundedThreads
from journeyman.adapters.s3_patience import Patience, patiently
from journeyman.failures import Failure

MIB = 1 << 20


def failing(retryable: bool = True, after_ms: int | None = None) -> Failure:
    return Failure("store_unavailable", "No.", hint="Wait.", retryable=retryable, retry_after_ms=after_ms)


class Store:
    """Fails as it is told, then answers; time is what its attempts and pauses take."""

    def __init__(self, *failures: Failure, attempt_s: float = 0.0) -> None:
        self.left = list(failures)
        self.attempt_s = attempt_s
        self.now = 0.0
        self.asked = 0
        self.pauses: list[float] = []

    async def once(self) -> str:
        self.asked += 1
        self.now += self.attempt_s
        if self.left:
            raise self.left.pop(0)
        return "answer"

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def ask(self, size: int = 0) -> str:
        return await patiently(
            self.once, Patience(), size=size, monotonic=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0
        )


async def test_what_passes_is_borne_with_growing_pauses() -> None:
    store = Store(*(failing() for _ in range(3)))
    assert await store.ask() == "answer"
    assert store.pauses == [0.5, 1.0, 2.0]


async def test_what_lasts_is_told_after_four_attempts() -> None:
    store = Store(*(failing() for _ in range(9)))
    with pytest.raises(Failure, match="No"):
        await store.ask()
    assert store.asked == 4


async def test_what_asking_again_cannot_help_is_told_at_once() -> None:
    store = Store(failing(retryable=False))
    with pytest.raises(Failure):
        await store.ask()
    assert (store.asked, store.pauses) == (1, [])


async def test_the_store_says_when_to_ask_again_within_bounds() -> None:
    store = Store(failing(after_ms=3000), failing(after_ms=900_000))
    assert await store.ask() == "answer"
    assert store.pauses == [3.0, 10.0]


async def test_silence_is_not_multiplied_by_the_attempts() -> None:
    store = Store(*(failing() for _ in range(9)), attempt_s=30.0)
    with pytest.raises(Failure):
        await store.ask()
    assert store.asked == 2
    assert store.now < 120.0


async def test_large_objects_have_the_time_they_need() -> None:
    patience = Patience()
    assert patience.deadline_s(64 * MIB) == 30.0 + 64 * MIB / (32 * 1024)
    store = Store(failing(), attempt_s=1000.0)
    assert await store.ask(64 * MIB) == "answer"


async def test_calls_that_were_given_up_keep_their_place_until_they_end() -> None:
    threads, release = BoundedThreads(2, "test"), threading.Event()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await threads.run(release.wait)
    late = asyncio.ensure_future(threads.run(lambda: "done"))
    await asyncio.wait([late], timeout=0.05)
    assert (late.done(), threads.busy) == (False, 3)
    release.set()
    assert await late == "done"
    threads.close()


async def test_who_waits_for_a_place_and_gives_up_never_runs() -> None:
    threads, release, ran = BoundedThreads(1, "test"), threading.Event(), threading.Event()
    first = asyncio.ensure_future(threads.run(release.wait))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await threads.run(ran.set)
    release.set()
    assert await first
    assert await threads.run(lambda: ran.is_set()) is False
    threads.close()
