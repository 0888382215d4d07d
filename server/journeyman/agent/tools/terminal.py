"""`terminal`: shell commands. Directory and exports carry over; slow ones go on in the background."""

from __future__ import annotations

import asyncio

from journeyman.agent.state import RunState
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.jobs import Job, finished
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.render import render
from journeyman.agent.tools.shell import COMMAND_BYTES_MAX, Shell
from journeyman.agent.tools.tool import Arguments, Tool, always, boolean, integer, spec, text
from journeyman.permission.effect import Effect

TIMEOUT_S = 120
TIMEOUT_MAX_S = 1_800
BACKGROUND_LOOK_S = 1.0
INTERRUPT = "C-c"
_KEYS = {"C-d": b"\x04", "ENTER": b"\n", "TAB": b"\t", "ESC": b"\x1b"}


class Terminal:
    """The terminal of one run: its shell state and its jobs."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def run(self, context: ToolContext, arguments: Arguments) -> Observation:
        timeout_s = min(max(arguments.get("timeout", TIMEOUT_S), 1), TIMEOUT_MAX_S)
        if "id" in arguments:
            await context.begin(None)
            return await self._existing(context, arguments, timeout_s)
        command = arguments.get("command", "")
        if not command.strip():
            return failed("no command was given", hint="Give command, or the id of a running one.")
        if len(command.encode("utf-8", "replace")) > COMMAND_BYTES_MAX:
            return failed("the command is too long", hint="Write it to a file with write, then run that.")
        if not self._shell.prepared:
            await context.begin(None)
            await self._shell.prepare()
        background = arguments.get("background", False)
        cwd = context.state.at(arguments.get("cwd", "."))
        job, ended = await self._begin(context, command, cwd, timeout_s, background=background)
        if ended and job.waited and job.exit is not None and not self._shell.began(job.exit.extra):
            context.jobs.forget(job)  # its shell was killed, or its directory went, before it began
            job, ended = await self._begin(context, command, cwd, timeout_s, background=background)
        if not ended:
            await context.jobs.ready.close()
            context.state.activity += 1
            return _running(context, job)
        observation = await self._ended(context, job, keep_cwd="cwd" in arguments or background)
        await context.jobs.ready.want(self._shell.waiting(context.state.cwd, log=context.next_log_name))
        return observation

    async def _begin(
        self, context: ToolContext, command: str, cwd: str, timeout_s: float, *, background: bool
    ) -> tuple[Job, bool]:
        """The command, and whether it ended in its time."""
        spec = self._shell.spec(command, cwd, stdin=background, log=context.log_name)
        waiting = None
        if not background and "\0" not in command:
            waiting = self._shell.waiting(cwd), self._shell.line(command)
        job = await context.jobs.start(spec, command, waiting=waiting, begin=context.begin)
        job.on_output = lambda chunk: context.output(render(chunk))
        if not background:
            next_one = self._shell.waiting(context.state.cwd, log=context.next_log_name)
            await context.jobs.ready.follow(job.process, next_one)
        ended = await finished(job, BACKGROUND_LOOK_S if background else timeout_s)
        job.on_output = None
        return job, ended

    async def _existing(self, context: ToolContext, arguments: Arguments, timeout_s: float) -> Observation:
        job = context.jobs.get(arguments["id"])
        if job is None:
            live = ", ".join(str(each.number) for each in context.jobs.live) or "none"
            return failed(f"there is no command with id={arguments['id']}", hint=f"Running: {live}.")
        if arguments.get("kill", False):
            await context.jobs.kill(job)
        elif "stdin" in arguments and not job.done.is_set():
            sent = arguments["stdin"]
            if sent == INTERRUPT:
                await job.process.signal(2)
            else:
                await job.process.write(_KEYS[sent] if sent in _KEYS else sent.encode("utf-8", "replace"))
        if not job.done.is_set():
            await _news(job, timeout_s)
        if job.done.is_set():
            return await self._ended(context, job, keep_cwd=True)
        return _running(context, job)

    async def _ended(self, context: ToolContext, job: Job, *, keep_cwd: bool) -> Observation:
        if job.exit is None:
            return failed(
                job.problem or "the command's end is unknown", hint="Check its effects before repeating it."
            )
        context.jobs.forget(job)
        state = context.state
        state.ran(job.command, job.exit.code)
        notes: list[str] = []
        if not keep_cwd and (left := self._shell.carry(job.exit.extra)):
            notes = await _moved(context, left)
        seconds = max(job.heard - job.started, 0.0)
        body = render(job.output.fresh()).rstrip("\n") or "[no output]"
        status = f"exit {job.exit.code} in {seconds:.1f}s cwd={state.cwd}"
        text = "\n".join([status, *notes, body])
        return Observation(text, ok=job.exit.code == 0, log=job.process.log)


async def _moved(context: ToolContext, left: str) -> list[str]:
    state = context.state
    if left == state.cwd:
        return []
    if left != state.root and not left.startswith(state.root.rstrip("/") + "/"):
        return [f"note: {left} is outside the workspace; the working directory stays {state.cwd}"]
    state.cwd = left
    await context.set_cwd(left)
    return []


def _running(context: ToolContext, job: Job) -> Observation:
    now = context.jobs.now
    status = f"running id={job.number} pid={job.process.pid} after {now - job.started:.0f}s"
    quiet = f"; last output {now - job.heard:.0f}s ago" if job.output.total else "; no output yet"
    body = render(job.output.fresh()).rstrip("\n") or "[no new output]"
    choices = (
        f"Choose: poll (id={job.number}), stdin (id, stdin; background commands only), kill (id, kill=true)."
    )
    kept = f"; all output: {job.process.log}" if job.process.log else ""
    return Observation(f"{status}{quiet}{kept}\n{body}\n{choices}", log=job.process.log)


async def _news(job: Job, timeout_s: float) -> None:
    job.changed.clear()
    try:
        async with asyncio.timeout(timeout_s):
            await job.changed.wait()
            await asyncio.sleep(0.05)  # let what belongs together arrive together
    except TimeoutError:
        return


def _resources(_state: RunState, arguments: Arguments) -> frozenset[str]:
    return frozenset({f"job {arguments['id']}" if "id" in arguments else "shell"})


async def _effect(context: ToolContext, arguments: Arguments) -> Effect | None:
    state = context.state
    if "id" in arguments:
        if "stdin" not in arguments or arguments.get("kill", False):
            return None
        typed = arguments["stdin"]
        title = f"type into command {arguments['id']}"
        return Effect("command", title, state.cwd, command=typed, bound=arguments)
    command = arguments.get("command", "")
    if not command.strip():
        return None
    cwd = state.at(arguments.get("cwd", "."))
    return Effect("command", command.strip().splitlines()[0], cwd, command=command, bound=arguments)


def _goes_on(arguments: Arguments) -> bool:
    """Polling, killing and C-c; what is typed besides may make a program do something."""
    return "id" in arguments and (
        arguments.get("kill", False) or arguments.get("stdin", INTERRUPT) == INTERRUPT
    )


def terminal(shell: Shell) -> Tool:
    return Tool(
        spec(
            "terminal",
            "Run a shell command (bash, no prompt, no stdin). cd and exports carry over. One that is slower "
            "than timeout goes on, and is polled, fed or killed by its id.",
            {},
            {
                "command": text(),
                "timeout": integer("Seconds; default 120"),
                "background": boolean("For servers: return at once, keep stdin open"),
                "id": integer("Running command to poll"),
                "stdin": text("For a background command: text, or C-c, C-d, ENTER, TAB, ESC"),
                "kill": boolean(),
                "cwd": text("For this command only"),
            },
        ),
        Terminal(shell).run,
        always,
        _resources,
        _effect,
        goes_on=_goes_on,
        begins=True,
    )
