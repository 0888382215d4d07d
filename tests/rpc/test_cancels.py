"""Runs that are cancelled at any instant, in each of the ways there are: acknowledged, dead, one end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from journeyman.records import Run
from journeyman.testing.model import call
from rpc.harness import Client
from rpc.working import Working

TREE = 'echo $$ >> "pids"; (sleep 300 & echo $! >> "pids"; wait) & echo $! >> "pids"; wait'
STEPS = [call("ls"), call("terminal", command=TREE, timeout=100), call("fin", summary="?", status="partial")]


def alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_some_cancels_at_random_instants(working: Working) -> None:
    await cancel_at_random_instants(working, times=20, seed=20260102)


async def cancel_at_random_instants(working: Working, *, times: int, seed: int) -> None:
    dice = random.Random(seed)
    client = await working.world.initialized()
    project = await client.result("project/create", {"name": "P"})
    chat = {"chatId": (await client.result("chat/create", {"projectId": project["id"]}))["id"]}
    pids = working.workspaces.folder(project["id"]) / "pids"
    for number in range(times):
        working.script(STEPS)
        params = {"prompt": "Do it.", "mode": "execute", "workDoneToken": number, **chat}
        ident = client.ask("agent/run", params)
        await asyncio.sleep(dice.choice([0.0, 0.002, 0.02, 0.2]) * dice.random())
        run_id = await one_way(client, ident, number, dice)
        answer = await client.answer(ident)
        assert answer.get("error", {}).get("code", -32800) == -32800, (number, answer)
        left = [pid for pid in (pids.read_text().split() if pids.exists() else []) if alive(pid)]
        assert left == [], (number, run_id)
        client.claim("$/progress")
    assert await working.agent.store.runs.open() == ()
    ended: list[str] = []
    after = 0
    while page := await working.agent.events.read(chat["chatId"], after=after):
        ended += [str(event.run_id) for event in page if event.kind == "run/finished"]
        after = page[-1].seq
    # A request that is cancelled while it waits for its turn starts nothing.
    runs = {run.id async for run in _runs(working, chat["chatId"])}
    assert sorted(ended) == sorted(runs)
    assert times // 2 < len(runs) <= times
    assert working.workspaces.in_use == 0


async def _runs(working: Working, chat_id: str) -> AsyncGenerator[Run]:
    cursor = None
    while True:
        page = await working.agent.store.runs.list(chat_id, cursor=cursor)
        for run in page.items:
            yield run
        cursor = page.next_cursor
        if cursor is None:
            return


async def one_way(client: Client, ident: Any, token: int, dice: random.Random) -> str | None:
    """Cancel the run behind a request in one of the three ways; sometimes in two at once."""
    for way in dice.sample(["request", "progress", "agent"], dice.choice([1, 1, 2])):
        if way == "request":
            client.tell("$/cancelRequest", {"id": ident})
        elif way == "progress":
            await client.until(lambda: bool(client.notifications) or ident in client.answers)
            client.tell("window/workDoneProgress/cancel", {"token": token})
        else:
            found = await _run_of(client, ident)
            if found is not None:
                assert (await client.result("agent/cancel", {"runId": found}))["status"] != "running"
                return found
    return None


async def _run_of(client: Client, ident: Any) -> str | None:
    """The run that was begun last, where it was begun."""
    while ident not in client.answers:
        for project in (await client.result("project/list"))["items"]:
            for chat in (await client.result("chat/list", {"projectId": project["id"]}))["items"]:
                runs = (await client.result("agent/runs", {"chatId": chat["id"], "limit": 1}))["items"]
                if runs and runs[0]["status"] in ("queued", "running"):
                    return str(runs[0]["runId"])
    return None
