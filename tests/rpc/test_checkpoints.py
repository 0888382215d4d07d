"""checkpoint/* over the wire: listed, previewed, gone back to and undone; refused where it must be."""

from __future__ import annotations

from typing import Any

from components.sandbox import Bench
from journeyman.guest.client import GuestClient
from journeyman.records import Message, ToolCall
from journeyman.workspace.errors import WorkspaceError
from rpc.harness import Client, World


async def a_chat(world: World, bench: Bench) -> tuple[str, GuestClient]:
    """A chat with one run of one step, in a real workspace."""
    services = world.services
    chat_id = await world.chat()
    chat = await services.chats.get(chat_id)
    _, guest = await bench.running()
    world.manager.guest = guest
    await guest.write("mine.txt", b"mine\n")

    async def warn(message: str, hint: str) -> None:
        raise AssertionError(message)

    recorder = services.checkpoints.recorder(
        guest, project_id=chat.project_id, chat_id=chat_id, run_id="r", at_work=lambda: False, say=warn
    )

    async def say(ident: str, role: Any, **more: Any) -> None:
        await services.store.messages.append(
            [Message(ident, chat_id, "r", role, ident, services.clock.now(), **more)]
        )

    await say("prompt", "user")
    await recorder.begin(look=True)
    await say("step", "assistant", tool_calls=(ToolCall("c", "terminal", {}),))
    await recorder.before_change()
    done = await guest.run(["bash", "-c", "echo more >> mine.txt; echo new > new.txt"])
    assert done.code == 0
    await say("done", "tool", tool_call_id="c")
    recorder.after_step("step", "terminal echo", ())
    await recorder.close()
    return chat_id, guest


async def content(guest: GuestClient, path: str) -> bytes | None:
    return (await guest.read(path)).data if await guest.stat(path) else None


async def texts(client: Client, chat_id: str, **more: Any) -> list[tuple[str, bool | None]]:
    page = await client.result("chat/messages", {"chatId": chat_id, **more})
    return [(item["text"], item.get("rewound")) for item in page["items"]]


async def test_listed_shown_gone_back_to_and_undone(world: World, bench: Bench) -> None:
    chat_id, guest = await a_chat(world, bench)
    client = await world.initialized()
    listed = (await client.result("checkpoint/list", {"chatId": chat_id}))["items"]
    assert [(item["kind"], item["files"]) for item in listed] == [("step", 2), ("start", 0)]
    page = await client.result("checkpoint/list", {"chatId": chat_id, "limit": 1})
    assert page["nextCursor"]
    step, start = listed[0]["id"], listed[1]["id"]
    shown = await client.result("checkpoint/diff", {"chatId": chat_id, "checkpointId": step, "context": 0})
    assert {item["path"]: item["change"] for item in shown["items"]} == {
        "mine.txt": "changed",
        "new.txt": "added",
    }
    assert shown["items"][0]["diff"] == "--- a/mine.txt\n+++ b/mine.txt\n@@ -1,0 +2 @@\n+more\n"
    ref = {"chatId": chat_id, "checkpointId": start}
    said = await client.result("checkpoint/preview", ref)
    assert await content(guest, "new.txt") == b"new\n"
    done = await client.result("checkpoint/restore", ref)
    assert {**done, "rewindId": None} == {**said, "rewindId": None}
    assert done["files"] == [
        {"path": "mine.txt", "action": "written"},
        {"path": "new.txt", "action": "removed"},
    ]
    assert done["messagesHidden"] == 3
    assert await content(guest, "mine.txt") == b"mine\n"
    assert await content(guest, "new.txt") is None
    assert await texts(client, chat_id) == []
    assert await texts(client, chat_id, rewound=True) == [("prompt", True), ("step", True), ("done", True)]
    back = await client.result("checkpoint/undo", {"chatId": chat_id})
    assert back["messagesShown"] == 3
    assert await content(guest, "new.txt") == b"new\n"
    assert await texts(client, chat_id) == [("prompt", None), ("step", None), ("done", None)]


async def test_refusals(world: World, bench: Bench) -> None:
    chat_id, guest = await a_chat(world, bench)
    other = await world.chat()
    client = await world.initialized()
    start = (await client.result("checkpoint/list", {"chatId": chat_id}))["items"][1]["id"]

    async def kind(method: str, params: dict[str, Any]) -> str:
        return str((await client.error(method, params))["data"]["kind"])

    assert await kind("checkpoint/restore", {"chatId": other, "checkpointId": start}) == "not_found"
    assert await kind("checkpoint/restore", {"chatId": chat_id, "checkpointId": "nothing"}) == "not_found"
    assert await kind("checkpoint/diff", {"chatId": other, "checkpointId": start}) == "not_found"
    assert await kind("checkpoint/undo", {"chatId": other}) == "not_found"
    assert await kind("checkpoint/list", {"chatId": "nothing"}) == "not_found"
    assert await kind("checkpoint/list", {"chatId": chat_id, "cursor": "x"}) == "invalid"
    ref = {"chatId": chat_id, "checkpointId": start}
    assert await kind("checkpoint/preview", {**ref, "scope": "everything"}) == "invalid"
    world.manager.will("undisturbed", WorkspaceError("busy", "A run is on."))
    assert await kind("checkpoint/restore", ref) == "busy"
    assert await content(guest, "new.txt") == b"new\n"


async def test_a_deleted_chat_takes_its_checkpoints_along(world: World, bench: Bench) -> None:
    chat_id, _ = await a_chat(world, bench)
    client = await world.initialized()
    start = (await client.result("checkpoint/list", {"chatId": chat_id}))["items"][1]["id"]
    await client.result("chat/delete", {"chatId": chat_id})
    answer = await client.error("checkpoint/restore", {"chatId": chat_id, "checkpointId": start})
    assert answer["data"]["kind"] == "not_found"
