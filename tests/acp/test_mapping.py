"""From events to what an editor is told, each as the package's models read it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from acp.schema import SessionNotification

from journeyman.acp.content import content_of
from journeyman.acp.mapping import Mapper
from journeyman.acp.options import Choices, command_of, config, modes
from journeyman.acp.paths import Paths
from journeyman.acp.sessions import wire
from journeyman.failures import Failure
from journeyman.ports.model import ModelInfo
from journeyman.records import Event, Message, TodoItem, ToolCall

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HERE = "/home/me/p"


def event(kind: Any, data: dict[str, Any], item: str | None = None, *, run: str = "r1") -> Event:
    return Event("chat", "e", 1, NOW, kind, data, run, item)


def a_mapper(**more: Any) -> Mapper:
    return Mapper(Paths(HERE), **more)


def told(mapper: Mapper, *events: Event) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for each in events:
        for update in mapper.updates(each):
            row = wire(update)
            SessionNotification.model_validate({"sessionId": "s", "update": row})
            found.append(row)
    return found


def started(name: str, arguments: dict[str, Any], call: str = "c1", title: str = "t") -> Event:
    data = {"callId": call, "name": name, "title": title, "arguments": arguments}
    return event("tool/started", data, call)


def finished(text: str, *, ok: bool = True, call: str = "c1", name: str = "x") -> Event:
    data = {"callId": call, "name": name, "ok": ok, "seconds": 0.1, "text": text}
    return event("tool/finished", data, call)


def delta(text: str, item: str = "m1", channel: str = "text") -> Event:
    return event("message/delta", {"text": text, "channel": channel}, item)


def message(text: str, item: str = "m1", role: str = "assistant") -> Event:
    return event("message/completed", {"messageId": item, "role": role, "text": text}, item)


TOOLS = [
    ("read", {"path": "a.py", "offset": 3}, "read", [(f"{HERE}/a.py", 3)]),
    ("read", {"path": "/workspace/a.py"}, "read", [(f"{HERE}/a.py", None)]),
    ("ls", {}, "read", [(HERE, None)]),
    ("grep", {"pattern": "x"}, "search", [(HERE, None)]),
    ("glob", {"pattern": "*.py", "path": "src"}, "search", [(f"{HERE}/src", None)]),
    ("terminal", {"command": "ls"}, "execute", []),
    ("git", {"args": "status"}, "execute", []),
    ("cd", {"path": "src"}, "other", []),
    ("fin", {"summary": "Done."}, "other", []),
    ("read", {"path": "/etc/passwd"}, "read", []),
    ("read", {"path": 7}, "read", []),
    ("somethingNew", {"x": 1}, "other", []),
]


@pytest.mark.parametrize(("name", "arguments", "kind", "places"), TOOLS)
def test_kinds_and_locations(name: str, arguments: dict[str, Any], kind: str, places: list[Any]) -> None:
    mapper = a_mapper()
    (row,) = told(mapper, started(name, arguments, title=f"{name} /workspace/a.py"))
    assert (row["sessionUpdate"], row["toolCallId"], row["kind"]) == ("tool_call", "c1", kind)
    assert row["status"] == "in_progress"
    assert row["title"] == f"{name} a.py"
    assert [(place["path"], place.get("line")) for place in row.get("locations", [])] == places
    (row,) = told(mapper, finished("said"))
    assert (row["sessionUpdate"], row["status"]) == ("tool_call_update", "completed")
    assert row["content"][-1] == {"type": "content", "content": {"type": "text", "text": "said"}}


def diffs(row: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (each["path"], each.get("oldText"), each["newText"])
        for each in row.get("content", [])
        if each["type"] == "diff"
    ]


def test_an_edit_is_a_diff_with_its_line() -> None:
    mapper = a_mapper(cwd="/workspace/src")
    arguments = {
        "path": "a.py",
        "old_string": "one",
        "new_string": "two",
        "edits": [{"old_string": "x", "new_string": "y", "replace_all": True}],
    }
    (row,) = told(mapper, started("edit", arguments))
    want = [(f"{HERE}/src/a.py", "one", "two"), (f"{HERE}/src/a.py", "x", "y")]
    assert diffs(row) == want
    (row,) = told(mapper, finished("edited src/a.py (rung: exact) lines 12-14\n@@"))
    assert diffs(row) == want
    assert row["locations"] == [{"path": f"{HERE}/src/a.py", "line": 12}]


def test_a_write_is_a_diff_and_a_failed_one_is_none() -> None:
    mapper = a_mapper()
    (row,) = told(mapper, started("write", {"path": "new/a.txt", "content": "hello"}))
    assert diffs(row) == [(f"{HERE}/new/a.txt", None, "hello")]
    (row,) = told(mapper, finished("error: no", ok=False))
    assert row["status"] == "failed"
    assert diffs(row) == []


def test_what_was_cut_is_no_diff() -> None:
    (row,) = told(a_mapper(), started("write", {"path": "a", "content": "x" * 10_000 + "..."}))
    assert diffs(row) == []


def test_cd_moves_what_relative_paths_mean() -> None:
    mapper = a_mapper()
    told(mapper, started("cd", {"path": "src"}), finished("cwd=/workspace/src"))
    (row,) = told(mapper, started("read", {"path": "../b.py"}))
    assert row["locations"] == [{"path": f"{HERE}/b.py"}]
    told(mapper, started("cd", {"path": "nowhere"}, "c2"), finished("error: no", ok=False, call="c2"))
    assert mapper.cwd == "/workspace/src"


def test_the_output_of_a_command_is_shown_up_to_a_bound() -> None:
    mapper = a_mapper()
    told(mapper, started("terminal", {"command": "make"}))
    rows = told(mapper, *[event("tool/output", {"callId": "c1", "text": "x" * 999 + "\n"}, "c1")] * 9)
    assert len(rows) == 9
    assert len(rows[-1]["content"][0]["content"]["text"]) == 4000
    assert told(mapper, event("tool/output", {"text": "late"}, "gone")) == []


def test_text_goes_out_once_however_much_was_streamed() -> None:
    for streamed in (["Hello ", "world"], ["Hello "], []):
        rows = told(a_mapper(), *map(delta, streamed), message("Hello world"))
        assert "".join(row["content"]["text"] for row in rows) == "Hello world"
        assert {row["messageId"] for row in rows} == {"m1"}
        assert {row["sessionUpdate"] for row in rows} == {"agent_message_chunk"}


def test_where_a_piece_was_dropped_the_whole_message_follows() -> None:
    rows = told(a_mapper(), delta("Hello "), delta("!"), message("Hello world!"))
    assert rows[-1]["content"]["text"] == "\n\nHello world!"


def test_thoughts_and_notices_are_thoughts() -> None:
    rows = told(
        a_mapper(),
        delta("Hm.", channel="reasoning"),
        event("notice", {"level": "warning", "message": "Slow.", "hint": "Wait."}),
    )
    assert [row["sessionUpdate"] for row in rows] == ["agent_thought_chunk"] * 2
    assert rows[1]["content"]["text"] == "Slow. Wait.\n"


def test_the_plan_is_the_whole_todo_list() -> None:
    items = [
        {"id": "1", "content": "Look", "status": "done"},
        {"id": "2", "content": "Do", "status": "in_progress"},
        {"id": "3", "content": "Check", "status": "pending"},
        {"id": "4", "content": "Not", "status": "dropped"},
    ]
    (row,) = told(a_mapper(), event("todo/changed", {"rev": 1, "items": items}))
    assert row["sessionUpdate"] == "plan"
    assert [(each["content"], each["status"]) for each in row["entries"]] == [
        ("Look", "completed"),
        ("Do", "in_progress"),
        ("Check", "pending"),
    ]
    assert told(a_mapper(), started("todoWrite", {"items": []}), finished("ok")) == []


def usage(used: Any, size: Any, cost: float | None = None) -> Event:
    return event("usage/updated", {"costUsd": cost, "context": {"used": used, "size": size}})


def test_usage_is_what_the_context_holds_and_what_the_chat_cost() -> None:
    mapper = a_mapper(cost_before=1.0)
    rows = told(mapper, usage(110, 1000, 0.25), usage(150, 1000, 0.5))
    assert [(row["used"], row["size"], row["cost"]["amount"]) for row in rows] == [
        (110, 1000, 1.25),
        (150, 1000, 1.5),
    ]
    told(mapper, event("run/finished", {"status": "completed", "usage": {"costUsd": 0.5}}))
    assert mapper.cost_before == 1.5


@pytest.mark.parametrize("unknown", [usage(5, None), usage(None, 5), event("usage/updated", {})])
def test_where_the_window_is_unknown_no_usage_is_told(unknown: Event) -> None:
    assert told(a_mapper(), unknown) == []


def test_a_prompt_of_the_clients_own_is_not_repeated() -> None:
    mapper = a_mapper(expected=["mine"])
    assert told(mapper, event("run/started", {"prompt": "mine"})) == []
    (row,) = told(mapper, event("run/started", {"prompt": "mine"}, run="r2"))
    assert row["sessionUpdate"] == "user_message_chunk", "the same words of somebody else"


END = [
    ("completed", "Done.", "", ["Done."]),
    ("completed", "Done.", "Done.", []),
    ("partial", "Half.", "Before.", ["\n\nHalf."]),
    ("cancelled", "The run was cancelled.", "", []),
    ("failed", "No key.", "", []),
]


@pytest.mark.parametrize(("status", "summary", "last", "texts"), END)
def test_how_a_run_ended_is_said_once(status: str, summary: str, last: str, texts: list[str]) -> None:
    mapper = a_mapper(expected=["p"])
    told(mapper, event("run/started", {"prompt": "p"}), *([message(last)] if last else []))
    rows = told(mapper, event("run/finished", {"status": status, "summary": summary}))
    assert [row["content"]["text"] for row in rows] == texts


@pytest.mark.parametrize("kind", ["run/phase", "checkpoint/made", "workspace/changed", "some/newKind"])
def test_other_events_say_nothing(kind: str) -> None:
    assert told(a_mapper(), event(kind, {"phase": "plan"})) == []


def stored(ident: str, role: Any, text: str, **more: Any) -> Message:
    return Message(ident, "chat", "r1", role, text, NOW, **more)


def test_history_is_what_was_said_and_done() -> None:
    mapper = a_mapper()
    history = [
        stored("m0", "user", "Do it."),
        stored(
            "m1",
            "assistant",
            "I look.",
            tool_calls=(
                ToolCall("c1", "read", {"path": "a.py"}),
                ToolCall("c2", "edit", {"path": "a.py", "old_string": "a", "new_string": "b"}),
                ToolCall("c3", "todoWrite", {}),
                ToolCall("c4", "terminal", {"command": "make"}),
            ),
        ),
        stored("m2", "tool", "a.py is empty", tool_call_id="c1", tool_name="read", ok=True),
        stored("m3", "tool", "error: no", tool_call_id="c2", tool_name="edit", ok=False),
        stored("m4", "tool", "ok", tool_call_id="c3", tool_name="todoWrite", ok=True),
    ]
    rows = [wire(update) for update in mapper.replay(history, [TodoItem("1", "Look", "in_progress")])]
    for row in rows:
        SessionNotification.model_validate({"sessionId": "s", "update": row})
    assert [(row["sessionUpdate"], row.get("toolCallId"), row.get("status")) for row in rows] == [
        ("user_message_chunk", None, None),
        ("agent_message_chunk", None, None),
        ("tool_call", "c1", "in_progress"),
        ("tool_call", "c2", "in_progress"),
        ("tool_call", "c4", "in_progress"),
        ("tool_call_update", "c1", "completed"),
        ("tool_call_update", "c2", "failed"),
        ("plan", None, None),
    ]
    assert told(mapper, message("I look."), finished("a.py is empty")) == [], "nothing of it again"
    (row,) = told(mapper, finished("made", call="c4"))
    assert row["status"] == "completed", "what still runs is told to its end"


def test_a_prompt_names_files_as_the_agent_finds_them() -> None:
    from acp.schema import (
        AudioContentBlock,
        EmbeddedResourceContentBlock,
        ResourceContentBlock,
        TextContentBlock,
        TextResourceContents,
    )

    def link(uri: str) -> ResourceContentBlock:
        return ResourceContentBlock(type="resource_link", uri=uri, name="it")

    resource = TextResourceContents(uri=f"file://{HERE}/b.md", text="a ``` b")
    text, images = content_of(
        [
            TextContentBlock(type="text", text="Look at"),
            link(f"file://{HERE}/src/a.py"),
            link("https://example.com/x"),
            EmbeddedResourceContentBlock(type="resource", resource=resource),
        ],
        Paths(HERE),
    )
    assert text == "Look at\n\n[it](src/a.py)\n\n[it](https://example.com/x)\n\nb.md:\n````\na ``` b\n````"
    assert images == ()
    with pytest.raises(Failure, match="text"):
        content_of([AudioContentBlock(type="audio", data="", mime_type="audio/wav")], Paths(HERE))


def test_choices_as_modes_and_options() -> None:
    choices = Choices("plan", "replay/x", "high")
    assert wire(modes(choices))["currentModeId"] == "plan"
    known = [
        ModelInfo("a/b", "a", "b", None, True, available=True),
        ModelInfo("a/c", "a", "c", None, True, available=False),
    ]
    rows: list[dict[str, Any]] = [wire(option) for option in config(choices, known)]
    assert [(row["id"], row["currentValue"], row["category"]) for row in rows] == [
        ("mode", "plan", "mode"),
        ("model", "replay/x", "model"),
        ("effort", "high", "thought_level"),
    ]
    assert [option["value"] for option in rows[1]["options"]] == ["default", "replay/x", "a/b"]


@pytest.mark.parametrize(
    ("prompt", "mode", "text"),
    [
        ("/plan a thing", "plan", "a thing"),
        ("/do it", "execute", "it"),
        ("/plan", None, "/plan"),
        ("/etc/passwd is", None, "/etc/passwd is"),
        ("plan a thing", None, "plan a thing"),
    ],
)
def test_commands(prompt: str, mode: str | None, text: str) -> None:
    assert command_of(prompt) == (mode, text)
