"""The composition root: the only place that builds adapters and wires the rooms together.

`build` gives a loaded app: settings, store, sandbox, object storage, model registry, everything reconciled
and recovered. Parts may be handed in, which is how tests run the whole daemon on a fake clock or with a
scripted model. It knows nothing of the wire.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from journeyman.adapters.generations import LocalGenerations
from journeyman.adapters.linux_host import LinuxHost
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.preview import HttpGateway
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.agent.limits import Limits as RunLimits
from journeyman.agent.runs import RunService
from journeyman.agent.services import Services as AgentServices
from journeyman.app import sandboxes
from journeyman.app.egress import way_out
from journeyman.app.extensions import extensions_of
from journeyman.app.permissions import permissions_of
from journeyman.app.traces import tracer_of
from journeyman.changes.carrying import Carrying
from journeyman.changes.service import Changes
from journeyman.chat.event_log import EventLog
from journeyman.chat.service import ChatService
from journeyman.checkpoint.memory import Memory
from journeyman.checkpoint.parts import Budget, Parts
from journeyman.checkpoint.picture import Keeping
from journeyman.checkpoint.service import Checkpoints
from journeyman.config import Settings
from journeyman.model.providers import ProviderConfig
from journeyman.model.registry import ModelRegistry
from journeyman.model.replay import ReplayModel
from journeyman.overlay.editors import Editors
from journeyman.paths import make_private
from journeyman.ports.clock import Clock, Ids, SystemClock, SystemIds
from journeyman.ports.dialer import Dialer
from journeyman.ports.guest import Guest
from journeyman.ports.host import Host
from journeyman.ports.model import Model
from journeyman.ports.objects import ObjectStore
from journeyman.ports.sandbox import Limits, Sandbox
from journeyman.ports.store import Store
from journeyman.ports.tracing import Tracer
from journeyman.project.service import ProjectService
from journeyman.quotas import Quota
from journeyman.records import Run
from journeyman.rpc.services import Services, StatusFacts
from journeyman.sources.folders import Folders
from journeyman.sources.service import Sources
from journeyman.tasks import Supervisor
from journeyman.todo.service import TodoService
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.retention import Policy
from journeyman.workspace.differences import Differences
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.forwards import Forwards
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.ports import Ports
from journeyman.workspace.pressure import Marks
from journeyman.workspace.terminals import Terminals
from journeyman.workspace.tiers import Tiers

log = logging.getLogger(__name__)

DATABASE = "journeyman.sqlite3"


@dataclass(frozen=True, slots=True)
class App:
    services: Services
    settings: Settings
    supervisor: Supervisor
    store: Store
    sandbox: Sandbox
    objects: ObjectStore


@asynccontextmanager
async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    sandbox: Sandbox | None = None,
    objects: ObjectStore | None = None,
    models: Mapping[str, Model] | None = None,
    dialer: Dialer | None = None,
    host: Host | None = None,
    tracer: Tracer | None = None,
) -> AsyncGenerator[App]:
    """The loaded app; leaving the block lets go of everything in reverse order.

    `models` are injected under their names (`scripted/...`). Raises `Failure` where the data directory
    cannot be used; a missing sandbox or store is no reason not to start, and is answered when asked for.
    """
    clock = clock or SystemClock()
    ids = ids or SystemIds()
    make_private(settings.data_dir)
    async with AsyncExitStack() as stack:
        store = await SqliteStore.open(settings.data_dir / DATABASE, clock=clock)
        stack.push_async_callback(store.close)
        if objects is None:
            objects = object_store(settings)
        stack.push_async_callback(objects.close)
        if sandbox is None:
            sandbox = await sandboxes.choose(settings, clock=clock, ids=ids)
        stack.push_async_callback(sandbox.close)
        known = registry(settings, models or {})
        stack.push_async_callback(known.close)
        if (tracer := tracer or await tracer_of(settings)) is not None:
            stack.push_async_callback(tracer.close)
        supervisor = Supervisor()

        events = EventLog(store.events, clock)
        projects = ProjectService(store, clock, ids)
        chats = ChatService(store, clock, ids, events=events)
        todos = TodoService(store.todos, events, clock, ids)
        engine = ArchiveEngine(objects, clock=clock, ids=ids, cache=settings.data_dir / "cache")

        def running(project_id: str) -> Run | None:
            return runs.running_in(project_id)

        async def settle(project_id: str, guest: Guest) -> None:
            await checkpoints.settle(project_id, guest)

        egress = way_out(
            settings,
            dialer,
            events=events,
            running=running,
            clock=clock,
            supervisor=supervisor,
        )
        manager = WorkspaceManager(
            sandbox,
            LocalGenerations(settings.data_dir, uid=settings.workspace_uid, clock=clock),
            engine,
            store,
            clock=clock,
            ids=ids,
            supervisor=supervisor,
            image=settings.image,
            limits=Limits(settings.workspace_memory_mb, settings.workspace_cpus, settings.workspace_pids),
            ttl_s=settings.workspace_ttl_s,
            trash_grace_s=settings.trash_grace_s,
            tiers=_tiers(settings),
            image_of=projects.image_of,
            attend=egress.attend,
            policy=Policy(settings.archives_last, settings.archives_hourly, settings.archives_daily),
            host=host or LinuxHost(places(settings)),
            marks=marks(settings),
            default_quota=Quota(
                settings.workspace_disk_mb << 20, settings.workspace_entries_max, settings.archives_mb << 20
            ),
            quota_of=projects.quota_of,
            first=settle,
            tracer=tracer,
        )
        parts = _checkpoint_parts(settings, store, events, manager, supervisor, clock, ids)
        checkpoints = Checkpoints(parts)
        changes = Changes(parts, checkpoints, running, lambda run_id: runs.wait(run_id))
        sources = Sources(projects, manager, engine, supervisor, images=sandbox.name == "docker")
        permissions = permissions_of(settings, store, events, clock, ids, supervisor)
        extensions = extensions_of(settings)
        editors = Editors()
        runs = RunService(
            AgentServices(
                store=store,
                projects=projects,
                chats=chats,
                todos=todos,
                events=events,
                models=known,
                workspaces=manager,
                supervisor=supervisor,
                clock=clock,
                ids=ids,
                limits=_run_limits(settings),
                checkpoints=checkpoints,
                gatekeeper=permissions,
                review=changes,
                extensions=extensions,
                tracer=tracer,
                editors=editors,
                touched=manager.outsiders.file,
                default_model=settings.model,
                planner_model=settings.model_planner,
                fallback_models=settings.model_fallbacks,
            ),
            runs_max=settings.runs_max,
        )
        forwards = Forwards(manager, HttpGateway(supervisor), supervisor, clock, ids)
        services = Services(
            runs=runs,
            editors=editors,
            manager=manager,
            terminals=Terminals(manager, supervisor, ids),
            differences=Differences(manager, engine),
            forwards=forwards,
            ports=Ports(manager, forwards, supervisor, projects.expected_ports),
            checkpoints=checkpoints,
            permissions=permissions,
            changes=changes,
            carrying=Carrying(parts),
            projects=projects,
            sources=sources,
            folders=Folders(projects, sources),
            chats=chats,
            todos=todos,
            events=events,
            models=known,
            store=store,
            supervisor=supervisor,
            clock=clock,
            ids=ids,
            settings=settings,
            extensions=extensions,
            sandbox_name=None if sandbox.name == "none" else sandbox.name,
            tracer=tracer,
            status=_status(clock.now(), runs, manager, sandbox, objects),
        )
        stack.push_async_callback(supervisor.close)
        stack.push_async_callback(manager.shutdown)
        stack.push_async_callback(runs.close)
        stack.callback(forwards.close_all)
        await checkpoints.recover()
        reconciled = await manager.start()
        if isinstance(reconciled, WorkspaceError):
            log.error("workspaces could not be reconciled: %s %s", reconciled.message, reconciled.hint)
        await sources.recover()
        await permissions.recover()
        await runs.recover()
        yield App(services, settings, supervisor, store, sandbox, objects)


def object_store(settings: Settings) -> ObjectStore:
    """Where archives go: below the data directory, in a folder, or in S3; encrypted where there is a key."""
    plain = _plain_store(settings)
    if settings.archive_key_file is None:
        return plain
    from journeyman.adapters.sealed_objects import SealedObjects
    from journeyman.app.keys import archive_key

    return SealedObjects(plain, archive_key(settings.archive_key_file.expanduser()))


def _plain_store(settings: Settings) -> ObjectStore:
    place = settings.objects
    if place.startswith("s3://"):
        from journeyman.adapters.s3_objects import S3Objects

        return S3Objects.from_url(place, endpoint=settings.s3_endpoint, region=settings.s3_region)
    return LocalObjects(settings.data_dir / "objects" if place == "local" else Path(place).expanduser())


def registry(settings: Settings, models: Mapping[str, Model]) -> ModelRegistry:
    """The models by name, with the adapters behind them; `models` are injected."""
    known = ModelRegistry(
        {"openai_compatible": _openai_compatible, "litellm": _litellm},
        base_urls={"openai-compatible": settings.model_base_url},
        timeout_s=settings.model_timeout_s,
        openers={"replay": lambda name: ReplayModel(Path(name))},
        images=settings.model_images,
        small=settings.model_small,
    )
    for name, model in models.items():
        known.inject(name, model)
    return known


def _openai_compatible(config: ProviderConfig) -> Model:
    from journeyman.adapters.openai_compatible import OpenAiCompatibleModel

    return OpenAiCompatibleModel(config)


def _litellm(config: ProviderConfig) -> Model:
    from journeyman.adapters.litellm_model import LitellmModel

    return LitellmModel(config)


def _checkpoint_parts(
    settings: Settings,
    store: Store,
    events: EventLog,
    manager: WorkspaceManager,
    supervisor: Supervisor,
    clock: Clock,
    ids: Ids,
) -> Parts:
    room = Budget(settings.checkpoint_project_mb << 20, settings.checkpoint_total_mb << 20)
    return Parts(
        store=store,
        objects=LocalObjects(settings.data_dir / "checkpoints"),
        events=events,
        manager=manager,
        supervisor=supervisor,
        clock=clock,
        ids=ids,
        memory=Memory(settings.data_dir / "cache"),
        keeping=Keeping(settings.checkpoint_file_mb << 20, room.project_bytes),
        budget=room,
    )


def _tiers(settings: Settings) -> Tiers:
    return Tiers(
        freeze_s=settings.workspace_freeze_s,
        hot_max=settings.workspaces_hot_max,
        frozen_max=settings.workspaces_frozen_max,
        warm_max=settings.workspaces_warm_max,
        warm_bytes=settings.workspaces_warm_mb << 20,
        warm_s=settings.workspaces_warm_s,
        upload_after_s=settings.workspace_upload_s,
    )


def places(settings: Settings) -> tuple[Path, ...]:
    """Folders whose file systems we fill."""
    folder = not settings.objects.startswith("s3://") and settings.objects != "local"
    return (settings.data_dir, *([Path(settings.objects).expanduser()] if folder else ()))


def marks(settings: Settings) -> Marks:
    return Marks(
        disk_low=settings.disk_low_mb << 20,
        disk_floor=settings.disk_floor_mb << 20,
        memory_low=settings.memory_low_mb << 20,
        memory_stalled=settings.memory_stalled_percent,
    )


def _run_limits(settings: Settings) -> RunLimits:
    return RunLimits(
        steps_per_segment=settings.steps_per_segment,
        segments_max=settings.segments_max,
        tokens=settings.run_tokens_max,
        usd=settings.run_usd_max,
        seconds=settings.run_seconds_max,
    )


def _status(
    started_at: datetime,
    runs: RunService,
    manager: WorkspaceManager,
    sandbox: Sandbox,
    objects: ObjectStore,
) -> Callable[[], Awaitable[StatusFacts]]:
    async def status() -> StatusFacts:
        report = await sandbox.probe()
        workspaces = await manager.list()
        listed = () if isinstance(workspaces, WorkspaceError) else workspaces
        return StatusFacts(
            started_at=started_at,
            runs_active=runs.running,
            runs_queued=runs.queued,
            workspaces_live=sum(each.tier in ("hot", "frozen") for each in listed),
            objects=objects.url,
            sandbox_name=sandbox.name if report.available else None,
            sandbox_tier=report.tier,
            sandbox_gaps=report.gaps,
            shortages=manager.upkeep.shortages,
            sandbox_problem=None if report.available else f"{report.why} {report.hint}".strip(),
        )

    return status
