"""Keeping checkpoints within the room there is: the oldest go first, then the content nobody needs.

Content is needed by the checkpoints that are kept, by changes nobody decided on yet, by rewinds that are not
done, and by what is remembered of the files as they are. All of it is done between two runs: whoever records
holds on to what is there.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from journeyman.checkpoint import state
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.repacking import repack
from journeyman.failures import Failure
from journeyman.workspace.archive import layout
from journeyman.workspace.errors import WorkspaceError

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 16
BLOBS_AT_ONCE = 64
ROWS_OF_PATHS = 1000
PACKS_MAX = 256
"""More packs than this are looked through even where there is room."""
ROUNDS_MAX = 256
EVERYTHING = "p/"


async def thin(parts: Parts, project_id: str) -> None:
    """After a run: keep this project, and then all of them, within their room."""
    used, packs = await _used(parts, layout.prefix(project_id))
    if used[project_id] > parts.budget.project_bytes or packs > PACKS_MAX:
        await _alone(parts, project_id, lambda: _make_room(parts, project_id, parts.budget.project_bytes))
    total, _ = await _used(parts, EVERYTHING)
    for _ in range(ROUNDS_MAX):
        if total.total() <= parts.budget.total_bytes:
            return
        oldest = await parts.store.checkpoints.oldest(None, limit=ROWS_AT_ONCE)
        if oldest:
            await parts.store.checkpoints.drop([checkpoint.id for checkpoint in oldest])
            touched = {checkpoint.project_id for checkpoint in oldest}
        else:  # only files as they are now are left: what is remembered of the largest goes
            others = [ident for ident, _ in total.most_common() if ident != project_id]
            touched = set(others[:1])
            for ident in touched:
                parts.memory.forget(ident)
        if not touched or not all([await collect_alone(parts, ident) for ident in sorted(touched)]):
            break  # a project is in use: another time
        total, _ = await _used(parts, EVERYTHING)
    log.warning("checkpoints take more room than they may: %d bytes", total.total())


async def collect_alone(parts: Parts, project_id: str) -> bool:
    """False where the project is in use."""
    return await _alone(parts, project_id, lambda: collect(parts, project_id))


async def _make_room(parts: Parts, project_id: str, bytes_max: int) -> None:
    await collect(parts, project_id)
    while (await _used(parts, layout.prefix(project_id)))[0][project_id] > bytes_max:
        oldest = await parts.store.checkpoints.oldest(project_id, limit=ROWS_AT_ONCE)
        if not oldest:
            if await parts.store.changes.drop_decided(project_id):
                await collect(parts, project_id)
            return
        log.info("project %s: %d old checkpoints go, there is no room for them", project_id, len(oldest))
        await parts.store.checkpoints.drop([checkpoint.id for checkpoint in oldest])
        await collect(parts, project_id)


async def collect(parts: Parts, project_id: str) -> None:
    """Remove packs nobody needs, and write anew what is left of those that are mostly not needed."""
    async with parts.collecting[project_id]:
        await _collect(parts, project_id)


async def _collect(parts: Parts, project_id: str) -> None:
    needed = await parts.workers.run(lambda: parts.memory.ids(project_id))
    needed |= await _undecided(parts, project_id)
    after = 0
    while rows := await parts.store.checkpoints.changes_of_project(
        project_id, after=after, limit=BLOBS_AT_ONCE
    ):
        for _, blob in rows:
            needed |= await parts.workers.run(lambda blob=blob: _ids(blob))
        if (newest := rows[-1][0]) <= after:
            break
        after = newest
    await repack(parts, project_id, needed)


async def _undecided(parts: Parts, project_id: str) -> set[bytes]:
    """What changes are counted from and lead to, however old the checkpoints are that brought them."""
    needed: set[bytes] = set()
    after: tuple[str, bytes] | None = None
    while rows := await parts.store.changes.of_project(project_id, after=after, limit=ROWS_OF_PATHS):
        for _, row in rows:
            for side in {row.origin, row.base, row.last}:
                kept = state.from_text(side)
                needed.update(kept.chunks if kept is not None else ())
        after = rows[-1][0], rows[-1][1].path
    return needed


def _ids(blob: bytes) -> set[bytes]:
    return {
        ident
        for change in state.from_bytes(blob)
        for side in (change.before, change.after)
        if side is not None
        for ident in side.chunks
    }


async def _alone(parts: Parts, project_id: str, work: Callable[[], Awaitable[None]]) -> bool:
    async def done() -> bool:
        await work()
        return True

    answer = await parts.manager.undisturbed(project_id, done)
    if not isinstance(answer, WorkspaceError):
        return answer
    if answer.kind not in ("busy", "draining"):
        log.warning("checkpoints of project %s were not thinned out: %s", project_id, answer.message)
    return False


async def _used(parts: Parts, prefix: str) -> tuple[Counter[str], int]:
    """Bytes by project, and the number of packs."""
    used: Counter[str] = Counter()
    packs = 0
    async for info in parts.objects.list(prefix):
        used[info.key.split("/")[1]] += info.size
        packs += 1
    return used, packs


async def forget(parts: Parts, project_id: str) -> None:
    """Everything of a project that is gone."""
    await parts.workers.run(lambda: parts.memory.forget(project_id))
    for key in [info.key async for info in parts.objects.list(layout.prefix(project_id))]:
        await parts.objects.delete(key)


async def forget_strays(parts: Parts) -> None:
    """Of projects that are no more: a daemon ended while one was deleted."""
    used, _ = await _used(parts, EVERYTHING)
    for project_id in used:
        try:
            await parts.store.projects.get(project_id)
        except Failure as failure:
            if failure.kind != "not_found":
                raise
            await forget(parts, project_id)
