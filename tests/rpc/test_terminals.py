"""workspace/exec over the wire, on a real guest."""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import Any

import pytest

from components.sandbox import Bench
from rpc.harness import Client, World

MIB = 1024 * 1024
HALVES = "printf '\\xc3'; sleep 0.1; printf '\\xa9\\xff'"


class Command:
    """One command and what came of it so far."""

    def __init__(self, client: Client, ident: str) -> None:
        self.client, self.id = client, ident
        self.out = b""

    @classmethod
    async def start(cls, client: Client, project: str, **params: Any) -> Command:
        answer = await client.result("workspace/exec", {"projectId": project, **params})
        return cls(client, answer["execId"])

    async def piece(self) -> None:
        got = await self.client.notification("workspace/execOutput")
        self._take(got)

    def _take(self, got: dict[str, Any]) -> None:
        assert got["execId"] == self.id
        text = got["content"]
        self.out += text.encode() if got["encoding"] == "utf8" else base64.b64decode(text)

    async def until(self, wanted: bytes, times: int = 1) -> None:
        while self.out.count(wanted) < times:
            await self.piece()

    async def type(self, text: str, **more: Any) -> None:
        params = {"execId": self.id, "content": text, "encoding": "utf8", **more}
        await self.client.result("workspace/execWrite", params)

    async def end(self) -> dict[str, Any]:
        """How it ended; claims the rest of the output."""
        told = await self.client.notification("workspace/execExited")
        assert told["execId"] == self.id
        for item in self.client.claim("workspace/execOutput"):
            self.out += (
                base64.b64decode(item["content"]) if item["encoding"] != "utf8" else item["content"].encode()
            )
        return told


@pytest.mark.parametrize(
    ("params", "code", "signal", "out"),
    [
        ({"argv": ["sh", "-c", "echo out; echo err >&2; exit 7"]}, 7, None, b"out\nerr\n"),
        ({"command": "kill -KILL $$"}, 137, "SIGKILL", b""),
        ({"argv": ["no-such"]}, 127, None, b"no-such: No such file or directory\n"),
        (
            {"command": "pwd | xargs basename; echo $A", "cwd": "sub", "env": {"A": "é"}},
            0,
            None,
            "sub\né\n".encode(),
        ),
        ({"command": "stty size", "pty": True, "cols": 99, "rows": 11}, 0, None, b"11 99\r\n"),
        (
            {"command": "printf '\\xc3'; sleep 0.1; printf '\\xa9\\xff'", "encoding": "utf8"},
            0,
            None,
            "é\ufffd".encode(),
        ),
    ],
)
async def test_a_command_ends_once_with_all_it_wrote(
    person: Client,
    project: str,
    world: World,
    params: dict[str, Any],
    code: int,
    signal: str | None,
    out: bytes,
) -> None:
    await person.result("workspace/createDirectory", {"projectId": project, "path": "sub"})
    command = await Command.start(person, project, **params)
    told = await command.end()
    assert (told["reason"], told["code"], told.get("signal")) == ("exited", code, signal)
    assert command.out.endswith(out)
    assert bool(command.out) == bool(out)
    assert not person.claim("workspace/execExited")
    assert (await person.error("workspace/execKill", {"execId": command.id}))["data"]["kind"] == "not_found"
    assert world.manager.held.total() == 0
    assert world.services.terminals.running(project) == 0


async def test_a_shell_is_typed_to_resized_and_interrupted(
    person: Client, project: str, world: World
) -> None:
    shell = await Command.start(
        person, project, argv=["bash", "--norc", "-i"], pty=True, env={"PS1": "go> "}, encoding="utf8"
    )
    assert world.manager.held[project, "terminal"] == 1
    await shell.until(b"go> ")
    await person.result("workspace/execResize", {"execId": shell.id, "cols": 77, "rows": 33})
    # Said by what is to be interrupted: it has the terminal by then.
    await shell.type("stty size; bash -c 'echo st\"\"arted; exec sleep 10000'\n")
    await shell.until(b"33 77\r\n")
    await shell.until(b"started\r\n")
    await shell.type("\x03")
    await shell.until(b"go> ", 2)
    await shell.type("echo ba''ck\n")
    await shell.until(b"back\r\n")
    await shell.type("exit 3\n")
    assert (await shell.end())["code"] == 3


async def test_input_keeps_its_order_and_has_an_end(person: Client, project: str) -> None:
    command = await Command.start(person, project, argv=["cat"], stdin=True)
    asked = [
        person.ask(
            "workspace/execWrite", {"execId": command.id, "content": f"{n}\n" * 3000, "encoding": "utf8"}
        )
        for n in range(40)
    ]
    asked.append(person.ask("workspace/execWrite", {"execId": command.id, "eof": True}))
    for ident in asked:
        assert "result" in await person.answer(ident)
    assert (await command.end())["code"] == 0
    assert command.out == b"".join(f"{n}\n".encode() * 3000 for n in range(40))


async def test_ten_megabytes_wait_for_a_reader_that_sleeps(
    person: Client, project: str, world: World
) -> None:
    command = await Command.start(person, project, command="head -c 10000000 /dev/zero; touch done")
    person.stop_reading()
    outbox = world.connections[0].peer.outbox
    async with asyncio.timeout(60):
        while outbox.waiting_bytes < MIB:  # noqa: ASYNC110 - the other side of a socket is polled
            await asyncio.sleep(0.01)
    other = await world.initialized()
    for _ in range(20):
        assert (await other.error("workspace/stat", {"projectId": project, "path": "done"}))["data"][
            "kind"
        ] == ("not_found")
        assert outbox.waiting_bytes < 3 * MIB
    person.resume_reading()
    assert (await command.end())["code"] == 0
    assert command.out == b"\0" * 10_000_000


