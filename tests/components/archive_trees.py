"""Generated trees that make the round trip: archived, changed, archived again, both restored and compared."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from components.archive_kit import PROJECT, Kit, snapshot
from journeyman.workspace.archive.workers import Workers

NAMES = st.sampled_from([b"a", b"b", b"a-b", b"a.b", b"A", b"z\xff", b"a b", b"\xc3\xa4"])
Entry = tuple[str, list[bytes], bytes, int, int]
PATHS = st.lists(NAMES, min_size=1, max_size=4)
LARGE = [random.Random(seed).randbytes(2**20 + seed) for seed in range(3)]
"""Up to a chunk, and cut in two."""
SMALL = st.binary(max_size=64)
CONTENTS = st.one_of(SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, SMALL, st.sampled_from(LARGE))
TIMES = st.one_of(st.integers(0, 2**33 * 10**9), st.just(1))
ENTRIES = st.one_of(
    st.tuples(st.just("file"), PATHS, CONTENTS, st.sampled_from([0o600, 0o644, 0o755, 0o1777]), TIMES),
    st.tuples(st.just("folder"), PATHS, st.just(b""), st.sampled_from([0o700, 0o755, 0o1777]), TIMES),
    st.tuples(st.just("link"), PATHS, st.binary(min_size=1, max_size=40), st.just(0), TIMES),
    st.tuples(st.just("hard"), PATHS, st.just(b""), st.just(0), TIMES),
)


def grow(folder: Path, entries: Sequence[Entry]) -> None:
    root = os.fsencode(folder)
    made: list[bytes] = []
    late: list[tuple[bytes, int, int]] = []
    for kind, names, content, mode, mtime in entries:
        path = os.path.join(root, *names)
        if any(os.path.islink(os.path.join(root, *names[:depth])) for depth in range(1, len(names))):
            continue
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if kind == "file":
                with open(path, "xb") as file:
                    file.write(content)
                made.append(path)
                late.append((path, mode, mtime))
            elif kind == "folder":
                os.mkdir(path)
                late.append((path, mode, mtime))
            elif kind == "link":
                os.symlink(content.replace(b"\0", b"0"), path)
                os.utime(path, ns=(mtime, mtime), follow_symlinks=False)
            elif made:
                os.link(made[mtime % len(made)], path)
        except (FileExistsError, NotADirectoryError):  # an earlier entry is in the way
            continue
    for path, mode, mtime in reversed(late):
        os.chmod(path, mode)
        os.utime(path, ns=(mtime, mtime))


def generated(trees: int, number: int | None = None) -> Callable[[Path], None]:
    """A function that sends that many trees round, each in a folder of its own below the one it is given.
    Those of one `number` are always the same ones, and others than those of another."""

    @settings(
        max_examples=trees,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(first=st.lists(ENTRIES, max_size=14), second=st.lists(ENTRIES, max_size=6))
    def round_trip(base: Path, first: list[Entry], second: list[Entry]) -> None:
        with patch.object(Workers, "run", _at_once):
            asyncio.run(_round_trip(Path(tempfile.mkdtemp(dir=base)), first, second))

    return round_trip if number is None else seed(number)(round_trip)


async def _at_once(_: Workers, work: Callable[[], object]) -> object:
    """Handing tiny trees to threads and back would be most of the time."""
    return work()


async def _round_trip(base: Path, first: Sequence[Entry], second: Sequence[Entry]) -> None:
    kit = Kit(base)
    grow(kit.source, first)
    before, one = snapshot(kit.source), await kit.archive()
    grow(kit.source, second)
    after, two = snapshot(kit.source), await kit.archive()
    assert snapshot((await kit.restore())[1]) == after
    assert snapshot((await kit.restore(one.archive_id))[1]) == before
    assert (one.digest == two.digest) == (before == after)
    assert (await kit.engine.verify(PROJECT, one.archive_id, read_data=True)).ok
    shutil.rmtree(base)
