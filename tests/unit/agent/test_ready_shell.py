"""A shell that waits for its command does what one that is started with it does, and loses nothing."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from journeyman.agent.tools.ready import Ready
from journeyman.ports.guest import Guest, Process, ProcessSpec
from unit.agent.tooling import Bench

SAYS_ALL = r"""
printf '%s\n' "0=$0" "#=$#" "1=$1" "-=$-" "PWD=$PWD" "OLDPWD=${OLDPWD-unset}" "$SHLVL" "$SECONDS"
trap -p; umask; ulimit -a; shopt; set -o; export -p
compgen -v | grep -v '^\(BASH_\|__code\|RANDOM\|SRANDOM\|EPOCH\)'
readlink /proc/self/fd/0; ls /proc/self/fd | wc -l; missing-command 2>&1; caller; locale 2>/dev/null
"""


async def _waits(tools: Bench) -> int:
    """The one that waits for the next command; it stays."""
    ready = tools.context.jobs.ready
    assert ready._starting is not None  # pyright: ignore[reportPrivateUsage]
    process = await asyncio.shield(ready._starting)  # pyright: ignore[reportPrivateUsage]
    assert process is not None
    return process.pid


async def test_a_command_sees_the_same_in_both(tools: Bench) -> None:
    fresh = await tools.call("terminal", command=SAYS_ALL)
    waited = await tools.call("terminal", command=SAYS_ALL)
    assert waited.text.splitlines()[1:] == fresh.text.splitlines()[1:]
    assert "missing-command: command not found" in fresh.text


@pytest.mark.parametrize(
    "command",
    [
        "echo 'one' \"two\" $(echo three) \\\\ `echo four`",
        "cat <<'E'\n$a `b` \\\nE\necho end # no newline after this",
        "printf '%s' 'täglich 日本語 \u00a0 \U0001f600' | od -c | head -3",
        "echo " + "x" * 90_000 + " | wc -c",
        "  \t\n echo spaces \n ",
        "false || exit 9",
        "echo 'unfinished",
        "set -e; false; echo never",
        "exec echo replaced",
        "read -t 5 line; echo $? $line",
        "kill -9 $$",
        "kill -TERM $$",
        "kill -INT $$; sleep 60",
        "trap 'echo bye; exit 4' EXIT; echo hi",
        "exec() { echo mine; }; export -f exec; exit 3",
        "exec >/dev/null; echo nobody hears; false",
        "set -x; true",
        "set -u; echo ${nothing-none}",
        "set -a; x=1; true",
        "sleep 60 & echo goes on",
    ],
    ids=range(20),
)
async def test_every_command_ends_the_same_in_both(tools: Bench, command: str) -> None:
    fresh = await tools.call("terminal", command=command)
    waited = await tools.call("terminal", command=command)
    assert (fresh.text.split(" in ")[0], fresh.text.splitlines()[1:]) == (
        waited.text.split(" in ")[0],
        waited.text.splitlines()[1:],
    )


async def test_a_directory_that_was_made_anew_is_the_new_one(tools: Bench) -> None:
    await tools.call("terminal", command="mkdir d && cd d && touch old")
    await _waits(tools)
    shutil.rmtree(tools.folder / "d")
    (tools.folder / "d").mkdir(mode=0o777)
    (tools.folder / "d").chmod(0o777)
    (tools.folder / "d" / "new").touch()
    assert (await tools.text("terminal", command="ls")).splitlines()[1:] == ["new"]


async def test_a_directory_that_is_gone_is_said(tools: Bench) -> None:
    await tools.call("terminal", command="mkdir d && cd d")
    await _waits(tools)
    (tools.folder / "d").rmdir()
    gone = await tools.call("terminal", command="echo ran")
    assert not gone.ok
    assert "ran" not in gone.text.splitlines()
    assert "There is no" in gone.text


async def test_one_that_was_killed_while_it_waited_costs_no_command(tools: Bench) -> None:
    await tools.call("terminal", command="true")
    guest = tools.context.guest
    await guest.run(["kill", "-9", str(await _waits(tools))])
    ran = await tools.text("terminal", command="echo ran >> times; cat times")
    assert ran.splitlines()[1:] == ["ran"]


async def test_it_begins_when_the_command_has_ended_and_not_before(tools: Bench) -> None:
    """And not again at the end of the step, where it is as it is needed."""
    ready, guest = tools.context.jobs.ready, tools.context.guest
    running = asyncio.ensure_future(
        tools.call("terminal", command="> began; until test -e go; do sleep 0.02; done")
    )
    while await guest.stat("began") is None:
        pass
    assert ready._starting is not None  # pyright: ignore[reportPrivateUsage]
    await guest.ping()
    assert not ready._starting.done()  # pyright: ignore[reportPrivateUsage]
    await guest.write("go", b"")
    assert (await running).ok
    pid = await _waits(tools)
    ready.begin()
    assert await _waits(tools) == pid


async def test_a_command_that_goes_on_is_not_waited_for(tools: Bench) -> None:
    slow = await tools.call("terminal", command="sleep 300", timeout=1)
    assert slow.text.startswith("running")
    assert (await tools.text("terminal", command="echo next")).splitlines()[1:] == ["next"]


async def test_one_for_a_directory_that_was_left_is_thrown_away(tools: Bench) -> None:
    await tools.call("terminal", command="mkdir d; cd d")
    await _waits(tools)
    count = "ps -eo args | grep -c '[_]_line'"
    assert (await tools.text("terminal", command=f'basename "$PWD"; {count}')).splitlines()[1:] == ["d", "1"]


async def test_another_directory_or_a_background_command_has_one_of_its_own(tools: Bench) -> None:
    await tools.call("terminal", command="mkdir d; export COLOUR=blue")
    text = await tools.text("terminal", command='basename "$PWD"; echo $COLOUR', cwd="d")
    assert text.splitlines()[1:] == ["d", "blue"]
    await tools.text("terminal", command="while read line; do echo got $line; done", background=True)
    assert "got hello" in await tools.text("terminal", id=3, stdin="hello\n", timeout=60)


async def test_what_is_unset_stays_unset(tools: Bench) -> None:
    await tools.call("terminal", command="unset HOME")
    await _waits(tools)
    assert (await tools.text("terminal", command='echo "${HOME-gone}"')).splitlines()[1:] == ["gone"]


async def test_none_is_left_when_the_run_ends(tools: Bench) -> None:
    await tools.call("terminal", command="true")
    pid = await _waits(tools)
    found = await tools.context.guest.run(["ps", "-o", "pid=", "-p", str(pid)])
    assert found.output.split() == [str(pid).encode()]
    await tools.context.jobs.close()
    ended = await tools.context.guest.run(
        ["bash", "-c", f"while kill -0 {pid} 2>/dev/null; do sleep 0.02; done; echo gone"]
    )
    assert ended.output == b"gone\n"


async def test_its_long_output_is_kept_under_a_name_of_its_own(tools: Bench) -> None:
    first = await tools.call("terminal", command="seq 1 20000")
    second = await tools.call("terminal", command="seq 20001 40000")
    assert first.log is not None
    assert second.log is not None
    assert first.log != second.log
    for log, begin in ((first.log, 1), (second.log, 20_001)):
        found = await tools.context.guest.run(["head", "-1", log])
        assert found.output == b"%d\n" % begin


async def test_a_guest_that_is_gone_has_none(tools: Bench) -> None:
    await tools.call("terminal", command="true")
    await _waits(tools)
    await tools.context.guest.close()
    refused = await tools.call("terminal", command="echo ran")
    assert not refused.ok
    tools.context.jobs.ready.begin()
    await tools.context.jobs.ready.close()


class Slow:
    """A guest that starts a process when it may."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self.may = asyncio.Event()
        self.started: asyncio.Future[Process] = asyncio.get_running_loop().create_future()

    async def spawn(self, spec: ProcessSpec) -> Process:
        await self.may.wait()
        process = await self._guest.spawn(spec)
        self.started.set_result(process)
        return process


async def test_one_that_nobody_waits_for_any_more_ends_once_it_has_started(tools: Bench) -> None:
    slow = Slow(tools.context.guest)
    ready = Ready(slow, tools.context.jobs.supervisor)  # type: ignore[arg-type]
    await ready.want(ProcessSpec(("sleep", "300")))
    ready.begin()
    closing = asyncio.ensure_future(ready.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    slow.may.set()
    assert (await (await slow.started).wait()).code == -9
