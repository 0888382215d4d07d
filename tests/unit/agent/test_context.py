"""What the model is sent: the environment block, masked history, the byte-stable prompt; and what changed."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from journeyman.agent import changes
from journeyman.agent.commands_guess import guess
from journeyman.agent.conversation import put
from journeyman.agent.environment import look
from journeyman.agent.masking import Masking, tokens
from journeyman.records import Commands, Message, ToolCall
from journeyman.testing.clock import START
from journeyman.testing.model import call
from unit.agent.house import House
from unit.agent.tooling import Bench


def _exchange(number: int, size: int) -> list[Message]:
    made = ToolCall(f"c{number}", "read", {"path": f"src/{number}.py", "offset": 1})
    return [
        Message(f"a{number}", "chat", "run", "assistant", f"I read {number}.", START, tool_calls=(made,)),
        Message(
            f"t{number}", "chat", "run", "tool", "x" * size, START, tool_call_id=made.id, tool_name="read"
        ),
    ]


def test_results_stand_in_the_order_of_their_calls_whichever_was_done_first() -> None:
    made = tuple(ToolCall(f"c{number}", "ls", {}) for number in range(3))
    asked = Message("a", "chat", "run", "assistant", "", START, tool_calls=made)
    results = [
        Message(f"t{each.id}", "chat", "run", "tool", "", START, tool_call_id=each.id) for each in made
    ]
    earlier = Message("t", "chat", "run", "tool", "", START, tool_call_id="c9")
    for order in itertools.permutations(results):
        messages = [earlier]
        for message in (asked, *order):
            put(messages, message)
        assert messages == [earlier, asked, *results]


def test_old_results_are_cleared_in_blocks_and_stay_cleared() -> None:
    masking = Masking(window=10_000)
    messages = [Message("u", "chat", "run", "user", "Do it. " * 50, START)]
    views: list[tuple[Message, ...]] = []
    broken = 0
    for number in range(40):
        messages += _exchange(number, 2_000)
        view = masking.view(messages)
        assert sum(map(tokens, view)) <= 0.6 * 10_000
        broken += bool(views) and view[: len(views[-1])] != views[-1]
        views.append(view)
    assert views[-1][2].text == "[cleared: read src/0.py 1]"
    assert views[-1][0] == messages[0]
    assert views[-1][-1] == messages[-1]
    assert [m for m in views[-1] if m.role == "assistant"] == [m for m in messages if m.role == "assistant"]
    assert 1 <= broken <= 12, "the prefix breaks rarely, not with every step"
    assert messages[2].text == "x" * 2_000, "the history itself is untouched"


def test_an_unknown_window_masks_nothing() -> None:
    messages = [m for n in range(50) for m in _exchange(n, 50_000)]
    assert Masking(window=None).view(messages) == tuple(messages)


async def test_the_environment_is_told_with_its_blocks_and_commands(tools: Bench) -> None:
    (tools.folder / "Makefile").write_text("test:\n\ttrue\nbuild:\n\ttrue\n")
    (tools.folder / "src").mkdir()
    (tools.folder / "src" / "main.py").write_text("")
    when = datetime(2026, 5, 4, 13, 37, tzinfo=UTC)
    found = await look(
        tools.context.guest, "/workspace", "/workspace/src", Commands(), when, blocks=("Be kind.", "")
    )
    assert found.commands == Commands(build="make build", test="make test")
    for line in ("date: 2026-05-04\n", "cwd: /workspace/src", "git: not a repository", "  main.py  0",
                 "Be kind.", "manifests: Makefile", "test: make test"):  # fmt: skip
        assert line in found.text
    assert "13:37" not in found.text
    assert found.text.endswith("Be kind.\n</environment>")
    known = await look(tools.context.guest, "/workspace", "/workspace", Commands(test="t"), when)
    assert known.commands == Commands(test="t")


async def test_people_see_their_words_and_the_model_sees_the_environment_too(agent: House) -> None:
    model = agent.script([call("fin", summary="Fine.")])
    run = await agent.run("Say fine.")
    assert model.requests[0].messages[0].for_model.startswith("Say fine.\n\n<environment>\n")
    shown = [e.data["text"] for e in await agent.events(run.chat_id) if e.kind == "message/completed"]
    assert shown[0] == "Say fine."


@pytest.mark.parametrize(
    ("manifests", "commands"),
    [
        ({}, Commands()),
        (
            {"package.json": '{"scripts": {"test": "vitest", "build": "tsc"}}'},
            Commands("npm run build", None, "npm test"),
        ),
        (
            {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'},
            Commands(),
        ),
        ({"package.json": "not json"}, Commands()),
        ({"package.json": "[]"}, Commands()),
        ({"Cargo.toml": ""}, Commands("cargo build", None, "cargo test")),
        ({"pyproject.toml": "[tool.pytest.ini_options]"}, Commands(test="python3 -m pytest -q")),
        ({"pyproject.toml": "[project]"}, Commands()),
        ({"Makefile": "test := 1\nall:\n"}, Commands()),
    ],
)
def test_commands_are_guessed_only_from_what_manifests_say(
    manifests: dict[str, str], commands: Commands
) -> None:
    assert guess(manifests) == commands


async def test_changes_by_whomever_are_found_and_touched_files_are_not(tools: Bench) -> None:
    for name, text in (
        ("kept.txt", "k\n"),
        ("edited.txt", "a\nb\nc\n"),
        ("gone.txt", "g\ng\n"),
        ("bin", "\0\1"),
    ):
        (tools.folder / name).write_text(text)
    (tools.folder / ".git").mkdir()
    before = await changes.take(tools.context.guest, "/workspace")
    (tools.folder / "edited.txt").write_text("a\nB\nc\nd\n")
    (tools.folder / "gone.txt").unlink()
    (tools.folder / "new.txt").write_text("n\n")
    (tools.folder / "bin").write_bytes(b"\0\2\n\n")
    (tools.folder / "kept.txt").write_text("k\n")
    (tools.folder / ".git" / "index").write_text("x")
    found = await changes.since(tools.context.guest, "/workspace", before)
    assert found.files == ("bin", "edited.txt", "gone.txt", "new.txt")
    assert (found.added, found.removed) == (3, 3)
