"""A write-ahead log that was cut or damaged anywhere opens to a prefix of what was written.

`JOURNEYMAN_TEST_TORN` and `JOURNEYMAN_TEST_SEED` make it longer and repeat it."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from contract.store_records import furnish, message
from journeyman.adapters.sqlite import SqliteStore
from journeyman.testing.clock import FakeClock

CASES = int(os.environ.get("JOURNEYMAN_TEST_TORN", "200"))
SEED = os.environ.get("JOURNEYMAN_TEST_SEED", "") or str(random.SystemRandom().getrandbits(32))
WRITES = 40


async def written(home: Path) -> tuple[bytes, bytes]:
    """The database file and the log of a daemon that has just written events and messages in turn."""
    path = home / "journeyman.db"
    store = await SqliteStore.open(path, clock=FakeClock())
    await furnish(store)
    await store.close()
    store = await SqliteStore.open(path, clock=FakeClock())
    for n in range(1, WRITES + 1):
        await store.events.append("c1", "notice", {"n": n, "filler": "x" * (n * 97 % 3000)})
        await store.messages.append([message(f"m{n}", text="y" * (n * 89 % 5000))])
    files = path.read_bytes(), (home / "journeyman.db-wal").read_bytes()
    await store.close()
    return files


async def opened(home: Path, database: bytes, wal: bytes) -> tuple[int, int]:
    """How many events and messages there are; they must be the first ones, whole."""
    home.mkdir()
    path = home / "journeyman.db"
    path.write_bytes(database)
    (home / "journeyman.db-wal").write_bytes(wal)
    store = await SqliteStore.open(path, clock=FakeClock())
    try:
        assert (await store.check())["integrity"] == "ok"
        events = await store.events.read("c1", after=0)
        messages = await store.messages.history("c1")
        assert [(event.seq, event.data["n"]) for event in events] == [
            (n, n) for n in range(1, len(events) + 1)
        ]
        assert [(one.id, len(one.text)) for one in messages] == [
            (f"m{n}", n * 89 % 5000) for n in range(1, len(messages) + 1)
        ]
        after = await store.events.append("c1", "notice", {"n": 0})
        assert after.seq == len(events) + 1
        return len(events), len(messages)
    finally:
        await store.close()
        shutil.rmtree(home)


@pytest.mark.parametrize("kind", ["cut", "zeros", "noise", "flipped bit"])
async def test_a_torn_log_opens_to_a_prefix(tmp_path: Path, kind: str) -> None:
    rng = random.Random(f"{SEED} {kind}")
    database, wal = await written(tmp_path)
    cuts = sorted(rng.randrange(len(wal)) for _ in range(max(1, CASES // 4)))
    found: list[int] = []
    for number, cut in enumerate(cuts):
        tail = {
            "cut": b"",
            "zeros": bytes(len(wal) - cut),
            "noise": rng.randbytes(len(wal) - cut),
            "flipped bit": bytes([wal[cut] ^ (1 << rng.randrange(8))]) + wal[cut + 1 :],
        }[kind]
        events, messages = await opened(tmp_path / str(number), database, wal[:cut] + tail)
        assert events - messages in (0, 1), f"writes out of order, seed {SEED}, cut at {cut}"
        found.append(events + messages)
    assert found == sorted(found), "a longer log holds no less"
    assert found[0] < found[-1] <= 2 * WRITES
    print(f"torn log, {kind}: {len(cuts)} cases, each a prefix; seed {SEED}")


async def test_the_whole_log_holds_everything(tmp_path: Path) -> None:
    database, wal = await written(tmp_path)
    assert await opened(tmp_path / "whole", database, wal) == (WRITES, WRITES)
    assert await opened(tmp_path / "none", database, b"") == (0, 0)
