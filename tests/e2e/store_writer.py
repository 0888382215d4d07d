"""A process to be killed: writes to a store as fast as it can and says on standard output what was
acknowledged, one line per answer: `opening`, `ready`, `event CHAT SEQ ID`, `message CHAT ID`."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from journeyman.adapters.sqlite import SqliteStore
from journeyman.failures import Failure
from journeyman.ports.clock import SystemClock
from journeyman.records import Chat, Commands, Message, Project, User

CHATS = ("c0", "c1", "c2", "c3")


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def furnish(store: SqliteStore) -> None:
    now = SystemClock().now()
    await store.users.ensure(User("local", "local", now))
    try:
        await store.projects.get("p")
    except Failure:
        await store.projects.add(Project("p", "local", "p", "empty", None, Commands(), now, now))
    for name in CHATS:
        try:
            await store.chats.get(name)
        except Failure:
            await store.chats.add(Chat(name, "p", name, None, "/workspace", f"epoch-{name}", now, now))


async def write(store: SqliteStore, chat_id: str, rng: random.Random) -> None:
    now = SystemClock().now()
    while True:
        ident = f"{rng.getrandbits(64):x}"
        filler = "x" * int(rng.paretovariate(1.0) * 20 % 20_000)
        if rng.random() < 0.7:
            event = await store.events.append(chat_id, "notice", {"id": ident, "filler": filler})
            say("event", chat_id, event.seq, ident)
        else:
            await store.messages.append([Message(ident, chat_id, None, "user", filler, now)])
            say("message", chat_id, ident)


async def main(path: Path, seed: str) -> None:
    say("opening")
    store = await SqliteStore.open(path, clock=SystemClock())
    await furnish(store)
    say("ready")
    async with asyncio.TaskGroup() as group:
        for name in CHATS:
            group.create_task(write(store, name, random.Random(f"{seed} {name}")))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
