"""Putting the workspace manager's collaborators together, once."""

from __future__ import annotations

from journeyman.ports.clock import Clock
from journeyman.ports.sandbox import Generations, Limits, Sandbox
from journeyman.ports.store import Store
from journeyman.ports.tracing import Tracer
from journeyman.quotas import Quota
from journeyman.tasks import Supervisor
from journeyman.workspace.archiving import Archiver
from journeyman.workspace.deadlines import Deadlines
from journeyman.workspace.ledger import Leases
from journeyman.workspace.machine import Attend, ImageOf, Machine
from journeyman.workspace.pressure import Space
from journeyman.workspace.quota import QuotaOf, Quotas
from journeyman.workspace.registry import Registry
from journeyman.workspace.removal import Removal
from journeyman.workspace.room import Room
from journeyman.workspace.status import Announcer


def furnish(
    sandbox: Sandbox,
    generations: Generations,
    engine: Archiver,
    store: Store,
    *,
    clock: Clock,
    supervisor: Supervisor,
    image: str,
    limits: Limits,
    ttl_s: float,
    deadlines: Deadlines,
    image_of: ImageOf,
    attend: Attend | None,
    space: Space,
    default_quota: Quota,
    quota_of: QuotaOf,
    tracer: Tracer | None,
) -> Room:
    registry, announcer = Registry(clock, ttl_s=ttl_s), Announcer(clock)
    return Room(
        machine=Machine(
            sandbox,
            generations,
            image=image,
            image_of=image_of,
            limits=limits,
            deadlines=deadlines,
            attend=attend,
            space=space,
        ),
        removal=Removal(sandbox, generations, engine, store.archives, deadlines),
        leases=Leases(store.workspaces, clock, deadlines),
        engine=engine,
        store=store,
        clock=clock,
        supervisor=supervisor,
        registry=registry,
        announcer=announcer,
        deadlines=deadlines,
        quotas=Quotas(registry, clock, announcer, deadlines, default=default_quota, quota_of=quota_of),
        tracer=tracer,
    )
