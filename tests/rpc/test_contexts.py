"""What the user sees goes along with a prompt: to the model as data, to the store as it was."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.editing import Span
from journeyman.records import Message
from journeyman.testing.model import call
from rpc.harness import CAPABLE, World
from rpc.working import Working

FIN = call("fin", summary="Seen.", status="partial")
AT = {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 4}}


def seen(**more: Any) -> dict[str, Any]:
    return {
        "documents": [{"path": "a.py", "version": 3, "text": "x = 1\n"}],
        "selections": [{"path": "a.py", "range": AT}],
        "diagnostics": [
            {
                "path": "/workspace/b.py",
                "range": AT,
                "message": "undefined name",
                "source": "flakes",
                "code": 7,
            }
        ],
        **more,
    }


async def first_message(working: Working, chat_id: str) -> Message:
    return (await working.agent.store.messages.history(chat_id))[0]


async def test_the_model_reads_it_beside_the_prompt_and_people_do_not(working: Working) -> None:
    model = working.script([FIN])
    client = await working.world.initialized()
    run = await client.result("agent/run", {"prompt": "Look.", "mode": "execute", "context": seen()})
    told = model.requests[0].messages[0]
    assert told.text == "Look."
    block, _, rest = told.for_model.removeprefix("Look.\n\n").partition("</editor>\n\n")
    assert block.startswith("<editor>\n")
    assert "selected in a.py, line 1 (from character 3 to 4):\n```\n= \n```" in block
    assert "- b.py line 1 character 3: error: undefined name (flakes 7)" in block
    assert "open, as it is in the editor: a.py (version 3, 1 lines)\n```\nx = 1\n```" in block
    assert rest.startswith("<environment>")
    shown = await client.result("chat/messages", {"chatId": run["chatId"]})
    assert shown["items"][0]["text"] == "Look."
    assert (await first_message(working, run["chatId"])).context == told.context


async def test_it_waits_with_its_run_and_is_the_same_after_a_restart(working: Working) -> None:
    model = working.gated([FIN, FIN])
    client = await working.world.initialized({})
    chat = await working.world.chat()
    await client.result(
        "agent/run", {"chatId": chat, "prompt": "One.", "mode": "execute", "wait": "accepted"}
    )
    await model.asked()
    second = await client.result(
        "agent/run",
        {"chatId": chat, "prompt": "Two.", "mode": "execute", "wait": "accepted", "context": seen()},
    )
    stored = (await working.agent.store.runs.get(second["runId"])).context
    assert stored.documents[0].text == "x = 1\n"
    assert stored.selections[0].span == Span(0, 2, 0, 4)
    assert (stored.selections[0].text, stored.diagnostics[0].code, stored.complete) == ("= ", "7", True)
    script = working.script([FIN, FIN])
    await working.restart()
    await working.world.services.runs.wait(second["runId"])
    said = [m for m in await working.agent.store.messages.history(chat) if m.text == "Two."]
    assert "x = 1" in said[0].context
    assert any("x = 1" in m.for_model for m in script.requests[-1].messages)


async def test_a_text_for_a_run_takes_it_along(working: Working) -> None:
    model = working.gated([FIN, FIN])
    client = await working.world.initialized({})
    chat = await working.world.chat()
    run = await client.result(
        "agent/run", {"chatId": chat, "prompt": "One.", "mode": "execute", "wait": "accepted"}
    )
    await model.asked()
    await client.result(
        "agent/steer", {"runId": run["runId"], "prompt": "And this.", "context": seen(documents=[])}
    )
    model.go(2)
    await working.world.services.runs.wait(run["runId"])
    said = model.requests[-1].messages[-1]
    assert said.text == "And this."
    assert "comes before what you had planned" in said.context
    assert said.context.endswith("(flakes 7)\n</editor>")


@pytest.mark.parametrize(
    ("encoding", "character", "expected"), [("utf-8", 5, 2), ("utf-16", 3, 2), ("utf-32", 2, 2)]
)
async def test_characters_are_counted_as_was_agreed(
    working: Working, encoding: str, character: int, expected: int
) -> None:
    working.script([FIN])
    client = await working.world.initialized({**CAPABLE, "general": {"positionEncodings": [encoding]}})
    there = {"line": 0, "character": character}
    where = {"start": {"line": 0, "character": 0}, "end": there}
    context = {
        "documents": [{"path": "a", "text": "𝄞 and\n"}],
        "selections": [{"path": "a", "range": where}],
        "diagnostics": [{"path": "elsewhere", "range": where, "message": "?"}],
    }
    run = await client.result("agent/run", {"prompt": "Look.", "mode": "execute", "context": context})
    stored = (await working.agent.store.runs.get(run["runId"])).context
    assert (stored.selections[0].span, stored.selections[0].text) == (Span(0, 0, 0, expected), "𝄞 ")
    assert stored.diagnostics[0].span.end_character == character, "nobody knows that text"


async def test_a_file_is_found_by_its_uri_where_it_is_one_of_the_project(working: Working) -> None:
    working.script([FIN])
    project = await working.world.services.projects.create(source="folder", folder="/home/me/p q")
    client = await working.world.connect(local=True)
    await client.initialize(CAPABLE)
    uris = [
        "file:///home/me/p%20q/src/a.py",
        f"journeyman://{project.id}/b.py",
        "file:///home/me/other/c.py",
        "file:///home/me/p%20q/../secret",
        "journeyman://another/d.py",
        "untitled:Untitled-1",
    ]
    documents = [{"uri": uri, "text": "x"} for uri in uris]
    params = {"projectId": project.id, "prompt": "Look.", "mode": "execute"}
    run = await client.result("agent/run", {**params, "context": {"documents": documents}})
    found = (await working.agent.store.runs.get(run["runId"])).context.documents
    assert [each.path for each in found] == ["src/a.py", "b.py", None, None, None, None]
    assert [each.name for each in found] == ["src/a.py", "b.py", *uris[2:]]


async def test_what_is_open_tells_what_is_selected(working: Working) -> None:
    working.script([FIN])
    client = await working.world.initialized()
    opened = {"uri": "untitled:1", "languageId": "x", "version": 1, "text": "all of it"}
    client.tell("textDocument/didOpen", {"textDocument": opened})
    selections = [{"uri": "untitled:1", "range": AT}]
    run = await client.result(
        "agent/run", {"prompt": "Look.", "mode": "execute", "context": {"selections": selections}}
    )
    assert (await working.agent.store.runs.get(run["runId"])).context.selections[0].text == "l "


@pytest.mark.parametrize(
    ("context", "says"),
    [
        ({"documents": [{"path": "../x", "text": ""}]}, "is no file of the workspace"),
        ({"documents": [{"path": "/etc/passwd", "text": ""}]}, "is no file of the workspace"),
        ({"documents": [{"path": "a", "text": "x" * 900_000}] * 5}, "more than 4,000,000 characters"),
        ({"documents": [{"text": ""}]}, "`uri` or `path`"),
        ({"documents": [{"uri": "file:///a", "path": "a", "text": ""}]}, "`uri` or `path`"),
        ({"documents": [{"path": "a", "text": ""}] * 51}, "documents"),
        ({"documents": [{"path": "a", "text": "x" * 1_000_001}]}, "text"),
        ({"selections": [{"path": "a", "range": {"start": AT["start"]}}]}, "end"),
    ],
)
async def test_too_much_or_wrong_is_refused_in_a_sentence(
    world: World, context: dict[str, Any], says: str
) -> None:
    client = await world.initialized()
    error = await client.error("agent/run", {"prompt": "Look.", "context": context})
    assert says in f"{error['message']} {error['data']['hint']}"
    assert (await client.result("project/list"))["items"] == []
