"""What the daemon counts and times, for people who watch many of it. Names and help follow Prometheus.

What happens on the wire is counted here as it happens; everything else is asked of who knows it when somebody
looks. Labels come from tables of ours, never from what a client sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from journeyman.records import Totals

if TYPE_CHECKING:
    from journeyman.rpc.hub import Hub
    from journeyman.rpc.services import Services, StatusFacts

PREFIX = "journeyman_"
SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 600.0)
"""Upper bounds of the buckets; runs and archives are what takes minutes."""


disable_created_metrics()


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            PREFIX + "requests",
            "Requests that were answered, by method and outcome.",
            ("method", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            PREFIX + "request_seconds",
            "Seconds from a request to its answer.",
            ("method",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._dropped = Counter(
            PREFIX + "messages_dropped",
            "Deltas and states that slow clients never got.",
            registry=self._registry,
        )

        self._found: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        """Looking labels up costs more than counting; there are as many as methods and kinds of errors."""

    def answered(self, method: str, outcome: str, seconds: float) -> None:
        """`outcome`: `ok`, or the kind of the error."""
        found = self._found.get((method, outcome))
        if found is None:
            found = self._requests.labels(method, outcome), self._seconds.labels(method)
            self._found[method, outcome] = found
        count, times = found
        count.inc()
        times.observe(seconds)

    def dropped(self, count: int) -> None:
        self._dropped.inc(count)

    def families(self) -> Iterator[Metric]:
        yield from self._registry.collect()


async def collect(services: Services, hub: Hub) -> list[Metric]:
    """Everything, as it is now."""
    facts, totals = await services.status(), await services.store.totals()
    return [*services.metrics.families(), *_now(facts, hub), *_stored(totals)]


def _now(facts: StatusFacts, hub: Hub) -> Iterator[Metric]:
    waiting = sum(member.peer.outbox.waiting_bytes for member in hub)
    following = sum(len(member.peer.subscriptions) for member in hub)
    yield _gauge("clients", "Connected clients.", len(hub))
    yield _gauge("subscriptions", "Chats that clients follow.", following)
    yield _gauge("outbox_bytes", "Bytes that wait for clients to read them.", waiting)
    yield _labelled(
        "runs", "Runs that are going on or waiting.", "state",
        {"running": facts.runs_active, "queued": facts.runs_queued},
    )  # fmt: skip
    yield _gauge("workspaces_live", "Workspaces whose processes are there.", facts.workspaces_live)
    yield _gauge("sandbox_available", "1 where workspaces can be had.", facts.sandbox_problem is None)
    yield _gauge("shortages", "Things the machine is short of.", len(facts.shortages))
    yield _gauge("start_time_seconds", "When the daemon started, in Unix time.", facts.started_at.timestamp())


def _stored(totals: Totals) -> Iterator[Metric]:
    yield _gauge("projects_stored", "Projects in the database.", totals.projects)
    yield _gauge("chats_stored", "Chats in the database.", totals.chats)
    yield _labelled("runs_stored", "Runs in the database, by status.", "status", totals.runs)
    yield _gauge("steps_stored", "Steps of those runs.", totals.steps)
    yield _labelled(
        "tokens_stored", "Tokens of those runs, where the provider told.", "kind",
        {"input": totals.input_tokens, "output": totals.output_tokens},
    )  # fmt: skip
    yield _gauge("cost_usd_stored", "What those runs cost, where the price is known.", totals.cost_usd)


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, help_, value=float(value))


def _labelled(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, help_, labels=(label,))
    for key, value in sorted(values.items()):
        family.add_metric((key,), float(value))
    return family
