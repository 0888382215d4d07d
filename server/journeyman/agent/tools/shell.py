"""A shell command as a process, and what it leaves for the next: its directory and exported variables.

Every command is a new `bash -c`. On exit it writes its directory and its exports to file descriptor 3;
nothing is ever parsed out of a prompt or of the command's output. The exports come from bash itself
(`exports.py`): another process for them would cost as much as the shell. Where a command came to its end by
itself, its exit code follows, and its output is closed: that counts as the end of the shell, which takes the
system longer. One that a signal ends leaves by the trap as well, but what it would say there is not how.

One that waits (`ready.py`) reads its command from standard input, and is from then on as any other: it goes
to its directory again, which may be a new one of that name, and says on descriptor 3 that it begins.
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
_LEAVING = """\
trap 'builtin set -- "$?"
{ builtin printf "%s\\0" "$PWD"; builtin export -p; builtin printf "\\0%s\\0" "${__code-}"; } >&3 2>/dev/null
builtin unset -f exec 2>/dev/null; \\exec >&- 2>&-
exit "$1"' EXIT
eval "$1"
{ __code=$?; exit "$__code"; } 2>/dev/null
"""
_WAITING = (
    "builtin read -rN 8 __size && case $__size in"
    ' u*) LC_ALL=C builtin read -rN "${__size#u}" __line;;'
    ' *) builtin read -rN "$__size" __line;; esac || exit 0;'
    ' builtin cd -P -- "$PWD" 2>/dev/null || exit 0; builtin printf "\\1" >&3; exec </dev/null;'
    ' builtin set -- "$__line"; unset __code __size __line OLDPWD; export OLDPWD; SECONDS=0'
)
_BEGUN = b"\1"


@dataclass(slots=True)
class Shell:
    """What exported variables are carried from one command to the next."""

    guest: Guest
    root: str
    _inside: str = ""
    _base: dict[str, str] | None = None
    _set: dict[str, str] = field(default_factory=dict[str, str])
    _gone: set[str] = field(default_factory=set[str])
    _left: tuple[bytes, str | None] = (b"", None)
    """What the last command left, and where that is: the next one nearly always leaves the same."""

    @property
    def prepared(self) -> bool:
        return self._base is not None

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
        return self._spec("unset __code", (command,), cwd, stdin, log)

    def waiting(self, cwd: str, *, log: str | None = None) -> ProcessSpec:
        """A shell that takes one `line` from its standard input."""
        return self._spec(_WAITING, (), cwd, True, log)

    @staticmethod
    def line(command: str) -> bytes:
        """A command for a shell that waits."""
        told = command.encode("utf-8", "surrogateescape")
        if command.isascii():  # counted in characters, or in bytes: it is the same in every locale
            return b"%08d%b" % (len(told), told)
        return b"u%07d%b" % (len(told), told)

    @staticmethod
    def began(extra: bytes) -> bool:
        """Whether a shell that waited came to its command."""
        return extra.startswith(_BEGUN)

    def _spec(
        self, first: str, arguments: tuple[str, ...], cwd: str, stdin: bool, log: str | None
    ) -> ProcessSpec:
        gone = f"unset {' '.join(sorted(self._gone))}; " if self._gone else ""
        return ProcessSpec(
            ("bash", "-c", f"{gone}{first}\n{_LEAVING}", "bash", *arguments),
            cwd=cwd,
            env={**ENVIRONMENT, **self._set},
            stdin=stdin,
            extra_fd=True,
            tells_end=True,
            log=log,
        )

    def carry(self, extra: bytes) -> str | None:
        """Keep what a finished command left; answers its directory, or None where it left nothing."""
        told = extra.removeprefix(_BEGUN)
        if told != self._left[0]:
            self._left = told, self._take(told)
        return self._left[1]

    def _take(self, told: bytes) -> str | None:
        cwd, _, rest = told.partition(b"\0")
        printed, complete, _ = rest.partition(b"\0")
        if not complete:  # nothing, or cut at the guest's limit
            return None
        try:
            now = _named(exports(printed))
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
