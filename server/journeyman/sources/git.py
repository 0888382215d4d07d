"""Cloning a repository, inside the workspace: the host runs no git and dials nobody.

The way out is the workspace's own (its proxy variables, under its policy). Nothing the repository holds
runs: no hooks, no submodules, no filters beyond git's own; and git is told to speak http and https only.
"""

from __future__ import annotations

import re

from journeyman.failures import Failure
from journeyman.ports.guest import Finished, Guest
from journeyman.sources.spec import FromGit

CLONE_S = 1800.0
TOLD_CHARS = 600
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C",
}
_OPTIONS = (
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "credential.helper=",
    "core.hooksPath=/dev/null",
    "init.templateDir=",
)

_WHY: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"Remote branch .* not found|couldn't find remote ref", re.I),
        "it has no such branch or tag",
        "List its branches, or leave `ref` out.",
    ),
    (
        re.compile(r"from proxy after CONNECT|CONNECT tunnel failed", re.I),
        "the way out of the workspace does not lead to its host",
        "Check the address; if it should be reached, add its host to `egress_allow` in your settings.",
    ),
    (
        re.compile(r"workspaces (?:do not )?reach|only names on the list"),
        "the egress policy of workspaces does not allow its host",
        "Add the host to `egress_allow` in your settings; see docs/security.md.",
    ),
    (
        re.compile(r"Authentication failed|could not read Username|terminal prompts disabled|error: 40[13]"),
        "it is not public",
        "Clone a public address, or copy a folder you have cloned yourself.",
    ),
    (
        re.compile(r"not found|error: 404|not a git repository|does not appear to be", re.I),
        "there is no repository",
        "Check the address.",
    ),
    (
        re.compile(
            r"error: 50[234]|Could not resolve|Failed to connect|Connection refused|Couldn't connect|"
            r"timed out",
            re.I,
        ),
        "the workspace does not reach its host",
        "Check the address and the egress policy of workspaces.",
    ),
    (re.compile(r"No space left", re.I), "there is no space left", "Free space, or clone with a depth."),
)


async def clone(guest: Guest, source: FromGit) -> None:
    """Into the empty /workspace. Raises `source_failed`; what was written is the caller's to throw away."""
    argv = [
        "git",
        *(part for option in _OPTIONS for part in ("-c", option)),
        "clone",
        "--no-recurse-submodules",
    ]
    if source.depth is not None:
        argv += ["--depth", str(source.depth)]
    if source.ref is not None:
        argv += ["--branch", source.ref]
    done = await guest.run([*argv, "--", source.url, "."], env=_ENVIRONMENT, timeout_s=CLONE_S)
    if done.timed_out or done.code != 0:
        raise _failed(source, done)


def _failed(source: FromGit, done: Finished) -> Failure:
    said = done.output.decode("utf-8", "replace").strip()
    if done.timed_out:
        why, hint = f"it took longer than {CLONE_S / 60:.0f} minutes", "Clone it with a depth."
    elif done.code == 127:
        why, hint = "the workspace has no git", "Use an image that has it."
    else:
        why, hint = next(
            ((why, hint) for pattern, why, hint in _WHY if pattern.search(said)),
            ("git says: " + (said.splitlines() or ["nothing"])[-1][:200], "Check the address."),
        )
    return Failure(
        "source_failed",
        f"{source.url[:200]} could not be cloned: {why}.",
        hint=f"{hint} No project was made.",
        retryable=True,
        data={"output": said[-TOLD_CHARS:]},
    )
