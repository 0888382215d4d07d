"""Processes in the workspace, through the guest."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import ProcessSpec


async def collect(process: object) -> bytes:
    return b"".join([data async for data in process.output()])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("argv", "code", "output"),
    [
        (("true",), 0, b""),
        (("false",), 1, b""),
        (("bash", "-c", "echo out; echo err >&2; exit 7"), 7, b"out\nerr\n"),
        (("bash", "-c", "kill -TERM $$"), -15, b""),
        (("no-such-program",), 127, b"no-such-program: No such file or directory\n"),
        (("printf", "%s|", "a b", "", "é"), 0, "a b||é|".encode()),
        (("bash", "-c", "printf '\\xff\\x00'"), 0, b"\xff\x00"),
    ],
)
async def test_a_command_ends_with_its_code_and_output(
    guest: GuestClient, argv: tuple[str, ...], code: int, output: bytes
) -> None:
    done = await guest.run(argv)
    assert (done.code, done.output, done.truncated_bytes, done.timed_out) == (code, output, 0, False)


async def test_one_that_tells_its_end_has_ended_with_that(guest: GuestClient) -> None:
    script = r"echo said; printf 'told\0007\0' >&3; exec >&- 2>&-; read -r never; exit 9"
    spec = ProcessSpec(("bash", "-c", script), stdin=True, extra_fd=True, tells_end=True)
    process = await guest.spawn(spec)  # it would read for ever
    assert await collect(process) == b"said\n"
    ended = await process.wait()
    assert (ended.code, ended.extra) == (7, b"told\0007\0")


@pytest.mark.parametrize(
    "last", [r"told", r"told\0007", r"7\0", r"\0\0", r"\0seven\0", r"\0001234\0", r"\000-1\0"]
)
async def test_what_is_no_exit_code_ends_nothing(guest: GuestClient, last: str) -> None:
    script = f"printf '{last}' >&3; exec >&- 2>&-; sleep 0.05; exit 9"
    spec = ProcessSpec(("bash", "-c", script), extra_fd=True, tells_end=True)
    process = await guest.spawn(spec)
    assert await collect(process) == b""
    assert (await process.wait()).code == 9


async def test_one_that_comes_after_another_begins_once_that_has_ended(guest: GuestClient) -> None:
    first = await guest.spawn(ProcessSpec(("bash", "-c", "read -r; echo first >> order; exit 3"), stdin=True))
    script = "echo second >> order; exec cat"
    second = asyncio.ensure_future(guest.spawn_after(first, ProcessSpec(("bash", "-c", script), stdin=True)))
    third = asyncio.ensure_future(guest.spawn_after(first, ProcessSpec(("sleep", "300"))))
    await guest.ping()
    assert (await guest.stat("order"), second.done(), third.done()) == (None, False, False)
    await first.write(b"\n", last=True)
    process = await second
    assert (await first.wait()).code == 3
    await process.write(b"fed", last=True)
    assert await collect(process) == b"fed"
    assert (await guest.read("order")).data == b"first\nsecond\n"
    (await third).drop()
    late = await guest.spawn_after(first, ProcessSpec(("true",)))
    assert (await late.wait()).code == 0


async def test_one_that_nobody_wants_any_more_never_begins(guest: GuestClient) -> None:
    first = await guest.spawn(ProcessSpec(("cat",), stdin=True))
    second = asyncio.ensure_future(guest.spawn_after(first, ProcessSpec(("touch", "begun"))))
    await guest.ping()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await first.write(b"", last=True)
    assert (await first.wait()).code == 0
    assert (await guest.run(["true"])).code == 0
    assert await guest.stat("begun") is None


async def test_held_input_goes_from_any_thread_or_never(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("cat",), stdin=True))
    await asyncio.to_thread(process.hold(b"let go\n").let_go)
    assert await collect(process) == b"let go\n"
    kept = await guest.spawn(ProcessSpec(("cat",), stdin=True))
    held = kept.hold(b"kept\n")
    held.keep()
    held.let_go()
    await kept.write(b"written\n", last=True)
    assert await collect(kept) == b"written\n"


async def test_environment_is_clean_and_added_to(guest: GuestClient) -> None:
    done = await guest.run(["env"], env={"WANTED": "yes é"})
    names = {line.split("=")[0] for line in done.output.decode().splitlines()}
    assert "WANTED=yes é" in done.output.decode()
    assert {"PATH", "HOME", "LANG", "WANTED"} <= names
    assert not [name for name in names if "KEY" in name or "TOKEN" in name or name.startswith("JOURNEYMAN")]


async def test_working_directory(guest: GuestClient) -> None:
    await guest.make_directory("sub dir")
    done = await guest.run(
        ["bash", "-c", "basename $PWD; pwd >&2; ls -d ../'sub dir'"], cwd="/workspace/sub dir"
    )
    assert b"sub dir\n" in done.output
    with pytest.raises(Failure) as missing:
        await guest.run(["true"], cwd="nowhere")
    assert missing.value.kind == "not_found"
    with pytest.raises(Failure) as outside:
        await guest.run(["true"], cwd="/etc")
    assert outside.value.kind == "path_refused"


async def test_standard_input_is_fed_and_ended(guest: GuestClient) -> None:
    body = bytes(range(256)) * 20_000
    done = await guest.run(["cat"], stdin=body, output_bytes_max=len(body))
    assert done.output == body


async def test_input_waits_for_who_reads_late_while_output_comes(guest: GuestClient) -> None:
    body = b"in" * 1_000_000
    done = await guest.run(["bash", "-c", "seq 100000; wc -c"], stdin=body)
    assert done.output.split()[-2:] == [b"100000", b"2000000"]


async def test_input_nobody_reads_does_not_hang(guest: GuestClient) -> None:
    done = await guest.run(["true"], stdin=b"x" * 5_000_000)
    assert done.code == 0


async def test_without_input_there_is_an_empty_one(guest: GuestClient) -> None:
    assert (await guest.run(["cat"])).output == b""


async def test_side_channel_comes_with_the_exit(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("bash", "-c", "echo told >&3; echo said"), extra_fd=True))
    assert await collect(process) == b"said\n"
    ended = await process.wait()
    assert (ended.code, ended.extra) == (0, b"told\n")


async def test_side_channel_is_bounded(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("bash", "-c", "head -c 3000000 /dev/zero >&3"), extra_fd=True))
    await collect(process)
    assert len((await process.wait()).extra) == 1 << 20


async def test_side_channel_is_not_there_unless_wanted(guest: GuestClient) -> None:
    assert (await guest.run(["bash", "-c", "true >&3"])).code != 0


async def test_exit_is_known_without_reading_the_output(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("bash", "-c", "echo unread; exit 3")))
    async with asyncio.timeout(90):
        assert (await process.wait()).code == 3


async def test_error_output_can_be_left_out(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("bash", "-c", "echo out; echo err >&2"), merge_output=False))
    assert await collect(process) == b"out\n"


async def test_a_child_that_keeps_the_pipe_does_not_hold_the_end(guest: GuestClient) -> None:
    async with asyncio.timeout(90):
        done = await guest.run(["bash", "-c", "sleep 1000 & echo done"])
    assert done.output == b"done\n"
    assert not done.timed_out


async def test_everything_written_before_the_end_is_delivered(guest: GuestClient) -> None:
    for _ in range(20):
        done = await guest.run(["bash", "-c", "head -c 60000 /dev/zero; sleep 1000 & disown"])
        assert len(done.output) == 60_000


async def test_a_timeout_kills_the_group(guest: GuestClient) -> None:
    seconds = f"1000.{os.getpid()}"
    done = await guest.run(["bash", "-c", f"echo begun; sleep {seconds} | cat"], timeout_s=0.5)
    assert (done.timed_out, done.output) == (True, b"begun\n")
    all_of_them = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"
    left = await guest.run(["bash", "-c", f"{all_of_them} | grep -c 'sleep [{seconds[0]}]{seconds[1:]}'"])
    assert left.output == b"0\n"


async def test_cancelling_a_run_kills_it(guest: GuestClient) -> None:
    running = asyncio.ensure_future(guest.run(["bash", "-c", "echo $$ > pid; exec sleep 1001"]))
    async with asyncio.timeout(90):
        while await guest.stat("pid") is None or not (await guest.read("pid")).data:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    pid = (await guest.read("pid")).data.decode().strip()
    async with asyncio.timeout(90):
        while (await guest.run(["kill", "-0", pid])).code == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_signals_go_to_the_whole_group(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("bash", "-c", "sleep 1002 & sleep 1002 & echo up; wait")))
    output = process.output()
    assert await anext(output) == b"up\n"
    await process.signal(signal.SIGTERM)
    assert (await process.wait()).code == -signal.SIGTERM
    await process.signal(signal.SIGTERM)
    assert [data async for data in output] == []


async def test_kill_all_ends_daemonised_children(guest: GuestClient) -> None:
    await guest.run(["bash", "-c", "setsid bash -c '(sleep 1003 &) ; setsid sleep 1003 &' < /dev/null"])
    await guest.spawn(ProcessSpec(("sleep", "1003")))
    async with asyncio.timeout(90):
        assert await guest.kill_all() >= 3
    assert await guest.kill_all() == 0
    assert (await guest.run(["echo", "alive"])).output == b"alive\n"


async def test_many_at_once_do_not_mix(guest: GuestClient) -> None:
    async def one(number: int) -> None:
        done = await guest.run(["bash", "-c", f"for i in 1 2 3; do echo {number}; done; exit {number}"])
        assert (done.code, done.output) == (number, f"{number}\n".encode() * 3)

    async with asyncio.TaskGroup() as group:
        for number in range(24):
            group.create_task(one(number))


async def test_losing_the_connection_fails_what_waits(guest: GuestClient) -> None:
    process = await guest.spawn(ProcessSpec(("sleep", "1004")))
    waiting = asyncio.ensure_future(process.wait())
    await asyncio.sleep(0)
    await guest.close()
    with pytest.raises(Failure) as lost:
        await waiting
    assert (lost.value.kind, lost.value.retryable) == ("workspace_failed", True)


async def test_a_start_that_is_given_up_leaves_nothing_behind_kill_all(guest: GuestClient) -> None:
    """The order of things on the way differs from turn to turn; what is left must not."""
    for turn in range(50):
        script = f"echo > began-{turn}; exec sleep 3{turn:03}"
        starting = asyncio.ensure_future(guest.spawn(ProcessSpec(("bash", "-c", script))))
        await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait({starting})
        await guest.kill_all()
        began = await guest.stat(f"began-{turn}")
        left = await guest.run(["pgrep", "-f", f"sleep 3{turn:03}$"])
        assert left.code == 1, (turn, left.output)
        assert await guest.stat(f"began-{turn}") == began, "it went on"


async def test_where_memory_runs_out_a_program_goes_before_the_guest(guest: GuestClient) -> None:
    """The mark is there a moment after the program began; what it starts from then on has it as well.
    Many at once, since a program that has just begun may refuse it for an instant."""
    script = (
        "read -r guest < /proc/$PPID/oom_score_adj; wanted=$((guest + 500 > 1000 ? 1000 : guest + 500));"
        "until read -r own < /proc/self/oom_score_adj; [ $own = $wanted ]; do sleep 0.01; done;"
        "bash -c 'read -r below < /proc/self/oom_score_adj; echo $below'; echo $wanted"
    )
    for done in await asyncio.gather(*(guest.run(["bash", "-c", script]) for _ in range(24))):
        below, wanted = done.output.split()
        assert (done.code, below) == (0, wanted)
