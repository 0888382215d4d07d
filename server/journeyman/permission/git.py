"""Git commands that destroy work, rewrite what others have, reach a remote, or change what git runs. Pure.

Judged by the words alone: the repository, which may say anything, is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Objection = tuple[str, str]
"""(the rule: what is called by this name, why it is asked)"""

LOSES = "it throws away work that cannot be had back"
REWRITES = "it rewrites history"
REMOTE = "it changes a remote repository"
RUNS = "it changes what git runs by itself"
BEYOND = "it changes git beyond this repository"
UNKNOWN = "what it does cannot be told from its words"
_VALUED = (
    "-c",
    "-C",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--exec-path",
    "--config-env",
    "--super-prefix",
)
_RUNS = re.compile(
    r"(alias\.|core\.(fsmonitor|hookspath|sshcommand|editor|pager|askpass|gitproxy|attributesfile)|pager\.|filter\."
    r"|diff\.external|diff\..*\.(textconv|command)|merge\..*\.driver|sequence\.editor|credential\..*helper"
    r"|credential\.helper|gpg\.|include\.|includeif\.|protocol\.|uploadpack\.|remote\..*\.(uploadpack|receivepack|vcs)"
    r"|url\.|sendemail\.|difftool\.|mergetool\.|man\.|browser\.|interactive\.difffilter|init\.templatedir)",
    re.I,
)
_FILE_NAME = re.compile(r".*\.[A-Za-z]\w{0,4}$")


def objection(words: Sequence[str]) -> Objection | None:
    """What there is to say against `git WORDS`; None for an ordinary one."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        value = _value_of(words, at)
        if value is not None and _RUNS.match(value):
            return f"git -c {value.partition('=')[0]}", UNKNOWN if value.startswith("alias.") else RUNS
        at += 2 if words[at] in _VALUED else 1
    if at >= len(words):
        return None
    command, options = words[at], list(words[at + 1 :])
    judge = _JUDGES.get(command)
    return judge(options) if judge is not None else None


def _value_of(words: Sequence[str], at: int) -> str | None:
    """The setting given with `-c name=value` or `--config-env`."""
    if words[at] in ("-c", "--config-env"):
        return words[at + 1] if at + 1 < len(words) else None
    return words[at].removeprefix("--config-env=") if words[at].startswith("--config-env=") else None


def _has(options: Sequence[str], short: str, *long: str) -> bool:
    """Whether an option is there: a letter among short ones, or a long one, which git lets be abbreviated."""
    for option in options:
        if option == "--":
            return False
        if option.startswith("--"):
            given = option.partition("=")[0]
            if any(name == given or (len(given) >= 4 and name.startswith(given)) for name in long):
                return True
        elif option.startswith("-") and any(letter in option[1:] for letter in short):
            return True
    return False


def _plain(options: Sequence[str]) -> list[str]:
    """Words that are no options, without what comes after `--`."""
    before = options[: options.index("--")] if "--" in options else options
    return [option for option in before if not option.startswith("-")]


def _push(options: list[str]) -> Objection | None:
    if _has(options, "n", "--dry-run"):
        return None
    forced = _has(options, "fd", "--force", "--force-with-lease", "--mirror", "--delete", "--prune")
    if forced or any(option.startswith(("+", ":")) for option in options):
        return "git push --force", "it takes away what a remote repository has"
    return "git push", REMOTE


def _reset(options: list[str]) -> Objection | None:
    return ("git reset --hard", LOSES) if _has(options, "", "--hard", "--merge") else None


def _clean(options: list[str]) -> Objection | None:
    return None if _has(options, "n", "--dry-run") else ("git clean", LOSES)


def _checkout(options: list[str]) -> Objection | None:
    if _has(options, "f", "--force", "--ours", "--theirs"):
        return "git checkout --force", LOSES
    if _has(options, "B"):
        return "git checkout -B", LOSES
    plain, new = _plain(options), _has(options, "b", "--orphan")
    files = "--" in options and options[-1] != "--"
    files = files or any(
        word in (".", "..") or word.startswith(("./", "../", ":", "/")) or _FILE_NAME.match(word)
        for word in plain
    )
    if not new and (files or len(plain) > 1 or _has(options, "p", "--patch", "--pathspec-from-file")):
        return "git checkout FILES", LOSES
    return None


