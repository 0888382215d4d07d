"""The spans of what came as lines of the Agent Client Protocol: below their `_meta`, as those of LSP."""

from __future__ import annotations

from pathlib import Path

import pytest

from acp import RequestError, text_block
from components.collector import Collector
from e2e.acp_folders import RECORDING, wordcount
from e2e.daemons import place
from e2e.refused import served
from e2e.test_acp_python import begun, over_stdio
from e2e.test_traces import META, PATIENT, PROMPT, SPAN, TRACE, discreet, in_order

pytestmark = pytest.mark.bubblewrap


async def test_the_tree_of_one_prompt_hangs_below_its_caller(tmp_path: Path) -> None:
    folder = wordcount(tmp_path)
    async with Collector() as collector:
        with place(JOURNEYMAN_OTEL_ENDPOINT=collector.url, **PATIENT) as where:
            async with served(where), over_stdio(where) as (connection, _):
                session, _ = await begun(connection, folder, RECORDING)
                done = await connection.prompt(session, [text_block(PROMPT)], **META["_meta"])
                assert done.stop_reason == "end_turn"
                with pytest.raises(RequestError):
                    await connection.prompt(
                        "no-such-session-CANARY", [text_block("x")], traceparent="nonsense"
                    )
        prompt, refused = sorted(
            (each for each in collector.spans if each.name == "session/prompt"), key=lambda each: each.failed
        )
        assert (prompt.trace, prompt.parent, prompt.state, prompt.kind) == (TRACE, SPAN, "vendor=7", 2)
        assert prompt.attributes == {
            "rpc.system": "jsonrpc",
            "rpc.method": "session/prompt",
            "journeyman.outcome": "ok",
        }
        assert collector.below(prompt) == ["invoke_agent journeyman"]
        agent = collector.one("invoke_agent journeyman")
        assert agent.attributes["journeyman.run.id"] == (done.field_meta or {})["journeyman"]["runId"]
        assert agent.attributes["journeyman.run.status"] == "completed"
        below = collector.below(agent)
        model = f"chat {RECORDING}"[:200]
        assert below.count(model) == agent.attributes["journeyman.run.steps"]
        assert {"execute_tool edit", "execute_tool terminal", "execute_tool fin"} <= set(below)
        opened = collector.one("session/new")
        assert (opened.parent, opened.trace != TRACE) == ("", True)
        assert refused.attributes["error.type"] == "not_found"
        assert (refused.parent, refused.trace not in (TRACE, opened.trace)) == ("", True)
        in_order(collector.spans)
        discreet(collector)
