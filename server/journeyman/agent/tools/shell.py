"""A shell command as a process, and what it leaves for the next: its directory and exported variables.

Every command is a new `bash -c`. On exit it writes its directory and its exports to file descriptor 3;
nothing is ever parsed out of a prompt or of the command's output. The exports come from bash itself
(`exports.py`): another process for them would cost as much as the shell.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from journeyman.agent.tools.exports import UnreadableError, exports
from journeyman.ports.guest import Guest, ProcessSpec

COMMAND_BYTES_MAX = 100_000
ENVIRONMENT = {
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "DEBIAN_FRONTEND": "noninteractive",
    "CI": "1",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",
}
_OWN = {"PWD", "OLDPWD", "SHLVL", "_", "BASHPID"}
_SCRIPT = """\
unset {gone}
trap '__code=$?; {{ builtin printf "%s\\0" "$PWD"; builtin export -p; builtin printf "\\0"; }} >&3 2>/dev/null
exit "$__code"' EXIT
eval "$1"
"""


@dataclass(slots=True)
class Shell:
    """What exported variables are carried from one command to the next."""

    guest: Guest
    root: str
    _inside: str = ""
    _base: dict[str, str] | None = None
    _set: dict[str, str] = field(default_factory=dict[str, str])
    _gone: set[str] = field(default_factory=set[str])

    async def prepare(self) -> None:
        """Learn the environment a command starts with, so that only differences are carried, and what the
        workspace's root is called inside."""
        if self._base is None:
            found = await self.guest.run(
                ["bash", "-c", 'printf "%s\\0" "$(pwd -P)"; command -p env -0'],
                cwd=self.root, env=ENVIRONMENT, timeout_s=10.0,
            )  # fmt: skip
            inside, _, rest = found.output.partition(b"\0")
            self._base = _parse(rest) if found.code == 0 else {}
            self._inside = inside.decode("utf-8", "surrogateescape") if found.code == 0 else self.root

    def spec(self, command: str, cwd: str, *, stdin: bool = False, log: str | None = None) -> ProcessSpec:
        script = _SCRIPT.format(gone=" ".join(sorted(self._gone)) or "__code")
        return ProcessSpec(
            ("bash", "-c", script, "bash", command),
            cwd=cwd,
            env={**ENVIRONMENT, **self._set},
            stdin=stdin,
            extra_fd=True,
            log=log,
        )

    def carry(self, extra: bytes) -> str | None:
        """Keep what a finished command left; answers its directory, or None where it left nothing."""
        cwd, _, rest = extra.partition(b"\0")
        if not rest.endswith(b"\0"):  # nothing, or cut at the guest's limit
            return None
        try:
            now = _named(exports(rest[:-1]))
        except UnreadableError:
            return None
        base = self._base or {}
        self._set = {name: value for name, value in now.items() if base.get(name) != value}
        self._gone = {name for name in base if name not in now and name.isidentifier()}
        left = cwd.decode("utf-8", "surrogateescape")
        below = left == self._inside or left.startswith(f"{self._inside}/")
        return self.root + left[len(self._inside) :] if below else left


def clean_spec(command: str, cwd: str) -> ProcessSpec:
    """A command in a clean shell: nothing carried over."""
    return ProcessSpec(("bash", "-c", command), cwd=cwd, env=ENVIRONMENT)


def _parse(data: bytes) -> dict[str, str]:
    """What `env -0` printed."""
    pairs = (item.partition(b"=") for item in data.split(b"\0") if b"=" in item)
    return _named({name: value for name, _, value in pairs})


def _named(found: dict[bytes, bytes]) -> dict[str, str]:
    """What can be carried: not the shell's own variables, nor names that are none to a shell."""
    named = {name.decode("utf-8", "replace"): value for name, value in found.items()}
    return {
        name: value.decode("utf-8", "surrogateescape")
        for name, value in named.items()
        if name not in _OWN and name.isidentifier()
    }
