"""The guest's threads: given back and used again, and a few left when no more can be started."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from journeyman.guest.inside.pool import Pool


def no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


def held(count: int) -> tuple[threading.Event, threading.Barrier, Callable[[], None]]:
    """Work that waits for the event, and a barrier that is passed once `count` of it has begun."""
    release, begun = threading.Event(), threading.Barrier(count + 1)

    def work() -> None:
        begun.wait(90)
        release.wait(90)

    return release, begun, work


def settled(pool: Pool, idle: int) -> None:
    while pool._idle != idle:
        threading.Event().wait(0.001)


def test_a_thread_is_used_again() -> None:
    pool, seen = Pool(reserve=0), set[int]()
    for _ in range(20):
        done = threading.Event()
        pool.run(lambda done=done: (seen.add(threading.get_ident()), done.set())[1])
        assert done.wait(90)
        settled(pool, 1)
    assert len(seen) == 1


def test_the_reserve_works_when_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(reserve=3)
    settled(pool, 3)
    no_more(monkeypatch)
    release, begun, work = held(3)
    for _ in range(3):
        pool.run(work)
    begun.wait(90)
    with pytest.raises(RuntimeError):
        pool.run(work)
    release.set()
    settled(pool, 3)
    done = threading.Event()
    pool.run(done.set)
    assert done.wait(90)


def test_the_reserve_is_kept_while_threads_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(reserve=2)
    release, begun, work = held(9)
    for _ in range(9):
        pool.run(work)
    begun.wait(90)
    assert pool._idle == 2
    no_more(monkeypatch)
    done = threading.Event()
    pool.run(done.set)
    assert done.wait(90)
    release.set()
