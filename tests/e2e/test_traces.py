"""The spans of a real daemon, as a collector of OpenTelemetry's own protocol receives them."""

from __future__ import annotations

import asyncio
import signal

import pytest

from components.collector import Collector, Received
from e2e.daemons import place
from e2e.refused import served
from e2e.wordcount import RECORDING, new_project
from journeyman.client.connection import Client
from journeyman.failures import Failure

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
META = {"_meta": {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=7"}}
PROMPT = "Repair the tests. CANARY-PROMPT sk-abcdefghijklmnop1234567890"
PATIENT = {"OTEL_EXPORTER_OTLP_TIMEOUT": "60"}
"""Spans that could not be sent in time are dropped: nothing a loaded machine shall decide."""
WORDS = ("CANARY", "sk-abcdef", "wordcount", "stats.py", "unittest", "Repair")


async def test_the_tree_of_one_run_hangs_below_its_caller() -> None:
    async with Collector() as collector:
        with place(JOURNEYMAN_OTEL_ENDPOINT=collector.url, **PATIENT) as where:
            async with served(where) as client:
                project = await new_project(client)
                run = await client.request(
                    "agent/run", {"prompt": PROMPT, "projectId": project, "model": RECORDING, **META}
                )
                assert run["status"] == "completed", run["summary"]
                put_away = {"projectId": project, "keep": True, **META}
                archive = (await client.request("workspace/archive", put_away))["archive"]
        # It has left, and has sent everything before.
        request = collector.one("agent/run")
        assert (request.trace, request.parent, request.state, request.kind) == (TRACE, SPAN, "vendor=7", 2)
        assert request.attributes == {
            "rpc.system": "jsonrpc",
            "rpc.method": "agent/run",
            "journeyman.outcome": "ok",
        }
        assert request.resource["service.name"] == "journeyman"
        assert collector.below(request) == ["invoke_agent journeyman"]
        agent = collector.one("invoke_agent journeyman")
        assert agent.attributes["journeyman.run.id"] == run["runId"]
        assert agent.attributes["journeyman.run.status"] == "completed"
        assert agent.attributes["journeyman.run.steps"] == run["steps"]
        model = f"chat {RECORDING}"[:200]
        below = collector.below(agent)
        assert below.count(model) == run["usage"]["modelCalls"] == run["steps"]
        tools = {name for name in below if name != model}
        assert {"execute_tool edit", "execute_tool terminal", "execute_tool fin"} <= tools
        assert all(name.startswith("execute_tool ") for name in tools)
        stored = collector.one("archive")
        asked = collector.one("workspace/archive")
        assert (asked.trace, stored.trace, stored.parent) == (TRACE, TRACE, asked.id)
        assert stored.attributes["journeyman.archive.id"] == archive["archiveId"]
        assert stored.attributes["journeyman.archive.bytes"] == archive["bytes"]
        in_order(collector.spans)
        discreet(collector)


def discreet(collector: Collector) -> None:
    """The prompt, the files, the commands and the model's words stay here."""
    names = {each.name for each in collector.spans if not each.name.startswith("chat replay/")}
    values = [
        str(value)
        for each in collector.spans
        for name, value in each.attributes.items()
        if name != "gen_ai.request.model"  # names the recording's file here
    ]
    told = "\n".join([*names, *values])
    assert [word for word in WORDS if word in told] == []
    assert b"CANARY" not in collector.bodies
    assert b"sk-abcdef" not in collector.bodies


def in_order(spans: list[Received]) -> None:
    ids = [each.id for each in spans]
    assert len(set(ids)) == len(ids)
    assert {each.parent for each in spans if each.trace == TRACE} <= {*ids, SPAN}
    assert [each.name for each in spans if each.events or each.status_text or each.seconds < 0] == []


async def test_requests_of_no_trace_and_refused_ones() -> None:
    headers = "authorization=Bearer%20collector-key-123456"
    async with Collector() as collector:
        with place(
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_EXPORTER_OTLP_HEADERS=headers,
            OTEL_SERVICE_NAME="mine",
            **PATIENT,
        ) as where:
            async with served(where) as client:
                for above in (None, "nonsense", f"00-{'0' * 32}-{SPAN}-01"):
                    await client.request("project/list", {"_meta": {"traceparent": above}})
                with pytest.raises(Failure):
                    await client.request("chat/get", {"chatId": "no-such-chat-CANARY"})
            assert "collector-key-123456" not in where.log
        own = [each for each in collector.spans if each.name == "project/list"]
        assert [each.parent for each in own] == ["", "", ""]
        assert len({each.trace for each in own} - {TRACE, "0" * 32}) == 3
        assert {each.resource["service.name"] for each in collector.spans} == {"mine"}
        refused = collector.one("chat/get")
        assert refused.failed
        assert refused.attributes["error.type"] == refused.attributes["journeyman.outcome"] == "not_found"
        assert b"CANARY" not in collector.bodies
        assert {each.get("authorization") for each in collector.headers} == {"Bearer collector-key-123456"}


async def test_a_collector_that_is_not_there_costs_nobody_anything(unused_tcp_port: int) -> None:
    with place(JOURNEYMAN_OTEL_ENDPOINT=f"http://127.0.0.1:{unused_tcp_port}") as where:
        process = await asyncio.to_thread(where.start)
        async with Client.connect(socket=where.socket) as client:
            for _ in range(20):
                await client.request("daemon/ping")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
        assert process.stdout is not None
        process.stdout.close()
        assert "Traceback" not in where.log
