"""Hooks of the user: commands around tools and runs. A project has none and cannot change these.

The command gets what happens as JSON on its standard input. Exit 0: go on. Exit 2: what it printed is its
word, a refusal before a tool or a run, a note to the agent after a tool. Anything else is a failure of the
hook, and its setting says whether that refuses.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from journeyman.extensions.fence import visible
from journeyman.failures import Failure
from journeyman.ports.guest import Finished, Guest
from journeyman.ports.host_commands import HostCommands
from journeyman.redaction import redact

Moment = Literal["before_tool", "after_tool", "run_start", "run_end"]
WORD = 2
"""The exit code with which a hook says something."""
PAYLOAD_BYTES_MAX = 4 * 1024 * 1024
RESULT_CHARACTERS_MAX = 20_000
OUTPUT_BYTES_MAX = 64 * 1024
WORD_CHARACTERS_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Hook:
    on: Moment
    command: str
    tools: frozenset[str] = frozenset()
    """Empty: all of them."""
    outside: bool = False
    timeout_s: float = 10.0
    refuses_when_broken: bool = True

    def heeds(self, moment: Moment, tool: str) -> bool:
        return self.on == moment and (not self.tools or not tool or tool in self.tools)


@dataclass(slots=True)
class Hooks:
    """Of one run."""

    hooks: Sequence[Hook]
    guest: Guest
    root: str
    outside: HostCommands | None
    facts: Mapping[str, str]
    """Which run it is."""
    say: Callable[[str], Awaitable[None]]
    """Tells people of a hook that failed."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    async def before(self, tool: str, arguments: Mapping[str, Any], cwd: str) -> str | None:
        """Why the call may not be made; None where it may."""
        return await self._ask("before_tool", tool, {"arguments": dict(arguments), "cwd": cwd})

    async def after(
        self, tool: str, arguments: Mapping[str, Any], cwd: str, *, ok: bool, text: str
    ) -> str | None:
        """A note for the agent about a call that was made."""
        result = {"ok": ok, "text": text[:RESULT_CHARACTERS_MAX]}
        return await self._ask(
            "after_tool", tool, {"arguments": dict(arguments), "cwd": cwd, "result": result}
        )

    async def begins(self, prompt: str) -> str | None:
        """Why the run may not begin."""
        return await self._ask("run_start", "", {"prompt": prompt})

    async def ends(self, status: str, summary: str) -> None:
        await self._ask("run_end", "", {"status": status, "summary": summary})

    async def _ask(self, moment: Moment, tool: str, more: Mapping[str, Any]) -> str | None:
        """The first word of a hook, in their order; those behind it are not asked any more."""
        for hook in self.hooks:
            if not hook.heeds(moment, tool):
                continue
            told = {"event": moment, **self.facts, **({"tool": tool} if tool else {}), **more}
            word = await self._one(hook, json.dumps(told).encode())
            if word is not None:
                return word
        return None

    async def _one(self, hook: Hook, payload: bytes) -> str | None:
        try:
            if len(payload) > PAYLOAD_BYTES_MAX:
                raise Failure("invalid", f"what it should judge is larger than {PAYLOAD_BYTES_MAX} bytes")
            ended = await self._run(hook, payload)
        except Failure as failure:
            return await self._broken(hook, failure.message)
        said = redact(visible(ended.output.decode("utf-8", "replace"))).strip()[:WORD_CHARACTERS_MAX]
        if ended.timed_out:
            return await self._broken(hook, f"it did not end within {hook.timeout_s:g} s")
        if ended.code == 0:
            return None
        if ended.code == WORD:
            return said or "It gave no reason."
        return await self._broken(hook, f"exit {ended.code}{': ' + said if said else ''}")

    async def _run(self, hook: Hook, payload: bytes) -> Finished:
        if not hook.outside:
            return await self.guest.run(
                ["sh", "-c", hook.command],
                cwd=self.root,
                env=self.environment,
                stdin=payload,
                timeout_s=hook.timeout_s,
                output_bytes_max=OUTPUT_BYTES_MAX,
            )
        if self.outside is None:
            raise Failure("invalid", "nothing can be run outside the workspace here")
        return await self.outside.run(
            hook.command, stdin=payload, timeout_s=hook.timeout_s, output_bytes_max=OUTPUT_BYTES_MAX
        )

    async def _broken(self, hook: Hook, why: str) -> str | None:
        told = f"The {hook.on} hook {hook.command[:80]!r} failed: {why[:500]}."
        await self.say(told)
        return told if hook.refuses_when_broken else None