async def test_no_more_than_the_window_comes_before_it_was_taken(person: Client, project: str) -> None:
    command = await Command.start(person, project, command="head -c 30000 /dev/zero", ackWindow=8192)
    taken = 0
    while taken < 30000:
        while len(command.out) < min(30000, taken + 8192):
            await command.piece()
        assert (await person.result("daemon/ping")) is not None
        assert not person.claim("workspace/execOutput"), "more came than the window allows"
        await person.result("workspace/execAck", {"execId": command.id, "bytes": len(command.out) - taken})
        taken = len(command.out)
    assert (await command.end())["code"] == 0


async def test_killing_takes_the_tree(person: Client, project: str) -> None:
    mark = str(secrets.randbelow(10**8) + 10**9)
    script = f"(setsid sleep {mark} &) ; set -m; sleep {mark} & trap '' HUP; echo ready; sleep {mark}"
    command = await Command.start(person, project, command=script)
    await command.until(b"ready")
    await person.result("workspace/execKill", {"execId": command.id})
    told = await command.end()
    assert (told["reason"], told["signal"]) == ("exited", "SIGKILL")
    await gone(person, project, mark)


async def gone(client: Client, project: str, mark: str) -> None:
    pattern = f"[{mark[0]}]{mark[1:]}"
    seen = f"cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -qx '{pattern}'"
    look = f"while {seen}; do sleep 0.1; done"
    command = await Command.start(client, project, command=look, timeoutMs=15000)
    assert (await command.end())["code"] == 0


async def test_a_time_limit_is_kept(person: Client, project: str) -> None:
    command = await Command.start(person, project, argv=["sleep", "10000"], timeoutMs=50)
    told = await command.end()
    assert (told["reason"], told["signal"]) == ("timeout", "SIGHUP")


@pytest.mark.parametrize("pty", [True, False])
async def test_what_a_client_started_ends_with_its_connection(
    person: Client, project: str, world: World, pty: bool
) -> None:
    mark = str(secrets.randbelow(10**8) + 10**9)
    leaving = await world.initialized()
    command = await Command.start(
        leaving, project, command=f"sleep {mark} & echo ready; sleep {mark}", pty=pty
    )
    await command.until(b"ready")
    assert (await person.error("workspace/execKill", {"execId": command.id}))["data"]["kind"] == "not_found"
    await leaving.close()
    await gone(person, project, mark)
    async with asyncio.timeout(60):
        while world.manager.held.total():  # noqa: ASYNC110 - what follows a connection is polled
            await asyncio.sleep(0.01)


async def test_a_workspace_that_goes_away_is_told(person: Client, project: str, bench: Bench) -> None:
    command = await Command.start(person, project, command="echo ready; sleep 10000")
    await command.until(b"ready")
    await bench.opened[0].close()
    told = await command.end()
    assert told["reason"] == "lost"
    assert told["message"]
    assert "code" not in told


async def test_a_request_that_is_cancelled_leaves_nothing_running(
    person: Client, project: str, world: World
) -> None:
    """Whenever the cancel comes: either there is a command and its answer, or neither."""
    ids = [
        person.ask("workspace/exec", {"projectId": project, "argv": ["sleep", "10000"]}) for _ in range(20)
    ]
    for ident in ids:
        person.tell("$/cancelRequest", {"id": ident})
    answers = [await person.answer(ident) for ident in ids]
    begun = [answer["result"]["execId"] for answer in answers if "result" in answer]
    for exec_id in begun:
        await person.result("workspace/execKill", {"execId": exec_id, "signal": "KILL"})
    ended = [(await person.notification("workspace/execExited"))["execId"] for _ in begun]
    assert sorted(ended) == sorted(begun)
    assert world.services.terminals.running(project) == 0
    assert world.manager.held.total() == 0


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({}, "invalid"),
        ({"argv": []}, "invalid"),
        ({"argv": ["a"], "command": "b"}, "invalid"),
        ({"argv": ["a\0b"]}, "invalid"),
        ({"argv": ["a"], "env": {"A=B": "1"}}, "invalid"),
        ({"argv": ["a"], "env": {"A": "1\0"}}, "invalid"),
        ({"argv": ["a"], "cwd": "/etc"}, "path_refused"),
        ({"argv": ["a"], "cwd": "nowhere"}, "not_found"),
        ({"pty": True, "cols": 0}, "invalid"),
        ({"argv": ["a"], "timeoutMs": 0}, "invalid"),
        ({"argv": ["x" * 100_000] * 20}, "invalid"),
    ],
)
async def test_what_cannot_be_started(
    person: Client, project: str, world: World, params: dict[str, Any], kind: str
) -> None:
    refused = await person.error("workspace/exec", {"projectId": project, **params})
    assert refused["data"]["kind"] == kind, refused
    assert world.services.terminals.running(project) == 0
    assert world.manager.held.total() == 0


async def test_a_project_runs_so_many_and_no_more(
    person: Client, project: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journeyman.workspace.terminals.PER_PROJECT_MAX", 2)
    commands = [await Command.start(person, project, argv=["sleep", "10000"]) for _ in range(2)]
    other = await world.initialized()
    refused = await other.error("workspace/exec", {"projectId": project, "argv": ["true"]})
    assert refused["data"]["kind"] == "overloaded"
    for command in commands:
        await person.result("workspace/execKill", {"execId": command.id, "signal": "KILL"})
    for _ in commands:
        await person.notification("workspace/execExited")
    last = await Command.start(other, project, argv=["true"])
    assert (await last.end())["code"] == 0
