"""Hooks of the user: what they are told, what their exit means, and what becomes of broken ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from journeyman.adapters.host_commands import LocalHostCommands
from journeyman.config import Settings
from journeyman.extensions.extensions import Extensions
from journeyman.extensions.hooks import WORD_CHARACTERS_MAX, Hook, Hooks
from journeyman.testing.model import call
from unit.agent.house import House, house
from unit.agent.tooling import Bench


class Desk:
    def __init__(self, tools: Bench, *hooks: Hook) -> None:
        self.told: list[str] = []
        self.hooks = Hooks(
            hooks, tools.context.guest, "/workspace", LocalHostCommands(), {"runId": "r"}, self._say
        )

    async def _say(self, text: str) -> None:
        self.told.append(text)


@pytest.mark.parametrize("outside", [False, True], ids=["inside", "outside"])
@pytest.mark.parametrize(
    ("command", "refused", "told"),
    [
        ("true", None, False),
        ("cat > /dev/null; echo fine", None, False),
        ("echo 'not today'; exit 2", "not today", False),
        ("echo no >&2; exit 2", "no", False),
        ("exit 2", "It gave no reason.", False),
        ("echo oops; exit 1", "exit 1: oops", True),
        ("no-such-program", "exit 127", True),
        ("kill -9 $$", "exit", True),
        ("yes | head -c 3000000; exit 2", "y\ny", False),
        (r"printf 'a\033[2Jb\n'; exit 2", "a[2Jb", False),
    ],
)
async def test_what_an_exit_means(
    tools: Bench, command: str, refused: str | None, told: bool, outside: bool
) -> None:
    desk = Desk(tools, Hook("before_tool", command, outside=outside, timeout_s=60))
    said = await desk.hooks.before("write", {"path": "a"}, "/workspace")
    assert (said is None) == (refused is None)
    assert (refused or "") in (said or "")
    assert len(said or "") <= WORD_CHARACTERS_MAX
    assert bool(desk.told) == told
    hook = Hook("before_tool", command, outside=outside, timeout_s=60, refuses_when_broken=False)
    desk = Desk(tools, hook)
    if told:
        assert await desk.hooks.before("write", {"path": "a"}, "/workspace") is None
        assert desk.told


@pytest.mark.parametrize("outside", [False, True], ids=["inside", "outside"])
async def test_a_hook_that_does_not_end_is_ended(tools: Bench, tmp_path: Path, outside: bool) -> None:
    pid = tmp_path / "pid"
    hook = Hook("before_tool", f"echo $$ > {pid}; sleep 600", outside=outside, timeout_s=0.5)
    desk = Desk(tools, hook)
    assert "did not end within 0.5 s" in (await desk.hooks.before("ls", {}, "/workspace") or "")
    if outside and pid.exists() and (number := pid.read_text().strip()):
        assert not Path(f"/proc/{number}").exists()


async def test_a_hook_is_told_what_happens_and_holds_no_keys(
    tools: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-secret-secret-secret")
    said, environment = tmp_path / "said", tmp_path / "environment"
    desk = Desk(tools, Hook("after_tool", f"cat > {said}; env > {environment}", outside=True))
    await desk.hooks.after("read", {"path": "a.py"}, "/workspace", ok=True, text="x" * 50_000)
    told = json.loads(said.read_text())
    assert {key: told[key] for key in ("event", "runId", "tool", "arguments", "cwd")} == {
        "event": "after_tool",
        "runId": "r",
        "tool": "read",
        "arguments": {"path": "a.py"},
        "cwd": "/workspace",
    }
    assert len(told["result"]["text"]) == 20_000
    assert "OPENAI_API_KEY" not in environment.read_text()


async def test_only_hooks_of_the_moment_and_the_tool_are_asked_in_their_order(
    tools: Bench, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    desk = Desk(
        tools,
        Hook("before_tool", f"echo a >> {log}", frozenset({"write"})),
        Hook("before_tool", f"echo b >> {log}; echo stop; exit 2"),
        Hook("before_tool", f"echo c >> {log}"),
        Hook("after_tool", f"echo d >> {log}"),
    )
    assert await desk.hooks.before("write", {}, "/workspace") == "stop"
    assert await desk.hooks.before("read", {}, "/workspace") == "stop"
    assert log.read_text().split() == ["a", "b", "b"]


async def test_what_is_too_large_to_be_judged_is_not_judged(tools: Bench) -> None:
    desk = Desk(tools, Hook("before_tool", "true"))
    said = await desk.hooks.before("write", {"content": "x" * 5_000_000}, "/workspace")
    assert "larger than" in (said or "")


def _with(tmp_path: Path, *hooks: Hook) -> Extensions:
    return Extensions(tmp_path / "config", hooks, LocalHostCommands())


async def test_a_refused_call_is_not_run_and_a_note_comes_with_its_result(tmp_path: Path) -> None:
    hooks = (
        Hook(
            "before_tool",
            "grep -q forbidden && { echo 'not that file'; exit 2; }; true",
            frozenset({"write"}),
        ),
        Hook("after_tool", "echo 'run the formatter'; exit 2", frozenset({"write"})),
    )
    async with house(tmp_path, extensions=_with(tmp_path, *hooks)) as agent:
        agent.script(
            [
                call("write", path="forbidden.txt", content="x"),
                call("write", path="fine.txt", content="x"),
                call("fin", summary="Partly.", status="partial"),
            ]
        )
        chat = await agent.chat()
        await agent.run(chat_id=chat.id, mode="execute")
        first, second, _ = await agent.tool_texts(chat.id)
        assert first.startswith("failed: a hook of the user's refused this: not that file")
        assert "a hook of the user's says: run the formatter" in second
        assert sorted(path.name for path in agent.folder(chat).iterdir()) == ["fine.txt"]


async def _ended(agent: House) -> tuple[str, str | None, str]:
    run = await agent.run("Do it.", mode="execute")
    return run.status, run.stop_reason, run.summary


async def test_a_run_may_be_refused_and_its_end_is_told(tmp_path: Path) -> None:
    log = tmp_path / "ends"
    end = Hook("run_end", f"cat >> {log}; echo >> {log}", outside=True)
    async with house(tmp_path, extensions=_with(tmp_path, end)) as agent:
        agent.script([call("fin", summary="Partly.", status="partial")])
        assert await _ended(agent) == ("partial", "fin", "Partly.")
    told = json.loads(log.read_text())
    assert (told["event"], told["status"], told["summary"]) == ("run_end", "partial", "Partly.")
    start = Hook("run_start", "echo 'Not on a Friday.'; exit 2")
    (tmp_path / "second").mkdir()
    async with house(tmp_path / "second", extensions=_with(tmp_path, start)) as agent:
        model = agent.script([])
        assert await _ended(agent) == (
            "blocked",
            "hook_refused",
            "A hook of yours refused this run. Not on a Friday.",
        )
        assert model.requests == []


def test_hooks_come_from_the_users_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[[hooks]]\non = "before_tool"\ncommand = "./check"\ntools = ["write"]\nwhere = "outside"\n'
    )
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(file))
    (hook,) = Settings().hooks
    assert (hook.on, hook.command, hook.tools, hook.where) == (
        "before_tool",
        "./check",
        ("write",),
        "outside",
    )
    assert (hook.timeout_s, hook.failure) == (10.0, "refuse")
