"""`patch`: changes to several files in one envelope, all or none. For models that were trained on it."""

from __future__ import annotations

from journeyman.agent.state import RunState
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.diff import short_diff
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.patch_files import Change, NotCommitted, RefusedError, commit, plan
from journeyman.agent.tools.patch_text import UnreadableError, parse
from journeyman.agent.tools.tool import Arguments, Tool, always, spec, text
from journeyman.permission.effect import Effect

DIFFS_SHOWN = 10
COMMIT_GRACE_S = 10.0
"""How long a run that is cancelled waits for files that are being written: none is left half done."""


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    state = context.state
    try:
        sections = parse(arguments["patch"])
        changes = await plan(context.guest, sections, state.at)
    except UnreadableError as error:
        return failed(f"{error}: nothing was changed", hint="Write the whole patch again.")
    except RefusedError as error:
        return failed(f"no file was changed. {error}")
    done = await context.jobs.supervisor.uninterrupted(
        commit(context.guest, changes), name="patch", grace_s=COMMIT_GRACE_S
    )
    if isinstance(done, NotCommitted):
        return _not_committed(done)
    for change in changes:
        state.edited(change.path, done.get(change.path, ""))
        if change.after is None:
            state.hashes.pop(change.path, None)
    return Observation("\n".join([_status(changes), *_rows(changes, state)]))


def _not_committed(done: NotCommitted) -> Observation:
    if done.left:
        what = f"{done.why.message} Not all of the patch could be taken back: {'; '.join(done.left)}"
        return failed(what, hint="Read the files of the patch before you go on.")
    return failed(f"no file was changed. {done.why.message}", hint=done.why.hint)


def _status(changes: list[Change]) -> str:
    files = len([each for each in changes if each.after is not None or not _moved(each, changes)])
    return f"patched {files} file{'' if files == 1 else 's'}"


def _moved(change: Change, changes: list[Change]) -> bool:
    """Whether its content is somewhere else now."""
    return any(each.came_from == change.path for each in changes)


def _rows(changes: list[Change], state: RunState) -> list[str]:
    rows: list[str] = []
    for number, change in enumerate(changes):
        if change.after is None and _moved(change, changes):
            continue
        shown = state.shown(change.path)
        before = change.before or b""
        if change.came_from is not None:
            origin = state.shown(change.came_from)
            before = next(each.before for each in changes if each.path == change.came_from) or b""
            rows.append(f"moved {origin} to {shown}")
        elif change.after is None:
            rows.append(f"deleted {shown}")
            continue
        else:
            rows.append(f"edited {shown} (rung: {change.rung})" if change.before is not None
                        else f"created {shown}")  # fmt: skip
        if number < DIFFS_SHOWN and (change.before is not None or change.came_from is not None):
            rows += [diff] if (diff := short_diff(before, change.after or b"", shown)) else []
    return rows


def _paths(state: RunState, arguments: Arguments) -> frozenset[str]:
    """Every file it names, in the order of no matter what; none where it cannot be read."""
    try:
        sections = parse(arguments["patch"])
    except UnreadableError:
        return frozenset()
    named = [path for each in sections for path in (each.path, each.moved_to) if path]
    return frozenset(state.at(path) for path in named)


async def _effect(context: ToolContext, arguments: Arguments) -> Effect | None:
    state = context.state
    paths = tuple(sorted(state.shown(path) for path in _paths(state, arguments)))
    if not paths:
        return None
    title = f"patch {paths[0]}" + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
    return Effect("edit", title, state.cwd, paths=paths, detail=arguments["patch"], bound=arguments)


TOOL = Tool(
    spec(
        "patch",
        "Change files, all or none, by a patch as in the example; besides, '*** Delete File: path', and "
        "'*** Move to: path' below an Update line to rename that file.",
        {"patch": text()},
    ),
    _run,
    always,
    _paths,
    _effect,
    changed_paths=_paths,
)
