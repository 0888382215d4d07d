"""daemon/*"""

from __future__ import annotations

import os
from typing import Literal, cast

from prometheus_client.metrics_core import Metric as Family

from journeyman import __version__
from journeyman.rpc import wire
from journeyman.rpc.metrics import collect
from journeyman.rpc.router import Context, Handler
from journeyman_protocol import PROTOCOL_VERSION
from journeyman_protocol.base import Empty
from journeyman_protocol.daemon import (
    DaemonMetrics,
    DaemonStatus,
    Metric,
    MetricSample,
    PingResult,
    SandboxStatus,
)


async def ping(context: Context, params: Empty) -> PingResult:
    return PingResult(now=wire.timestamp(context.services.clock.now()))


async def status(context: Context, params: Empty) -> DaemonStatus:
    facts = await context.services.status()
    sandbox = None
    if facts.sandbox_name is not None:
        sandbox = SandboxStatus(
            name=facts.sandbox_name, tier=facts.sandbox_tier, gaps=list(facts.sandbox_gaps)
        )
    return DaemonStatus(
        version=__version__,
        protocol_version=PROTOCOL_VERSION,
        pid=os.getpid(),
        started_at=wire.timestamp(facts.started_at),
        data_dir=str(context.services.settings.data_dir),
        clients=len(context.hub),
        runs_active=facts.runs_active,
        runs_queued=facts.runs_queued,
        workspaces_live=facts.workspaces_live,
        sandbox=sandbox,
        sandbox_problem=facts.sandbox_problem,
        objects=facts.objects,
        shortages=list(facts.shortages),
        draining=context.hub.draining,
    )


async def metrics(context: Context, params: Empty) -> DaemonMetrics:
    return DaemonMetrics(items=[_metric(each) for each in await collect(context.services, context.hub)])


def _metric(family: Family) -> Metric:
    samples = [
        MetricSample(name=each.name, labels=dict(each.labels), value=each.value) for each in family.samples
    ]
    kind = cast("Literal['counter', 'gauge', 'histogram']", family.type)
    return Metric(name=family.name, kind=kind, help=family.documentation, samples=samples)


HANDLERS: dict[str, Handler] = {"daemon/ping": ping, "daemon/status": status, "daemon/metrics": metrics}
