"""Buffers that are used again are nobody else's meanwhile."""

from __future__ import annotations

import threading

from journeyman.rooms import Recycled, Rooms, fresh

SIZE = 64 * 1024


def test_a_fresh_one_is_empty_and_may_be_written_to_its_end() -> None:
    room = fresh(SIZE)
    assert bytes(room) == bytes(SIZE)
    room[-3:] = b"end"
    assert bytes(room[-3:]) == b"end"


def test_what_is_given_back_is_used_again() -> None:
    rooms = Rooms(SIZE)
    first, second = rooms.take(), rooms.take()
    assert first.obj is not second.obj
    rooms.give(first)
    assert rooms.take().obj is first.obj


def test_no_more_stay_than_is_said() -> None:
    rooms = Rooms(SIZE, kept=1)
    for room in [rooms.take() for _ in range(3)]:
        room[:4] = b"used"
        rooms.give(room)
    assert bytes(rooms.take()[:4]) == b"used"
    assert bytes(rooms.take()[:4]) == bytes(4), "a fresh one"


def test_what_was_lent_is_used_again_once_no_view_of_it_is_left() -> None:
    recycled = Recycled(SIZE)
    room = recycled.take()
    room[:4] = b"kept"
    part = room[:4]
    del room
    other = recycled.take()
    other[:4] = b"next"
    assert bytes(part) == b"kept", "a part of it is a view, too"
    del part
    again = recycled.take()
    assert bytes(again[:4]) == b"kept", "what is in it is left from before"
    assert bytes(other[:4]) == b"next"


def test_no_more_are_kept_than_are_in_use() -> None:
    recycled = Recycled(SIZE)
    many = [recycled.take() for _ in range(5)]
    for number in range(5):
        many[number][:1] = b"%d" % number
    del many
    one = recycled.take()
    assert bytes(one[:1]) != b"\0", "one of them"
    assert bytes(recycled.take()[:1]) == b"\0", "the others are gone"


def test_so_many_more_are_kept_as_is_asked_for() -> None:
    recycled = Recycled(SIZE, 2)
    many = [recycled.take() for _ in range(5)]
    for number in range(5):
        many[number][:1] = b"%d" % number
    del many
    again = [recycled.take() for _ in range(4)]
    assert sum(bytes(each[:1]) != b"\0" for each in again) == 3


def test_what_is_dropped_is_still_whoevers_it_is() -> None:
    recycled = Recycled(SIZE)
    room = recycled.take()
    room[:4] = b"mine"
    recycled.drop()
    other = recycled.take()
    other[:4] = b"else"
    assert bytes(room[:4]) == b"mine"


def test_threads_never_get_the_same() -> None:
    recycled = Recycled(SIZE)
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(300):
            room = recycled.take()
            room[:1] = bytes([number])
            if room[0] != number:
                wrong.append(number)
            del room

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
