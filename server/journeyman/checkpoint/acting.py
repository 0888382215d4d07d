"""Making the files what a plan says: each path only where what is there is still what the plan was made of.

Doing it again does no harm: what is as it shall be is done, what somebody changed meanwhile stays. First what
goes, children before parents, then what comes, parents before children.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from journeyman.checkpoint.picture import Picture
from journeyman.checkpoint.plan import Kept, Why
from journeyman.checkpoint.state import Change, State, same
from journeyman.checkpoint.vault import Vault
from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.guest import Guest, TreeEntry
from journeyman.ports.puts import A_DIRECTORY, ABSENT, Put

_WHYS: dict[str, Why] = {"changed": "changed", "blocked": "blocked", "full": "not_empty"}


@dataclass(frozen=True, slots=True)
class Acted:
    done: tuple[Change, ...]
    kept: tuple[Kept, ...]


async def act(guest: Guest, vault: Vault, picture: Picture, items: Sequence[Change]) -> Acted:
    """`picture` is a fresh look. Raises where the workspace goes away or content is lost; then some of it is
    done, and the same again does the rest."""
    outcomes: dict[bytes, str] = {}
    todo: list[Change] = []
    for item in items:
        now = picture.states.get(item.path)
        if same(now, item.after):
            outcomes[item.path] = "done"
        elif same(now, item.before):
            todo.append(item)
        else:
            outcomes[item.path] = "changed"
    await vault.open()
    readable = [item for item in todo if _readable(vault, item.after)]
    outcomes |= {item.path: "its content is lost" for item in todo if item not in readable}
    reader = vault.reader(item.after.chunks for item in readable if item.after is not None)
    states = {item.path: item.after for item in readable}

    async def content(path: bytes) -> AsyncIterator[bytes]:
        state = states[path]
        async for chunk in reader.read(state.chunks if state is not None else ()):
            yield chunk

    going = [item for item in reversed(readable) if _goes_first(item)]
    puts = [_put(item.path, None, picture.entries.get(item.path)) for item in going]
    for put, outcome in zip(puts, await guest.put(puts, content), strict=True):
        outcomes[put.path] = outcome
    reach("rewind.removed")
    coming = [i for i in readable if i.after is not None and outcomes.get(i.path, "done") == "done"]
    puts = [
        _put(item.path, item.after, None if _goes_first(item) else picture.entries.get(item.path))
        for item in coming
    ]
    for put, outcome in zip(puts, await guest.put(puts, content), strict=True):
        outcomes[put.path] = outcome
    reach("rewind.files_done")
    return _acted(items, outcomes)


def _readable(vault: Vault, state: State | None) -> bool:
    return state is None or state.kind != "file" or vault.holds(state.chunks)


def _goes_first(item: Change) -> bool:
    """Whether what is there is taken away by itself, rather than replaced in one step."""
    before, after = item.before, item.after
    if before is None:
        return False
    return after is None or (before.kind == "directory") != (after.kind == "directory")


def _put(path: bytes, state: State | None, entry: TreeEntry | None) -> Put:
    expected = ABSENT if entry is None else A_DIRECTORY if entry.kind == "directory" else _etag(entry)
    if state is None:
        return Put(path, "gone", expected)
    xattrs: Mapping[str, bytes] = dict(state.xattrs)
    if state.kind == "symlink":
        return Put(path, "symlink", expected, target=state.value)
    return Put(path, state.kind, expected, state.mode, state.size, xattrs=xattrs)


def _etag(entry: TreeEntry) -> str:
    """As the guest says it of one file."""
    return f"{entry.mtime_ns:x}-{entry.ctime_ns:x}-{entry.inode:x}-{entry.size:x}"


def _acted(items: Sequence[Change], outcomes: Mapping[bytes, str]) -> Acted:
    done: list[Change] = []
    kept: list[Kept] = []
    for item in items:
        outcome = outcomes[item.path]
        if outcome == "done":
            done.append(item)
        else:
            why = _WHYS.get(outcome, "failed")
            kept.append(Kept(item.path, why, outcome if why == "failed" else ""))
    return Acted(tuple(done), tuple(kept))


def lost(failure: Failure) -> bool:
    """Whether the workspace itself went away: then the rest is done when it is back."""
    return failure.kind in ("workspace_failed", "timeout")
