"""What a limit keeps from being restored it keeps from being archived, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill
from journeyman.failures import Failure
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.limits import LIMITS, Limits

PLAIN = r"not a plain one"
READING = ("manifest_bytes", "manifest_values")
"""Bounds on an object that is read: whoever writes does not come near them with the entries allowed."""


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        (Limits(entries=3), "more than 3 entries"),
        (Limits(bytes=1000), "more than 1000 bytes"),
        (Limits(depth=1), "too deep"),
        (Limits(name_bytes=5), PLAIN),
        (Limits(path_bytes=6), "longer than 6"),
        (Limits(manifest_bytes=100), "number of bytes"),
        (Limits(manifest_values=50), "more than 50 values"),
        (Limits(ratio=2, ratio_free_bytes=0), "far more bytes"),
        (Limits(chunk_bytes=1000), "size it may not"),
        (Limits(frame_bytes=1000), "size it may not"),
        (Limits(pack_bytes=100), "is not one"),
    ],
    ids=str,
)
async def test_what_goes_beyond_the_limits(tmp_path: Path, limits: Limits, match: str) -> None:
    kit = Kit(tmp_path)
    fill(kit.source)
    await kit.archive()
    engine = ArchiveEngine(kit.memory, clock=kit.clock, ids=kit.ids, limits=limits)
    into = kit.target()
    with pytest.raises(Failure, match=match) as caught:
        await engine.restore(PROJECT, into.as_guest())
    assert caught.value.kind == "archive_corrupt"
    assert into.writes == 0
    assert not into.aborted, "not even begun"
    if all(getattr(limits, name) == getattr(LIMITS, name) for name in READING):
        with pytest.raises(Failure) as caught:
            await engine.archive("other", kit.guest().as_guest(), epoch=1, journal=kit.note)
        assert caught.value.kind == "archive_failed"
        assert await engine.newest("other") is None