def _switch(options: list[str]) -> Objection | None:
    if _has(options, "f", "--force", "--discard-changes"):
        return "git switch --force", LOSES
    return ("git switch -C", LOSES) if _has(options, "C", "--force-create") else None


def _restore(options: list[str]) -> Objection | None:
    only_index = _has(options, "S", "--staged") and not _has(options, "W", "--worktree")
    return None if only_index else ("git restore", LOSES)


def _branch(options: list[str]) -> Objection | None:
    if _has(options, "DMC", "--force") or (_has(options, "d", "--delete") and _has(options, "f")):
        return "git branch -D", LOSES
    return ("git branch --force", LOSES) if _has(options, "f") else None


def _tag(options: list[str]) -> Objection | None:
    return ("git tag --delete", LOSES) if _has(options, "df", "--delete", "--force") else None


def _stash(options: list[str]) -> Objection | None:
    return (f"git stash {options[0]}", LOSES) if options[:1] in (["drop"], ["clear"]) else None


def _config(options: list[str]) -> Objection | None:
    plain = _plain(options)
    reads = _has(options, "l", "--get", "--get-all", "--get-regexp", "--list", "--get-urlmatch")
    if reads or plain[:1] in (["get"], ["list"]):
        return None
    if plain[:1] in (["set"], ["unset"], ["rename-section"], ["remove-section"]):
        plain = plain[1:]
    elif (
        len(plain) == 1
        and plain != ["edit"]
        and not _has(options, "e", "--unset", "--unset-all", "--edit", "--remove-section")
    ):
        return None  # `git config user.name` reads
    if _has(options, "", "--global", "--system") or _has(options, "f", "--file"):
        return "git config --global", BEYOND
    if _has(options, "e", "--edit") or plain[:1] == ["edit"]:
        return "git config --edit", UNKNOWN
    if plain and _RUNS.match(plain[0]):
        return f"git config {plain[0]}", RUNS
    return None


def _reflog(options: list[str]) -> Objection | None:
    return (f"git reflog {options[0]}", LOSES) if options[:1] in (["expire"], ["delete"]) else None


def _gc(options: list[str]) -> Objection | None:
    prunes = any(option.startswith("--prune") and option != "--prune=never" for option in options)
    return ("git gc --prune", LOSES) if prunes else None


def _rm(options: list[str]) -> Objection | None:
    forced = _has(options, "f", "--force") and not _has(options, "", "--cached")
    return ("git rm --force", LOSES) if forced else None


def _worktree(options: list[str]) -> Objection | None:
    forced = options[:1] == ["remove"] and _has(options, "f", "--force")
    return ("git worktree remove --force", LOSES) if forced else None


def _always(rule: str, why: str) -> Callable[[list[str]], Objection]:
    return lambda _options: (rule, why)


def _if_first(word: str, rule: str, why: str) -> Callable[[list[str]], Objection | None]:
    return lambda options: (rule, why) if options[:1] == [word] else None


_JUDGES: dict[str, Callable[[list[str]], Objection | None]] = {
    "push": _push,
    "reset": _reset,
    "clean": _clean,
    "checkout": _checkout,
    "switch": _switch,
    "restore": _restore,
    "branch": _branch,
    "tag": _tag,
    "stash": _stash,
    "config": _config,
    "reflog": _reflog,
    "gc": _gc,
    "rm": _rm,
    "worktree": _worktree,
    "filter-branch": _always("git filter-branch", REWRITES),
    "filter-repo": _always("git filter-repo", REWRITES),
    "prune": _always("git prune", LOSES),
    "update-ref": _always("git update-ref", LOSES),
    "replace": _always("git replace", REWRITES),
    "send-pack": _always("git push", REMOTE),
    "http-push": _always("git push", REMOTE),
    "send-email": _always("git send-email", "it sends mail"),
    "credential": _always("git credential", "it reads or stores passwords"),
    "subtree": _if_first("push", "git push", REMOTE),
    "lfs": _if_first("push", "git push", REMOTE),
    "svn": _if_first("dcommit", "git push", REMOTE),
    "p4": _if_first("submit", "git push", REMOTE),
}
