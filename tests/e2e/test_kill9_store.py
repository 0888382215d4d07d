"""kill -9 at random instants: what was acknowledged is there, once and in order, and the file is sound.

`JOURNEYMAN_TEST_KILLS` and `JOURNEYMAN_TEST_SEED` make it longer and repeat it. Power loss is not tried
here: a killed process leaves the system's cache behind."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from e2e.store_writer import CHATS, furnish
from journeyman.adapters.sqlite import SqliteStore
from journeyman.ports.clock import SystemClock

KILLS = int(os.environ.get("JOURNEYMAN_TEST_KILLS", "30"))
SEED = os.environ.get("JOURNEYMAN_TEST_SEED", "") or str(random.SystemRandom().getrandbits(32))


@dataclass
class Acknowledged:
    events: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    messages: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def hear(self, line: str) -> None:
        match line.split():
            case ["event", chat_id, seq, ident]:
                self.events[chat_id][int(seq)] = ident
            case ["message", chat_id, ident]:
                self.messages[chat_id].add(ident)
            case _:
                assert line in ("opening", "ready")


async def one_life(path: Path, seed: str, rng: random.Random) -> Acknowledged:
    """Start a writer, kill it at a random instant, and answer what it had said by then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "e2e.store_writer", str(path), seed,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert process.stdout is not None
    heard = Acknowledged()
    while_opening = rng.random() < 0.2
    try:
        async with asyncio.timeout(60):
            while (line := (await process.stdout.readline()).decode().strip()) != "ready":
                assert line, "the writer ended before it wrote"
                if while_opening and line == "opening":
                    break
        await asyncio.sleep(rng.uniform(0, 0.03 if while_opening else 0.15))
    finally:
        process.send_signal(signal.SIGKILL)
        rest = await process.stdout.read()
        assert await process.wait() == -signal.SIGKILL
    for line in rest.decode().splitlines():
        heard.hear(line)
    return heard


async def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    path = tmp_path / "journeyman.db"
    newest = dict.fromkeys(CHATS, 0)
    known: dict[str, set[str]] = {name: set() for name in CHATS}
    acknowledged = 0
    for round_ in range(KILLS):
        heard = await one_life(path, f"{SEED} {round_}", rng)
        store = await SqliteStore.open(path, clock=SystemClock())
        assert (await store.check())["integrity"] == "ok"
        await furnish(store)
        for name in CHATS:
            events = await store.events.read(name, after=newest[name], limit=10_000)
            stored = {event.seq: event.data["id"] for event in events}
            said = heard.events[name]
            assert list(stored) == list(range(newest[name] + 1, newest[name] + 1 + len(stored)))
            assert said.items() <= stored.items(), f"lost in round {round_}, seed {SEED}"
            assert len(stored) - len(said) in (0, 1), "at most one answer was on its way"
            assert len(set(stored.values())) == len(stored)
            ids = [message.id for message in await store.messages.history(name)]
            fresh = set(ids) - known[name]
            assert len(ids) == len(set(ids))
            assert known[name] <= set(ids), f"an old message is gone in round {round_}, seed {SEED}"
            assert heard.messages[name] <= fresh, f"lost in round {round_}, seed {SEED}"
            assert len(fresh) - len(heard.messages[name]) in (0, 1)
            known[name] |= fresh
            newest[name] += len(stored)
            acknowledged += len(said) + len(heard.messages[name])
        await store.close()
    print(
        f"kill -9: {KILLS} kills, {acknowledged} acknowledged writes, 0 lost, 0 doubled, database sound;"
        f" 95 % bound on the rate per kill {3 / KILLS:.2g}; seed {SEED}"
    )
    assert acknowledged > KILLS
