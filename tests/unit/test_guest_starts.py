"""A process that nobody waits for any more is not started; what is said to one too early is not lost."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from journeyman.guest.inside.channels import EARLY_NOTES_MAX, Channel
from journeyman.guest.inside.paths import Root
from journeyman.guest.inside.pool import Pool
from journeyman.guest.inside.processes import Processes
from journeyman.guest.inside.wire import Gone, Malformed

SPAWN: dict[str, Any] = {
    "argv": ["sh", "-c", "echo > ran"],
    "cwd": ".",
    "env": {},
    "stdin": True,
    "extra_fd": False,
    "merge_output": True,
}


class Sink:
    def send(
        self, channel: int, kind: int, payload: bytes | memoryview = b"", lent: Sequence[int] = ()
    ) -> None:
        raise AssertionError(payload)

    def answer(self, channel: Channel, kind: int, answer: dict[str, Any]) -> None:
        raise AssertionError(answer)


def test_a_call_that_was_dropped_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Processes, "_reap", lambda _: None)  # here it would reap what is not its own
    processes = Processes(Root(os.fsencode(tmp_path)), {"PATH": os.environ["PATH"]}, Pool(reserve=0), 0)
    channel = Channel(Sink(), 1)
    channel.drop()
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(Gone):
        processes.spawn(channel, SPAWN, b"")
    assert len(os.listdir("/proc/self/fd")) == before
    assert not (tmp_path / "ran").exists()


def test_notes_before_anybody_listens_are_bounded() -> None:
    channel = Channel(Sink(), 1)
    for number in range(EARLY_NOTES_MAX):
        channel.take_note({"signal": number})
    with pytest.raises(Malformed):
        channel.take_note({"signal": 0})
    heard: list[dict[str, Any]] = []
    channel.listen(heard.append)
    channel.take_note({"signal": 99})
    assert [each["signal"] for each in heard] == [*range(EARLY_NOTES_MAX), 99]
