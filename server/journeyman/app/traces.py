"""Where traces go, if anywhere: a daemon that cannot send them works without."""

from __future__ import annotations

import logging

from journeyman.adapters import otlp
from journeyman.config import Settings
from journeyman.failures import Failure
from journeyman.ports.tracing import Tracer

log = logging.getLogger(__name__)


async def tracer_of(settings: Settings) -> Tracer | None:
    url = otlp.traces_url(settings.otel_endpoint)
    if url is None:
        return None
    try:
        return await otlp.open_tracer(url)
    except Failure as failure:
        log.warning("there will be no traces: %s %s", failure.message, failure.hint)
        return None
