"""Spans where nobody collects them, and how they end where somebody does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from journeyman import spans
from journeyman.adapters import otlp
from journeyman.failures import Failure
from journeyman.ports.tracing import Attribute, Kind, Parent, Span, Value


@dataclass
class Kept:
    name: str
    above: Parent | None
    notes: dict[str, Value] = field(default_factory=dict[str, Value])
    ends: list[str] = field(default_factory=list[str])
    children: list[Kept] = field(default_factory=lambda: list[Kept]())

    @property
    def here(self) -> Parent | None:
        return Parent(self.name)

    def note(self, name: Attribute, value: Value) -> None:
        self.notes[name] = value

    def child(self, name: str, kind: Kind) -> Span:
        self.children.append(Kept(name, self.here))
        return self.children[-1]

    def end(self, failed: str = "") -> None:
        self.ends.append(failed)


@dataclass
class Keeper:
    roots: list[Kept] = field(default_factory=list[Kept])

    def begin(self, name: str, kind: Kind, parent: Parent | None) -> Span:
        self.roots.append(Kept(name, parent))
        return self.roots[-1]

    async def close(self) -> None:
        pass


def test_where_nobody_collects_nothing_is_made() -> None:
    assert spans.within("one") is spans.within("two") is spans.root(None, "three", "server")
    assert spans.served(None, "daemon/ping", Parent("x")) is spans.NOTHING
    with spans.within("one") as span:
        span.note("journeyman.run.id", "r")
        assert span is spans.NOTHING
        assert spans.parent() is None


def test_a_daemon_without_traces_does_not_import_what_sends_them() -> None:
    look = (
        "import sys, asyncio, journeyman.app, journeyman.rpc.session\n"
        "from journeyman.app.traces import tracer_of\n"
        "from journeyman.config import Settings\n"
        "assert asyncio.run(tracer_of(Settings())) is None\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exp'))])"
    )
    quiet = dict.fromkeys(otlp.ENDPOINTS, "")
    found = subprocess.run(
        [sys.executable, "-c", look], env={"PATH": "/usr/bin:/bin", **quiet}, capture_output=True, text=True
    )
    assert found.stdout == "[]\n", found.stderr


async def test_spans_lie_inside_each_other_and_in_the_tasks_they_start() -> None:
    keeper = Keeper()

    async def beside() -> None:
        with spans.within("beside"):
            await asyncio.sleep(0)

    with spans.root(keeper, "top", "server", Parent("caller")):
        with spans.within("inner") as inner:
            inner.note("journeyman.run.steps", 3)
            with spans.within("innermost"):
                assert spans.parent() == Parent("innermost")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(beside())
            tasks.create_task(beside())
    assert spans.parent() is None
    (top,) = keeper.roots
    assert top.above == Parent("caller")
    assert [each.name for each in top.children] == ["inner", "beside", "beside"]
    assert [each.name for each in top.children[0].children] == ["innermost"]
    assert top.children[0].notes == {"journeyman.run.steps": 3}
    assert {str(each.ends) for each in [top, *top.children]} == {"['']"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Failure("model_broken", "The secret is CANARY."), "model_broken"),
        (asyncio.CancelledError(), "cancelled"),
        (ValueError("CANARY"), "internal"),
    ],
)
def test_an_end_tells_the_kind_and_no_words(error: BaseException, kind: str) -> None:
    keeper = Keeper()
    with pytest.raises(type(error)), spans.root(keeper, "top", "internal"):
        raise error
    assert keeper.roots[0].ends == [kind]
    assert keeper.roots[0].notes == {}


@pytest.mark.parametrize(
    ("setting", "environ", "url"),
    [
        (None, {}, None),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "  "}, None),
        ("http://127.0.0.1:4318", {}, "http://127.0.0.1:4318/v1/traces"),
        ("http://127.0.0.1:4318/", {}, "http://127.0.0.1:4318/v1/traces"),
        ("http://h/p/v1/traces", {}, "http://h/p/v1/traces"),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://h:1/p"}, "https://h:1/p/v1/traces"),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h/any"}, "http://h/any"),
        ("http://ours", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://theirs"}, "http://ours/v1/traces"),
        ("http://ours", {"OTEL_SDK_DISABLED": "true"}, None),
    ],
)
def test_where_they_go(setting: str | None, environ: dict[str, str], url: str | None) -> None:
    assert otlp.traces_url(setting, environ) == url


async def test_packages_that_are_missing_are_said_and_nothing_else_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(Failure, match="not installed") as refused:
        await otlp.open_tracer("http://127.0.0.1:1/v1/traces")
    assert "journeyman[otel]" in refused.value.hint
