"""Sessions at the wire: chats by another name, with runs the test moves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from components.acp_lines import AcpWorld, LineClient
from components.images import base64_of, png
from journeyman.ports.model import ModelInfo
from journeyman.records import Message, Run, TodoItem

CWD = "/home/me/project"


async def begun(world: AcpWorld, client: LineClient, text: str = "Go.") -> tuple[str, Any, Run]:
    session = await client.new(CWD)
    ident = client.prompt(session, text)
    return session, ident, await world.runs.begun()


async def test_capabilities(world: AcpWorld) -> None:
    client = await world.connect()
    answer = await client.start()
    assert answer["protocolVersion"] == 1
    assert answer["agentInfo"]["name"] == "journeyman"
    capabilities = answer["agentCapabilities"]
    assert capabilities["loadSession"] is True
    assert sorted(capabilities["sessionCapabilities"]) == ["close", "delete", "list", "resume"]
    assert capabilities["promptCapabilities"]["embeddedContext"] is True
    assert answer["authMethods"] == []


@pytest.mark.parametrize(
    ("available", "images", "offered"), [(True, True, True), (False, True, False), (True, None, False)]
)
async def test_images_are_offered_where_a_model_takes_them(
    world: AcpWorld, monkeypatch: pytest.MonkeyPatch, available: bool, images: bool | None, offered: bool
) -> None:
    info = ModelInfo("scripted/one", "scripted", "one", None, True, available=available, images=images)
    monkeypatch.setattr(world.services.models, "list", lambda: (info,))
    answer = await (await world.connect()).start()
    assert answer["agentCapabilities"]["promptCapabilities"]["image"] is offered


async def test_images_of_a_prompt_reach_the_run_and_are_named_when_it_is_loaded(world: AcpWorld) -> None:
    client = await world.started()
    session = await client.new(CWD)
    one, two, three = png(1), png(2), png(3)
    prompt = [
        {"type": "text", "text": "Like these:"},
        {"type": "image", "data": base64_of(one), "mimeType": "image/png", "uri": f"file://{CWD}/docs/a.png"},
        {"type": "image", "data": base64_of(two), "mimeType": "image/png"},
        {"type": "resource", "resource": {"uri": f"{CWD}/b.png", "blob": base64_of(three)}},
        {"type": "resource", "resource": {"uri": f"{CWD}/c.md", "text": "Round."}},
    ]
    ident = client.ask("session/prompt", {"sessionId": session, "prompt": prompt})
    run = await world.runs.begun()
    assert run.prompt == "Like these:\n\nc.md:\n```\nRound.\n```"
    assert [(each.id, each.name) for each in run.pictures] == [
        (one.picture.id, "docs/a.png"),
        (two.picture.id, ""),
        (three.picture.id, "b.png"),
    ]
    await world.runs.finish(run)
    await client.answer(ident)
    now = world.services.clock.now()
    said = Message("m1", session, run.id, "user", "Like these:", now, pictures=run.pictures)
    await world.services.store.messages.append([said])
    other = await world.started()
    await other.result("session/load", {"sessionId": session, "cwd": CWD, "mcpServers": []})
    shown = [
        row["content"]["text"]
        for row in other.updates[session]
        if row["sessionUpdate"] == "user_message_chunk"
    ]
    assert shown == ["Like these:\n\n[image: docs/a.png]\n\n[image: image/png]\n\n[image: b.png]"]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "audio", "data": "aGVsbG8=", "mimeType": "audio/wav"},
        {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"},
        {"type": "image", "data": "***", "mimeType": "image/png"},
        {"type": "resource", "resource": {"uri": "file:///a.pdf", "blob": "JVBERi0x"}},
    ],
    ids=lambda block: block["type"],
)
async def test_what_no_model_takes_is_refused(world: AcpWorld, block: dict[str, Any]) -> None:
    client = await world.started()
    session = await client.new(CWD)
    error = await client.error("session/prompt", {"sessionId": session, "prompt": [block]})
    assert (error["code"], error["data"]["hint"] != "") == (-32602, True)
    assert world.runs.started == []


async def test_another_version_gets_ours(world: AcpWorld) -> None:
    client = await world.connect()
    answer = await client.result("initialize", {"protocolVersion": 7})
    assert answer["protocolVersion"] == 1


async def test_a_prompt_from_its_text_to_its_end(world: AcpWorld) -> None:
    client = await world.started()
    session, ident, run = await begun(world, client)
    assert (run.prompt, run.mode) == ("Go.", "plan+execute")
    world.runs.delta(run, "Hel")
    await world.services.events.append(
        run.chat_id, "message/completed", {"role": "assistant", "text": "Hello"}, run_id=run.id
    )
    await world.runs.finish(run)
    answer = (await client.answer(ident))["result"]
    assert answer["stopReason"] == "end_turn"
    assert answer["_meta"]["journeyman"]["runId"] == run.id
    texts = [
        row["content"]["text"]
        for row in client.updates[session]
        if row["sessionUpdate"] == "agent_message_chunk"
    ]
    assert "".join(texts).startswith("Hello"), "everything was said before the answer"


ENDS = [
    ("completed", None, "end_turn"),
    ("blocked", "stuck", "end_turn"),
    ("partial", "limit_steps", "max_turn_requests"),
    ("partial", "limit_tokens", "max_tokens"),
    ("partial", "limit_usd", "end_turn"),
    ("cancelled", "cancelled", "cancelled"),
]


@pytest.mark.parametrize(("status", "why", "reason"), ENDS)
async def test_why_a_run_stopped(world: AcpWorld, status: Any, why: str | None, reason: str) -> None:
    client = await world.started()
    _, ident, run = await begun(world, client)
    await world.runs.finish(_with(run, stop_reason=why), status)
    assert (await client.answer(ident))["result"]["stopReason"] == reason


async def test_a_run_that_failed_is_an_error_with_its_words(world: AcpWorld) -> None:
    client = await world.started()
    _, ident, run = await begun(world, client)
    await world.runs.finish(_with(run, stop_reason="model_unreachable"), "failed")
    error = (await client.answer(ident))["error"]
    assert (error["data"]["kind"], error["message"]) == ("model_unreachable", "failed.")


def _with(run: Run, **more: Any) -> Run:
    from dataclasses import replace

    return replace(run, **more)


async def test_cancel_answers_once_nothing_runs_any_more(world: AcpWorld) -> None:
    client = await world.started()
    world.runs.dies_at_once = False
    session, ident, run = await begun(world, client)
    client.tell("session/cancel", {"sessionId": session})
    client.tell("session/cancel", {"sessionId": session})
    await world.runs.cancel_asked()
    assert await client.result("session/list", {})
    assert ident not in client.answers
    await world.runs.finish(run, "cancelled")
    assert (await client.answer(ident))["result"] == {
        "stopReason": "cancelled",
        "_meta": {"journeyman": {**_facts(run), "status": "cancelled", "summary": "cancelled."}},
    }
    assert world.runs.cancels == [run.id]


def _facts(run: Run) -> dict[str, Any]:
    return {"runId": run.id, "changes": {"files": [], "added": 0, "removed": 0}}


@pytest.mark.parametrize("how", ["session/cancel", "$/cancel_request"])
async def test_a_cancel_right_behind_its_prompt_is_not_lost(world: AcpWorld, how: str) -> None:
    client = await world.started()
    session = await client.new(CWD)
    prompt = {"sessionId": session, "prompt": [{"type": "text", "text": "Go."}]}
    lines = [
        {"jsonrpc": "2.0", "id": 50, "method": "session/prompt", "params": prompt},
        {"jsonrpc": "2.0", "method": how, "params": {"sessionId": session, "requestId": 50}},
    ]
    client.raw(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    assert (await client.answer(50))["result"]["stopReason"] == "cancelled"


async def test_a_cancelled_request_of_another_sort_is_told_so(world: AcpWorld) -> None:
    client = await world.started()
    held = asyncio.Event()

    async def slow(*args: Any, **more: Any) -> Any:
        await held.wait()

    world.services.projects.of_folder = slow  # type: ignore[method-assign]
    ident = client.ask("session/new", {"cwd": CWD, "mcpServers": []})
    client.tell("$/cancel_request", {"requestId": ident})
    assert (await client.answer(ident))["error"]["code"] == -32800


async def test_the_same_folder_is_the_same_project(world: AcpWorld) -> None:
    client, other = await world.started(), await world.started()
    both = [
        (each, each.ask("session/new", {"cwd": CWD + slash, "mcpServers": []}))
        for each, slash in ((client, ""), (other, "/"))
    ]
    made = [(await each.answer(ident))["result"] for each, ident in both]
    assert len({each["_meta"]["journeyman"]["projectId"] for each in made}) == 1
    assert len({each["sessionId"] for each in made}) == 2
    elsewhere = await client.result("session/new", {"cwd": "/home/me/other", "mcpServers": []})
    assert elsewhere["_meta"]["journeyman"]["projectId"] != made[0]["_meta"]["journeyman"]["projectId"]


async def test_a_project_can_be_named(world: AcpWorld) -> None:
    client = await world.started()
    project = await world.services.projects.create(name="Mine")
    meta = {"journeyman": {"projectId": project.id}}
    made = await client.result("session/new", {"cwd": CWD, "mcpServers": [], "_meta": meta})
    assert made["_meta"]["journeyman"]["projectId"] == project.id
    unknown = {"journeyman": {"projectId": "none"}}
    error = await client.error("session/new", {"cwd": CWD, "mcpServers": [], "_meta": unknown})
    assert error["code"] == -32002


async def test_what_a_session_leaves_out_is_said(world: AcpWorld) -> None:
    client = await world.started()
    servers = [{"name": "x", "command": "x", "args": [], "env": []}]
    session = await client.new(CWD, mcpServers=servers)
    ident = client.prompt(session, "Go.")
    text = (await client.update(session, "agent_thought_chunk"))["content"]["text"]
    assert "another machine" in text
    assert "MCP" in (await client.update(session, "agent_thought_chunk"))["content"]["text"]
    await world.runs.finish(await world.runs.begun())
    await client.answer(ident)


@pytest.mark.parametrize(
    "params", [{"cwd": "relative"}, {"cwd": CWD, "additionalDirectories": ["/home/me/x"]}, {"cwd": 7}, {}]
)
async def test_a_folder_that_cannot_be(world: AcpWorld, params: dict[str, Any]) -> None:
    client = await world.started()
    assert (await client.error("session/new", {"mcpServers": [], **params}))["code"] == -32602


async def told_before(world: AcpWorld) -> str:
    """A chat with a history of two messages and a plan."""
    project = await world.services.projects.create(folder=CWD)
    chat = await world.services.chats.create(project.id, title="Before")
    now = world.services.clock.now()
    messages = [Message("m1", chat.id, None, "user", "Do it.", now)]
    messages.append(Message("m2", chat.id, None, "assistant", "Done.", now))
    await world.services.store.messages.append(messages)
    await world.services.todos.replace(chat.id, (TodoItem("1", "Look", "done"),), if_rev=0, by="user")
    return chat.id


async def test_load_tells_what_was_before_and_what_comes(world: AcpWorld) -> None:
    chat = await told_before(world)
    client = await world.started()
    answer = await client.result("session/load", {"sessionId": chat, "cwd": CWD, "mcpServers": []})
    assert answer["modes"]["currentModeId"] == "plan+execute"
    await client.until(lambda: len(client.kinds(chat)) == 4)
    assert client.kinds(chat) == [
        "user_message_chunk",
        "agent_message_chunk",
        "plan",
        "available_commands_update",
    ]
    client.updates.clear()
    await world.services.events.append(chat, "notice", {"level": "info", "message": "New."})
    assert (await client.update(chat, "agent_thought_chunk"))["content"]["text"] == "New.\n"


async def test_resume_tells_only_what_comes(world: AcpWorld) -> None:
    chat = await told_before(world)
    client = await world.started()
    await client.result("session/resume", {"sessionId": chat, "cwd": CWD})
    await client.update(chat, "available_commands_update")
    await world.services.events.append(chat, "notice", {"level": "info", "message": "New."})
    await client.until(lambda: client.kinds(chat))
    assert client.kinds(chat) == ["agent_thought_chunk"]


@pytest.mark.parametrize("method", ["session/load", "session/resume", "session/delete"])
async def test_a_session_that_is_not_there(world: AcpWorld, method: str) -> None:
    client = await world.started()
    params = {"sessionId": "none", "cwd": CWD, "mcpServers": []}
    assert (await client.error(method, params))["code"] == -32002


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("session/prompt", {"prompt": []}),
        ("session/close", {}),
        ("session/set_mode", {"modeId": "plan"}),
        ("session/set_config_option", {"configId": "mode", "value": "plan"}),
    ],
)
async def test_a_session_that_is_not_open_here(world: AcpWorld, method: str, more: dict[str, Any]) -> None:
    chat = await told_before(world)
    client = await world.started()
    error = await client.error(method, {"sessionId": chat, **more})
    assert error["code"] == -32002
    assert "session/load" in error["message"]


async def test_lists_are_of_folders_and_page(world: AcpWorld) -> None:
    chat = await told_before(world)
    await world.world.chat()  # of no folder
    client = await world.started()
    found = (await client.result("session/list", {}))["sessions"]
    assert [(each["sessionId"], each["cwd"], each["title"]) for each in found] == [(chat, CWD, "Before")]
    assert (await client.result("session/list", {"cwd": CWD}))["sessions"] == found
    assert (await client.result("session/list", {"cwd": "/home/me/none"}))["sessions"] == []
    project = (await world.services.chats.get(chat)).project_id
    for _ in range(60):
        await world.services.chats.create(project)
    first = await client.result("session/list", {"cwd": CWD})
    second = await client.result("session/list", {"cwd": CWD, "cursor": first["nextCursor"]})
    assert len(first["sessions"]) + len(second["sessions"]) == 61
    assert "nextCursor" not in second
    assert (await client.error("session/list", {"cursor": "x"}))["code"] == -32602


async def test_close_cancels_and_tells_no_more(world: AcpWorld) -> None:
    client = await world.started()
    session, ident, run = await begun(world, client)
    assert await client.result("session/close", {"sessionId": session}) == {}
    assert (await client.answer(ident))["result"]["stopReason"] == "cancelled"
    assert world.runs.cancels == [run.id]
    client.updates.clear()
    await world.services.events.append(session, "notice", {"level": "info", "message": "New."})
    assert (await client.error("session/close", {"sessionId": session}))["code"] == -32002
    assert client.updates == {}
    assert (await client.result("session/list", {}))["sessions"], "the chat is still there"


async def test_delete_ends_what_runs_and_takes_the_chat(world: AcpWorld) -> None:
    client = await world.started()
    session, ident, _ = await begun(world, client)
    assert await client.result("session/delete", {"sessionId": session}) == {}
    assert (await client.answer(ident))["result"]["stopReason"] == "cancelled"
    assert (await client.result("session/list", {}))["sessions"] == []


async def test_choices_go_with_the_next_prompt_and_are_kept_by_its_run(world: AcpWorld) -> None:
    client = await world.started()
    session = await client.new(CWD)
    await client.result("session/set_mode", {"sessionId": session, "modeId": "plan"})
    options = (await client.update(session, "config_option_update"))["configOptions"]
    assert [option["currentValue"] for option in options] == ["plan", "default", "default"]
    await client.result(
        "session/set_config_option", {"sessionId": session, "configId": "mode", "value": "execute"}
    )
    assert (await client.update(session, "current_mode_update"))["currentModeId"] == "execute"
    answer = await client.result(
        "session/set_config_option", {"sessionId": session, "configId": "effort", "value": "high"}
    )
    assert [option["currentValue"] for option in answer["configOptions"]] == ["execute", "default", "high"]
    ident = client.prompt(session, "Go.")
    run = await world.runs.begun()
    assert run.mode == "execute"
    await world.runs.finish(run)
    await client.answer(ident)
    ident = client.prompt(session, "/plan something")
    run = await world.runs.begun(2)
    assert (run.mode, run.prompt) == ("plan", "something")
    await world.runs.finish(run)
    await client.answer(ident)
    other = await world.started()
    again = await other.result("session/resume", {"sessionId": session, "cwd": CWD})
    assert again["modes"]["currentModeId"] == "plan"


@pytest.mark.parametrize(
    ("option", "value"), [("mode", "x"), ("effort", "x"), ("other", "x"), ("mode", True)]
)
async def test_choices_that_are_none(world: AcpWorld, option: str, value: Any) -> None:
    client = await world.started()
    session = await client.new(CWD)
    params = {"sessionId": session, "configId": option, "value": value}
    assert (await client.error("session/set_config_option", params))["code"] == -32602
    assert (await client.error("session/set_mode", {"sessionId": session, "modeId": "x"}))["code"] == -32602


async def test_two_clients_see_the_same_session(world: AcpWorld) -> None:
    one, two = await world.started(), await world.started()
    session = await one.new(CWD)
    await two.result("session/resume", {"sessionId": session, "cwd": "/somewhere/else"})
    await two.update(session, "available_commands_update")
    ident = one.prompt(session, "Read.")
    run = await world.runs.begun()
    call = {"callId": "c", "name": "read", "title": "read a.py", "arguments": {"path": "a.py"}}
    await world.services.events.append(session, "tool/started", call, run_id=run.id, item_id="c")
    await world.runs.finish(run)
    await one.answer(ident)
    assert (await one.update(session, "tool_call"))["locations"] == [{"path": f"{CWD}/a.py"}]
    assert (await two.update(session, "user_message_chunk"))["content"]["text"] == "Read."
    assert (await two.update(session, "tool_call"))["locations"] == [{"path": "/somewhere/else/a.py"}]


async def test_prompts_of_one_session_are_answered_in_the_order_they_came(world: AcpWorld) -> None:
    client = await world.started()
    session = await client.new(CWD)
    idents = [client.prompt(session, f"Go {n}.") for n in range(3)]
    await world.runs.begun(3)
    assert [run.prompt for run in world.runs.started] == ["Go 0.", "Go 1.", "Go 2."]
    for ident, run in zip(idents, world.runs.started, strict=True):
        await world.runs.finish(run)
        assert "result" in await client.answer(ident)


async def test_a_client_that_goes_away_leaves_its_run(world: AcpWorld) -> None:
    client = await world.started()
    _, _, run = await begun(world, client)
    await client.close(unclaimed_ok=True)
    await world.world.hub.empty.wait()
    assert world.runs.cancels == []
    await world.runs.finish(run)


async def test_while_the_daemon_leaves_nothing_begins(world: AcpWorld) -> None:
    client = await world.started()
    session = await client.new(CWD)
    world.world.hub.draining = True
    answer = await client.answer(client.prompt(session, "Go."))
    assert answer["error"]["data"]["kind"] == "draining"


async def test_a_slow_reader_is_waited_for_and_misses_nothing(world: AcpWorld) -> None:
    client = await world.started()
    session = await client.new(CWD)
    client.stop_reading()
    for number in range(300):
        text = f"{number} " + "x" * 20_000
        await world.services.events.append(session, "notice", {"level": "info", "message": text})
    connection = world.connections[0]
    assert connection._outbox.waiting_bytes < 4 * 1024 * 1024
    client.resume_reading()
    await client.until(lambda: len(client.kinds(session)) == 300)
    numbers = [int(row["content"]["text"].split()[0]) for row in client.updates[session]]
    assert numbers == list(range(300))
