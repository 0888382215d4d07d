"""Spans by the OpenTelemetry SDK, sent as OTLP over HTTP from a thread of its own.

The packages are an optional extra (`journeyman[otel]`): nothing here is imported before traces are asked for.
What the queue cannot hold (2,048 spans) is dropped by the SDK, which says so in the log; a collector that
does not answer costs spans, never a request. Everything told passes `_told`, the one place that takes secrets
out.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from journeyman import __version__
from journeyman.failures import Failure
from journeyman.ports.tracing import Attribute, Kind, Parent, Span, Tracer, Value
from journeyman.redaction import redact, register_secret

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span as SdkSpan
    from opentelemetry.trace import Tracer as SdkTracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
PATH = "v1/traces"
TIMEOUT = "OTEL_EXPORTER_OTLP_TIMEOUT"
SEND_S = 3.0
"""Seconds one sending may take, and all of what is left at the end, where the variable says nothing."""
CHARACTERS_MAX = 200


def traces_url(setting: str | None, environ: Mapping[str, str] = os.environ) -> str | None:
    """Where spans go: the setting, else what every OpenTelemetry program reads; None: nowhere."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if setting:
        return _with_path(setting)
    whole, base = (environ.get(name, "").strip() for name in ENDPOINTS)
    return whole or (_with_path(base) if base else None)


def _with_path(base: str) -> str:
    return base if base.endswith("/" + PATH) else f"{base.rstrip('/')}/{PATH}"


def missing() -> Failure | None:
    """What to say where the packages are not installed."""
    names = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
    try:
        return None if all(find_spec(name) for name in names) else _missing()
    except ModuleNotFoundError:
        return _missing()


def _missing() -> Failure:
    return Failure(
        "invalid",
        "Traces are asked for, and the packages that send them are not installed.",
        hint="Install journeyman[otel], or take otel_endpoint and OTEL_EXPORTER_OTLP_ENDPOINT away.",
    )


async def open_tracer(url: str) -> Tracer:
    """Raises `invalid` where the packages are missing."""
    return await asyncio.to_thread(_open, url)


def _open(url: str) -> Tracer:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise _missing() from error
    for name in HEADERS:
        for pair in os.environ.get(name, "").split(","):
            register_secret(pair.partition("=")[2].strip())
    service = os.environ.get("OTEL_SERVICE_NAME") or "journeyman"
    resource = Resource.create({"service.name": service, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    patience_s = float(os.environ.get(TIMEOUT) or SEND_S)
    exporter = OTLPSpanExporter(endpoint=url, timeout=patience_s)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return _Tracer(provider, exporter, patience_s)


class _Tracer:
    def __init__(self, provider: TracerProvider, exporter: SpanExporter, patience_s: float) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._exporter = exporter
        self._patience_s = patience_s
        self._tracer = provider.get_tracer("journeyman", __version__)
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, name: str, kind: Kind, parent: Parent | None) -> Span:
        return _Span(self._tracer, name, kind, None if parent is None else self._context(parent))

    def _context(self, parent: Parent) -> Context:
        carrier = {"traceparent": parent.traceparent, "tracestate": parent.tracestate}
        return self._propagator.extract(carrier)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        # A collector that does not answer is given up: the exporter's end ends its attempts to send again.
        patience = threading.Timer(self._patience_s, self._exporter.shutdown)
        patience.daemon = True
        patience.start()
        self._provider.shutdown()
        patience.cancel()


class _Span:
    def __init__(self, tracer: SdkTracer, name: str, kind: Kind, context: Context | None) -> None:
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind

        # Never the SDK's own current span: which one it is, is ours to know (`spans`).
        above = Context() if context is None else context
        self._tracer = tracer
        self._span: SdkSpan = tracer.start_span(str(_told(name)), above, SpanKind[kind.upper()])

    @property
    def here(self) -> Parent | None:
        context = self._span.get_span_context()
        flags = f"{context.trace_flags:02x}"
        text = f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags}"
        return Parent(text, context.trace_state.to_header())

    def note(self, name: Attribute, value: Value) -> None:
        self._span.set_attribute(name, _told(value))

    def child(self, name: str, kind: Kind) -> Span:
        from opentelemetry.trace import set_span_in_context

        return _Span(self._tracer, name, kind, set_span_in_context(self._span))

    def end(self, failed: str = "") -> None:
        from opentelemetry.trace import Status, StatusCode

        if not self._span.is_recording():
            return
        if failed:
            self.note("error.type", failed)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def _told(value: Value) -> Value:
    return redact(value)[:CHARACTERS_MAX] if isinstance(value, str) else value
