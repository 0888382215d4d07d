"""A person's terminal in the workspace, through the guest."""

from __future__ import annotations

import asyncio
import secrets
import signal

import pytest

from components.sandbox import Bench, guest_process
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.guest.processes import GuestProcess
from journeyman.ports.guest import ProcessSpec

MARK = str(secrets.randbelow(10**8) + 10**9)
"""Seconds of a sleep nobody else on this machine sleeps."""


class Screen:
    """What came out of a terminal so far."""

    def __init__(self, process: GuestProcess) -> None:
        self.process = process
        self.text = b""
        self._output = process.output()

    async def until(self, wanted: bytes, times: int = 1) -> bytes:
        async with asyncio.timeout(60):
            while self.text.count(wanted) < times:
                self.text += await anext(self._output)
        return self.text

    async def rest(self) -> bytes:
        async with asyncio.timeout(60):
            async for data in self._output:
                self.text += data
        return self.text


async def opened(
    guest: GuestClient, *argv: str, pty: tuple[int, int] | None = (80, 24), **more: object
) -> Screen:
    spec = ProcessSpec(argv, pty=pty, bound=True, stdin=True, **more)  # type: ignore[arg-type]
    process = await guest.spawn(spec)
    assert isinstance(process, GuestProcess)
    return Screen(process)


async def alive(guest: GuestClient, marker: str) -> int:
    """How many processes have `marker` in their command line."""
    pattern = f"[{marker[0]}]{marker[1:]}"  # not found in its own command line
    script = f"cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -cx '{pattern}' || true"
    return int((await guest.run(["bash", "-c", script])).output)


async def until_alive(guest: GuestClient, marker: str, count: int) -> None:
    async with asyncio.timeout(60):
        while await alive(guest, marker) != count:  # noqa: ASYNC110 - processes of another world are polled
            await asyncio.sleep(0.02)


async def test_it_is_a_terminal_of_its_own_with_a_size(guest: GuestClient) -> None:
    script = "test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM; echo ok >/dev/tty"
    screen = await opened(guest, "bash", "-c", script, pty=(132, 43))
    text = await screen.rest()
    assert text.startswith(b"43 132\r\nxterm-256color\r\n")
    assert text.endswith(b"ok\r\n")
    assert (await screen.process.wait()).code == 0


async def test_a_resize_is_heard_and_seen(guest: GuestClient) -> None:
    script = "trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.05; done"
    screen = await opened(guest, "bash", "-c", script)
    await screen.until(b"ready")
    screen.process.resize(101, 37)
    assert b"37 101\r\n" in await screen.rest()
    assert (await screen.process.wait()).code == 3


async def test_ctrl_c_reaches_the_foreground_and_leaves_the_shell(guest: GuestClient) -> None:
    screen = await opened(guest, "bash", "--norc", "-i", env={"PS1": "go> "})
    await screen.process.write(f"echo o''ne; sleep {MARK}\n".encode())
    await screen.until(b"one\r\n")
    await until_alive(guest, MARK, 1)
    await screen.process.write(b"\x03")
    await until_alive(guest, MARK, 0)
    await screen.until(b"go> ", 2)
    await screen.process.write(b"echo t''wo; exit 5\n")
    assert b"two\r\n" in await screen.rest()
    assert (await screen.process.wait()).code == 5


async def test_the_end_of_input_ends_a_shell(guest: GuestClient) -> None:
    screen = await opened(guest, "bash", "--norc", "-i", env={"PS1": "go> "})
    await screen.until(b"go> ")
    await screen.process.close_stdin()
    await screen.rest()
    assert (await screen.process.wait()).code == 0


async def test_all_output_comes_even_to_a_slow_reader(guest: GuestClient) -> None:
    screen = await opened(guest, "bash", "-c", "stty -onlcr; seq 1 1000000; exit 9")
    await screen.until(b"\n100\n")
    for _ in range(20):
        await guest.ping()
    text = await screen.rest()
    assert text == b"".join(b"%d\n" % n for n in range(1, 1_000_001))
    assert (await screen.process.wait()).code == 9


@pytest.mark.parametrize("pty", [(80, 24), None])
async def test_dropping_it_kills_the_whole_tree(guest: GuestClient, pty: tuple[int, int] | None) -> None:
    script = f"trap '' HUP TERM; set -m; sleep {MARK} & setsid sleep {MARK} & (trap '' HUP; sleep {MARK})"
    screen = await opened(guest, "bash", "-c", f"({script}; echo) & echo ready; wait", pty=pty)
    await screen.until(b"ready")
    await until_alive(guest, MARK, 3)
    await screen._output.aclose()  # type: ignore[attr-defined]  # what a client that goes away comes to
    await until_alive(guest, MARK, 0)
    assert (await screen.process.wait()).code < 0


async def test_ending_it_is_polite_first(guest: GuestClient) -> None:
    screen = await opened(
        guest, "bash", "-c", "trap 'echo bye; exit 4' HUP; echo ready; while :; do sleep 0.05; done"
    )
    await screen.until(b"ready")
    screen.process.end(20.0)
    assert b"bye" in await screen.rest()
    assert (await screen.process.wait()).code == 4


async def test_a_signal_to_the_tree_reaches_jobs_in_their_own_groups(guest: GuestClient) -> None:
    screen = await opened(
        guest, "bash", "-c", f"set -m; sleep {MARK} & sleep {MARK} & echo ready; wait; exec sleep {MARK}"
    )
    await screen.until(b"ready")
    await screen.process.signal_tree(signal.SIGKILL)
    await screen.rest()
    assert (await screen.process.wait()).code == -signal.SIGKILL
    await until_alive(guest, MARK, 0)


async def test_the_end_of_a_run_leaves_a_persons_terminal_alone(guest: GuestClient) -> None:
    screen = await opened(guest, "bash", "-c", f"sleep {MARK} & echo ready; read line; echo got $line")
    await screen.until(b"ready")
    other = await guest.spawn(ProcessSpec(("sleep", "8765")))
    assert await guest.kill_all(terminals=False) == 1
    assert (await other.wait()).code == -signal.SIGKILL
    assert await alive(guest, MARK) == 1
    await screen.process.write(b"it\n")
    assert b"got it" in await screen.rest()
    await guest.kill_all()
    await until_alive(guest, MARK, 0)


async def test_a_program_that_is_not_there_says_so_in_the_terminal(guest: GuestClient) -> None:
    screen = await opened(guest, "no-such-program")
    assert b"no-such-program" in await screen.rest()
    assert (await screen.process.wait()).code == 127


@pytest.mark.parametrize("env", [{"": "x"}, {"A=B": "x"}, {"A": "x\0"}])
async def test_what_cannot_be_an_environment_is_refused(guest: GuestClient, env: dict[str, str]) -> None:
    with pytest.raises(Failure) as refused:
        await guest.spawn(ProcessSpec(("true",), env=env))
    assert refused.value.kind == "invalid"


async def test_fifty_terminals_leave_no_descriptor_behind(bench: Bench) -> None:
    _, guest = await bench.running()
    watched = guest_process()
    await guest.ping()
    before = watched.num_fds()
    for _ in range(50):
        screen = await opened(guest, "true")
        await screen.rest()
    assert watched.num_fds() <= before + 3
