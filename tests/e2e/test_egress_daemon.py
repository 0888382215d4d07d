"""The whole daemon and its way out: who is told of a refusal, and who answers after a restart."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from components.package_servers import Shelf, plain_shelf
from components.sandbox import Bench, kinds
from journeyman.agent.runs import StartRun
from journeyman.app import build
from journeyman.app.build import App
from journeyman.config import Settings
from journeyman.failures import Failure
from journeyman.records import Event, Run
from journeyman.testing.dialer import MappedDialer
from journeyman.testing.model import ScriptedModel, ScriptedTurn, call
from journeyman.workspace.errors import WorkspaceError

NAME = "scripted/egress"
PUBLIC = "93.184.215.14"
GET = 'python3 -c "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())" '
NO = "evil.example.com is not on the list of hosts that workspaces reach"


@asynccontextmanager
async def daemon(
    bench: Bench, port: int, steps: Sequence[ScriptedTurn], **settings: object
) -> AsyncGenerator[App]:
    dialer = MappedDialer({"pypi.org": [PUBLIC]}, {(PUBLIC, 80): port})
    chosen = Settings.model_validate({"data_dir": bench.data, "image": bench.image or "none", **settings})
    async with build(
        chosen, sandbox=bench.again(), models={NAME: ScriptedModel(steps)}, dialer=dialer
    ) as app:
        yield app


async def run(app: App, project_id: str | None = None) -> tuple[Run, list[Event]]:
    order = StartRun("Fetch it.", model=NAME, mode="execute", project_id=project_id)
    done = await app.services.runs.wait((await app.services.runs.start(order)).id)
    return done, list(await app.store.events.read(done.chat_id, after=0))


def page(shelf: Shelf) -> None:
    shelf.put("pypi.org/simple/", b"the index")


def told(events: Sequence[Event]) -> list[str]:
    return [str(event.data["message"]) for event in events if event.kind == "notice"]


def outputs(events: Sequence[Event]) -> str:
    return "\n".join(str(event.data["text"]) for event in events if event.kind == "tool/finished")


@pytest.mark.parametrize("bench", kinds("bubblewrap", "docker"), indirect=True)
async def test_a_refusal_is_an_event_of_the_run_and_the_model_reads_why(bench: Bench) -> None:
    steps = [
        call("terminal", command=GET + "http://pypi.org/simple/"),
        *[call("terminal", command=GET + "http://evil.example.com/; true")] * 2,
        call("fin", summary="Fetched."),
    ]
    with plain_shelf() as (shelf, port):
        page(shelf)
        async with daemon(bench, port, steps) as app:
            done, events = await run(app)
            assert done.status == "completed", done.summary
            assert "the index" in outputs(events)
            assert f"403: {NO}" in outputs(events)
            assert told(events) == [f"A connection was refused: {NO}."], "twice refused, once told"
            [notice] = [event for event in events if event.kind == "notice"]
            assert notice.durable
            assert notice.run_id == done.id
            assert notice.data["level"] == "warning"
            assert "egress_allow" in str(notice.data["hint"])
            assert events[-1].kind == "run/finished"
            assert not isinstance(await app.services.manager.close(done.project_id), WorkspaceError)


@pytest.mark.parametrize("bench", kinds("docker"), indirect=True)
async def test_after_a_restart_the_next_daemon_answers_under_its_own_policy(bench: Bench) -> None:
    """The container goes on; a process in it that asked meanwhile gets its answer once somebody attends."""
    steps = [call("terminal", command=GET + "http://pypi.org/simple/"), call("fin", summary="Fetched.")]
    with plain_shelf() as (shelf, port):
        page(shelf)
        async with daemon(bench, port, steps) as app:
            first, events = await run(app)
            assert "the index" in outputs(events)
            [before] = await app.sandbox.list()
        async with daemon(bench, port, steps) as app:
            again, events = await run(app, first.project_id)
            assert again.status == "completed", again.summary
            assert "the index" in outputs(events)
            [after] = await app.sandbox.list()
            assert after.id == before.id, "the same container"
        async with daemon(bench, port, steps, egress="none") as app:
            third, events = await run(app, first.project_id)
            assert "the index" not in outputs(events)
            assert told(events) == [
                "A connection was refused: Workspaces reach no host at all (egress is none)."
            ]
            await app.services.manager.close(third.project_id)


async def test_a_list_that_cannot_be_meant_keeps_the_daemon_from_starting(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "egress_allow": ["default", "http://pypi.org"]})
    with pytest.raises(Failure) as caught:
        async with build(settings, models={}):
            pass
    assert caught.value.kind == "invalid"
    assert "'http://pypi.org'" in caught.value.message
