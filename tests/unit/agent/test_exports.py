"""Exports as bash prints them and as they are read: compared with the environment a program really gets."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.agent.tools.exports import UnreadableError, exports

OWN = {b"PWD", b"OLDPWD", b"SHLVL", b"_"}


def of_bash(script: str, environment: dict[bytes, bytes]) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """What we read of a script's exports, and what a program started at its end has."""
    ended = subprocess.run(
        [b"/bin/bash", b"-c", f"{script}\nbuiltin export -p; printf '\\0'; /usr/bin/env -0".encode()],
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    printed, _, rest = ended.stdout.partition(b"\0")
    real = dict(item.split(b"=", 1) for item in rest.split(b"\0") if item)
    found = exports(printed)
    return (
        {name: value for name, value in found.items() if name not in OWN},
        {name: value for name, value in real.items() if name not in OWN},
    )


SCRIPTS = {
    "nothing": "",
    "quotes": 'export A=\'say "hi" to $HOME `now` \\\\ end\' B="it\'s"',
    "lines and controls": "export A=$'one\\ntwo\\t\\e[1m\\001\\177' B=$'\\xff\\xfe' C=''",
    "arrays": "export A=1 D; declare -ax L=(a 'b)' $'c\\nd'); declare -Ax M=([x]=1)",
    "attributes": "declare -ix N=7; declare -rx R='read \"only\"'; declare -ux U=up",
    "posix": "set -o posix; export A='b c'",
    "strict": "set -euo pipefail; export A=1; unset HOME",
    "a value that looks like one": "export A=$'1\\ndeclare -x B=\"2\"\\n'",
    "other letters": "export A='é ü 你好' IFS=: ",
    "without a language": "export LC_ALL=C A='é'",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_read_is_what_programs_get(name: str) -> None:
    environment = {b"PATH": b"/usr/bin:/bin", b"HOME": b"/root", b"LANG": b"C.UTF-8"}
    found, real = of_bash(SCRIPTS[name], environment)
    assert found == real


VALUES = st.binary(max_size=30).map(lambda value: value.replace(b"\0", b""))
NAMES = st.from_regex(rb"\AX[A-Za-z0-9_]{0,5}\Z")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6), st.sampled_from([b"C", b"C.UTF-8"]))
def test_any_bytes(environment: dict[bytes, bytes], language: bytes) -> None:
    found, real = of_bash("", {**environment, b"LC_ALL": language})
    assert found == real


@pytest.mark.parametrize(
    "printed", [b"x", b'declare -x A="1"', b'declare -x A="1\n', b"declare -x A=1\n", b"\n"]
)
def test_what_bash_does_not_print_is_not_guessed_at(printed: bytes) -> None:
    with pytest.raises(UnreadableError):
        exports(printed)
