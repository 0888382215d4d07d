"""The terminal against a real guest: what carries over, what is bounded, what is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.agent.tools.jobs import JOBS_MAX
from journeyman.agent.tools.render import render
from unit.agent.tooling import Bench


async def test_first_line_is_the_status_and_a_failed_command_is_an_observation(tools: Bench) -> None:
    good = await tools.call("terminal", command="echo out; echo err >&2")
    assert good.ok
    first, *rest = good.text.splitlines()
    assert first.startswith("exit 0 in ")
    assert first.endswith("s cwd=/workspace")
    assert rest == ["out", "err"]
    bad = await tools.call("bash", cmd="exit 7")
    assert not bad.ok
    assert bad.text.startswith("exit 7 in ")
    assert bad.text.endswith("[no output]")


async def test_directory_and_exports_carry_over_and_unset_too(tools: Bench) -> None:
    await tools.call("terminal", command="mkdir -p deep/er; cd deep; export COLOUR='bl ue\nline' OTHER=1")
    assert tools.state.cwd == "/workspace/deep"
    assert tools.cwds == ["/workspace/deep"]
    text = await tools.text("terminal", command='echo "$COLOUR-$OTHER"; unset OTHER HOME; basename "$PWD"')
    assert text.splitlines()[1:] == ["bl ue", "line-1", "deep"]
    text = await tools.text("terminal", command='echo "${OTHER-gone} ${HOME-gone}"')
    assert text.splitlines()[1] == "gone gone"
    text = await tools.text("terminal", command="exit 3; echo never")
    assert text.startswith("exit 3")
    assert tools.state.cwd == "/workspace/deep"


async def test_leaving_the_workspace_does_not_move_the_tools(tools: Bench) -> None:
    text = await tools.text("terminal", command="cd /")
    assert "is outside the workspace; the working directory stays /workspace" in text
    assert tools.state.cwd == "/workspace"


async def test_there_is_no_prompt_no_stdin_and_no_pager(tools: Bench) -> None:
    text = await tools.text(
        "terminal", command='read x; echo "read: $? $PAGER $CI $GIT_TERMINAL_PROMPT"', timeout=20
    )
    assert text.splitlines()[1] == "read: 1 cat 1 0"


async def test_a_slow_command_goes_on_and_is_polled_to_its_end(tools: Bench) -> None:
    started = await tools.text(
        "terminal", command="echo one; while [ ! -e go ]; do sleep 0.05; done; echo two", timeout=1
    )
    assert started.startswith("running id=1 pid=")
    assert "kill=true" in started
    while "\none\n" not in started:
        started = await tools.text("terminal", id=1, timeout=1)
    again = await tools.text("terminal", id=1, timeout="1")
    assert "[no new output]" in again
    (tools.folder / "go").touch()
    ended = await tools.text("terminal", id=1, timeout=30)
    if ended.startswith("running"):
        ended = await tools.text("terminal", id=1, timeout=30)
    assert ended.startswith("exit 0 in ")
    assert "one" not in ended


async def test_a_background_command_takes_stdin_and_is_killed(tools: Bench) -> None:
    await tools.text("terminal", command="while read line; do echo got $line; done", background=True)
    assert "got hello" in await tools.text("terminal", id=1, stdin="hello\n", timeout=60)
    killed = await tools.text("terminal", id=1, kill=True)
    assert killed.startswith("exit -9")
    assert "there is no command with id=9" in await tools.text("terminal", id=9)


async def test_one_that_a_signal_ends_is_said_to_have_ended_so(tools: Bench) -> None:
    for _ in range(2):  # the second one waited
        assert (await tools.text("terminal", command="kill -TERM $$")).startswith("exit -15 ")


async def test_a_function_called_exec_is_not_called_at_the_end(tools: Bench) -> None:
    for _ in range(3):
        text = await tools.text("terminal", command="exec() { echo mine; }; export -f exec; echo hi")
        assert text.splitlines()[1:] == ["hi"]


@pytest.mark.parametrize("wanted", ["a plan", "a new plan"])
async def test_while_a_plan_is_wanted_what_runs_is_polled_and_ended_and_nothing_is_begun(
    tools: Bench, wanted: str
) -> None:
    for _ in range(2):
        await tools.text("terminal", command="while read line; do echo got $line; done", background=True)
    if wanted == "a plan":
        tools.state.phase = "plan"
    else:
        tools.state.replan = "The run goes in circles."
    for refused in ({"command": "touch a"}, {"id": 1, "stdin": "x\n"}, {"id": 1, "stdin": "C-d"}):
        assert "first: call todoWrite" in await tools.text("terminal", **refused)
    assert (await tools.text("terminal", id=1, timeout=1)).startswith("running id=1 ")
    assert not (tools.folder / "a").exists()
    interrupted = await tools.text("terminal", id=1, stdin="C-c", timeout=60)
    assert "exit -2" in interrupted
    assert "got" not in interrupted
    assert (await tools.text("terminal", id=2, kill=True)).startswith("exit -9")


async def test_a_child_that_holds_the_pipe_does_not_hold_the_answer(tools: Bench) -> None:
    text = await tools.text("terminal", command="sleep 60 & echo started", timeout=30)
    assert text.startswith("exit 0")
    assert text.endswith("started")


async def test_live_commands_are_bounded_and_all_dead_at_the_end(tools: Bench) -> None:
    for number in range(JOBS_MAX):
        (tools.folder / "n").write_text(str(number))
        job = await tools.context.jobs.start(_sleep(), "sleep")
        assert job.number == number + 1
    refused = await tools.call("terminal", command="true")
    assert not refused.ok
    assert "16 commands are running already" in refused.text
    pids = [job.process.pid for job in tools.context.jobs.live]
    await tools.context.jobs.close()
    assert tools.context.jobs.live == []
    assert not any(
        Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids
    )


def _sleep():  # type: ignore[no-untyped-def]
    from journeyman.ports.guest import ProcessSpec

    return ProcessSpec(("sleep", "300"))


async def test_long_output_keeps_head_and_tail_and_names_the_whole(tools: Bench) -> None:
    text = await tools.text("terminal", command="seq 1 20000")
    assert len(text) <= 30_500
    assert "\n1\n2\n3\n" in text
    assert "\n20000\n" in text
    assert await _log_of(tools, text) == "".join(f"{n}\n" for n in range(1, 20_001))


async def _log_of(tools: Bench, text: str) -> str:
    """What the file has that an answer names for the whole of it."""
    saved = text.rsplit("all of it, up to 64 MiB, is in ", 1)[1].split(" ")[0]
    found = await tools.context.guest.run(["cat", saved], output_bytes_max=20_000_000)
    return found.output.decode()


async def test_the_log_has_what_the_daemon_let_go_of(tools: Bench) -> None:
    text = await tools.text("terminal", command="seq 1 400000; exit 3", timeout=600)
    assert text.startswith("exit 3")
    assert len(text) <= 30_500
    assert await _log_of(tools, text) == "".join(f"{n}\n" for n in range(1, 400_001))


async def test_a_command_that_goes_on_names_its_log(tools: Bench) -> None:
    command = "seq 1 5000; while [ ! -e go ]; do sleep 0.05; done; echo last"
    text = await tools.text("terminal", command=command, background=True)
    while "; all output: " not in text.splitlines()[0]:
        text = await tools.text("terminal", id=1, timeout=1)
    log = text.splitlines()[0].rsplit("; all output: ", 1)[1]
    (tools.folder / "go").touch()
    while text.startswith("running"):
        text = await tools.text("terminal", id=1, timeout=30)
    found = await tools.context.guest.run(["tail", "-n", "2", log])
    assert found.output == b"5000\nlast\n"


async def test_other_tools_keep_what_is_left_out_too(tools: Bench) -> None:
    for number in range(40):
        (tools.folder / f"{number}.txt").write_text(f"needle {'x' * 200}\n" * 10)
    text = await tools.text("grep", pattern="needle", limit=1000)
    assert len(text) <= 30_500
    assert (await _log_of(tools, text)).count("needle") == 400


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"\x1b[31mred\x1b[0m plain", "red plain"),
        (b"\x1b]0;title\x07x\x1b]8;;http://a\x1b\\link", "xlink"),
        (b"10%\r50%\r100%\ndone\r\n", "100%\ndone\n"),
        (b"bad \xff\xfe bytes", "bad \ufffd\ufffd bytes"),
        (b"bell\x07 back\x08 tab\tnul\x00", "bell back tab\tnul"),
    ],
)
def test_output_is_made_readable(raw: bytes, shown: str) -> None:
    assert render(raw) == shown


async def test_git_reads_and_writes(tools: Bench) -> None:
    await tools.call("terminal", command="git init -q . && echo x > f && git add f")
    assert "new file" in await tools.text("git", args="git status")
    assert "f" in (await tools.text("git", args="ls-files"))
    tools.state.phase = "plan"
    assert (await tools.call("git", args="status")).ok
    assert "plan first" in await tools.text("git", args="add .")


async def test_known_secrets_do_not_reach_the_model(tools: Bench) -> None:
    assert "ghp_" not in await tools.text("terminal", command="echo ghp_abcdefghijklmnopqrstuvwxyz0123456789")
