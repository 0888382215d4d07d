"""Daemons killed while a run's step is recorded, while checkpoints are thinned out, and in a rewind."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from components.killed import dying, nothing_left, tree, write
from e2e.daemons import Place
from e2e.refused import served
from journeyman.client.connection import Client

SETTINGS = {"JOURNEYMAN_CHECKPOINT_PROJECT_MB": "1"}
RANDOM = "head -c 700000 /dev/urandom"
FIRST_STEP = f"mkdir src; echo one > src/one; echo two > src/two; {RANDOM} > big; echo 1 > kept; echo 2 > old"
SECOND_STEP = f"rm -r src; echo changed > kept; {RANDOM} > big; mkdir new; echo x > new/f; ln -s kept link"
"""Of the first one's content little is needed when there is no room for both."""


def recording(where: Place, *commands: str) -> str:
    turns: list[dict[str, Any]] = [
        {"text": f"Turn {n}.", "toolCalls": [{"name": "terminal", "arguments": {"command": each}}]}
        for n, each in enumerate(commands)
    ]
    turns.append({"text": "", "toolCalls": [{"name": "fin", "arguments": {"summary": "Done."}}]})
    path = where.root / f"{abs(hash(commands))}.jsonl"
    path.write_text("".join(json.dumps(turn) + "\n" for turn in turns))
    return f"replay/{path}"


async def run(client: Client, project_id: str, model: str, chat_id: str | None = None) -> dict[str, Any]:
    to = {"chatId": chat_id} if chat_id else {"projectId": project_id}
    params = {**to, "prompt": "Do it.", "mode": "execute", "model": model}
    return await client.request("agent/run", params)


async def texts(client: Client, chat_id: str) -> list[str]:
    items = (await client.request("chat/messages", {"chatId": chat_id, "limit": 200}))["items"]
    return [item["text"] for item in items]


async def start_of(client: Client, made: dict[str, Any]) -> dict[str, Any]:
    """The checkpoint before this run."""
    items = (await client.request("checkpoint/list", {"chatId": made["chatId"]}))["items"]
    return next(each for each in items if each.get("runId") == made["runId"] and each["kind"] == "start")


async def killed_while_recording(where: Place, point: str) -> None:
    """What was not recorded is left alone; the next run can be taken back whole."""
    async with served(where) as client:
        project_id = str((await client.request("project/create", {}))["id"])
        await write(client, project_id, {"mine": b"mine\n", "src/mine": b"mine\n"})
        chat_id = str((await client.request("chat/create", {"projectId": project_id}))["id"])
    async with dying(where, point) as client:
        await run(client, project_id, recording(where, FIRST_STEP, SECOND_STEP), chat_id)
    async with served(where) as client:
        before = await tree(client, project_id)
        assert {"mine", "src/mine"} <= set(before) | {"src/mine"}
        again = await run(client, project_id, recording(where, "echo again > mine; echo x > fresh"), chat_id)
        assert again["status"] == "completed", again
        start = await start_of(client, again)
        there = await tree(client, project_id)
        done = await client.request("checkpoint/restore", {"chatId": chat_id, "checkpointId": start["id"]})
        assert done["kept"] == []
        assert await tree(client, project_id) == before
        await client.request("checkpoint/undo", {"chatId": chat_id})
        assert await tree(client, project_id) == there
        await gone(where, client, project_id)


async def killed_while_rewinding(where: Place, point: str) -> None:
    """A rewind that was decided is finished before anybody gets the workspace; it can be undone."""
    async with served(where) as client:
        project_id = str((await client.request("project/create", {}))["id"])
        await write(client, project_id, {"mine": b"mine\n"})
        first = await run(client, project_id, recording(where, FIRST_STEP))
        chat_id, target = first["chatId"], await tree(client, project_id)
        said = await texts(client, chat_id)
        second = await run(client, project_id, recording(where, SECOND_STEP), chat_id)
        start = await start_of(client, second)
        await write(client, project_id, {"theirs": b"theirs\n"})
        there, all_said = await tree(client, project_id), await texts(client, chat_id)
    async with dying(where, point) as client:
        await client.request("checkpoint/restore", {"chatId": chat_id, "checkpointId": start["id"]})
    async with served(where) as client:
        assert await tree(client, project_id) == {**target, "theirs": there["theirs"]}
        assert await texts(client, chat_id) == said
        await client.request("workspace/archive", {"projectId": project_id})
        await client.request("checkpoint/undo", {"chatId": chat_id})
        assert await tree(client, project_id) == there
        assert await texts(client, chat_id) == all_said
        again = await run(client, project_id, recording(where, "echo again > mine"), chat_id)
        assert again["status"] == "completed", again
        await gone(where, client, project_id)


async def killed_while_rejecting(where: Place, point: str) -> None:
    """Hunks that were rejected are taken back before anybody gets the workspace, and nothing else is."""
    async with served(where) as client:
        project_id = str((await client.request("project/create", {}))["id"])
        await write(client, project_id, {"mine": b"mine\n", "src/old": b"old\n"})
        before = await tree(client, project_id)
        made = await run(client, project_id, recording(where, "echo x > mine; rm -r src; echo n > new"))
        chat_id, there = made["chatId"], await tree(client, project_id)
        hunks = (await client.request("changes/list", {"chatId": chat_id}))["items"]
        ids = {each["path"]: each["hunkId"] for each in hunks}
        assert set(ids) == {"mine", "src/old", "new"}
    chosen = {"chatId": chat_id, "hunkIds": [ids["src/old"], ids["new"]], "feedback": "No."}
    async with dying(where, point) as client:
        await client.request("changes/reject", chosen)
    async with served(where) as client:
        expected = {**before, "mine": there["mine"]}
        assert await tree(client, project_id) == expected
        left = (await client.request("changes/list", {"chatId": chat_id}))["items"]
        assert [each["hunkId"] for each in left] == [ids["mine"]]
        again = await client.request("changes/reject", chosen)
        assert [(e["outcome"], e["earlier"]) for e in again["items"]] == [("rejected", True)] * 2
        assert await tree(client, project_id) == expected
        told = await run(client, project_id, recording(where, "true"), chat_id)
        assert told["status"] == "completed", told
        assert any("The user says: No." in each for each in await texts(client, chat_id))
        await client.request("checkpoint/undo", {"chatId": chat_id})
        assert await tree(client, project_id) == there
        await gone(where, client, project_id)


async def gone(where: Place, client: Client, project_id: str) -> None:
    await nothing_left(where, client, project_id)
    packs = where.data / "checkpoints" / "p" / project_id
    assert not any(each.is_file() for each in packs.rglob("*"))


STORIES: dict[str, Callable[[Place, str], Awaitable[None]]] = {
    "checkpoint": killed_while_recording,
    "rewind": killed_while_rewinding,
}
