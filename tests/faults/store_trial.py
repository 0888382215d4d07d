"""One cell of the object storage matrix: the fault once, the fault while it lasts, no fault; and what must
hold after each."""

from __future__ import annotations

from components.harms import Harm, Way, s3_answer
from faults.outcomes import Outcome, outcome
from faults.store_cells import Place
from faults.store_scene import StoreScene
from journeyman.ports.sandbox import Workspace
from journeyman.workspace.errors import WorkspaceError


def harm_at(place: Place, way: Way, *, once: bool, at: int = 200, nth: int = 1) -> Harm:
    return Harm(
        way,
        place.method,
        place.target,
        s3_answer,
        nth=nth,
        times=1 if once else None,
        place=at,
        in_request=place.method == "PUT",
        piece_bytes=8,
    )


async def trial(
    scene: StoreScene, place: Place, way: Way, *, at: int = 200, nth: int = 1
) -> tuple[Outcome, Outcome]:
    """What came of the fault once and of the fault that lasts. Everything else is asserted."""
    command = _archiving if place.command == "archive" else _restoring
    once = harm_at(place, way, once=True, at=at, nth=nth)
    lasting = harm_at(place, way, once=False, at=at, nth=nth)
    return await command(scene, once, lasting)


async def _archiving(scene: StoreScene, *harms: Harm) -> tuple[Outcome, Outcome]:
    found: list[Outcome] = []
    for harm in harms:
        await scene.change()
        before, acknowledged = scene.tree(), await scene.engine.newest(scene.project_id)
        with scene.harmed(harm):
            answer = await scene.archive(keep=True)
        await scene.healed()
        assert scene.tree() == before
        newest = await scene.engine.newest(scene.project_id)
        if isinstance(answer, WorkspaceError):
            assert newest == acknowledged
            assert (await scene.engine.verify(scene.project_id, read_data=True)).ok
        else:
            assert newest is not None
            assert newest.archive_id == answer.id
            await scene.archive_holds_the_workspace()
        found.append(outcome(answer))
    before = scene.tree()
    await scene.archived(keep=True)
    assert scene.tree() == before
    await scene.archive_holds_the_workspace()
    await scene.nothing_leaked(instances=1, generations=1)
    return found[0], found[1]


async def _restoring(scene: StoreScene, *harms: Harm) -> tuple[Outcome, Outcome]:
    found: list[Outcome] = []
    before = scene.tree()
    for harm in harms:
        await scene.archived(keep=False)
        await scene.nothing_leaked(instances=0, generations=0)
        with scene.harmed(harm):
            answer = await scene.open()
        await scene.healed()
        opened = await scene.open()
        assert isinstance(opened, Workspace), opened
        assert scene.tree() == before
        found.append(outcome(answer))
    await scene.nothing_leaked(instances=1, generations=1)
    return found[0], found[1]
