"""One cell of the Docker matrix: the fault while it lasts, the fault once, no fault; and what must hold."""

from __future__ import annotations

from components.harms import Harm, Way, docker_answer
from faults.docker_cells import Place
from faults.docker_scene import DockerScene
from faults.outcomes import Outcome, outcome
from journeyman.records import ArchiveRecord
from journeyman.workspace.errors import WorkspaceError


async def trial(scene: DockerScene, place: Place, way: Way, *, at: int = 40) -> tuple[Outcome, Outcome]:
    """What came of the fault once and of the fault that lasts. Everything else is asserted."""
    found: list[Outcome] = []
    for times in (None, 1):
        harm = Harm(way, place.method, place.target, docker_answer, times=times, place=at, piece_bytes=8)
        before = await _prepared(scene, place)
        with scene.harmed(harm):
            answer = await _command(scene, place)
        await scene.healed()
        found.append(outcome(answer))
        _unlost(scene, before, answer)
    answer = await _command(scene, place)
    assert not isinstance(answer, WorkspaceError), answer
    await scene.opened()
    assert scene.tree() == before
    await scene.nothing_leaked()
    return found[1], found[0]


async def _prepared(scene: DockerScene, place: Place) -> dict[bytes, tuple[object, ...]]:
    """Bring it to where the command has to pass the place."""
    match place.command:
        case "open a new project":
            await scene.new_project()
            return {}
        case "open a stopped one":
            await scene.opened()
            closed = await scene.close()
            assert not isinstance(closed, WorkspaceError), closed
        case "open a running one":
            await scene.opened()
            await scene.forget_the_connection()
        case "close":
            await scene.opened()
        case "archive":
            await scene.change()
    return scene.tree()


async def _command(scene: DockerScene, place: Place) -> object:
    match place.command:
        case "close":
            return await scene.close()
        case "archive":
            return await scene.archive()
        case _:
            return await scene.open()


def _unlost(scene: DockerScene, before: dict[bytes, tuple[object, ...]], answer: object) -> None:
    """The files are where they were, unless an archive was acknowledged; that is opened in the end."""
    if not isinstance(answer, ArchiveRecord):
        assert scene.tree() == before
