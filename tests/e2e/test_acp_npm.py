"""The Agent Client Protocol as npm's TypeScript SDK speaks it, which checks every message by its schema."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from e2e.acp_folders import RECORDING, daemon, port_of, sleeps, token_of, wordcount, writes
from e2e.daemons import Place

pytestmark = pytest.mark.bubblewrap

PROGRAM = Path(__file__).with_name("acp_client.mjs")


@pytest.fixture(scope="module")
def here() -> Generator[Place]:
    with daemon("--tcp", "127.0.0.1:0", "--auth", "initialize") as found:
        yield found


async def worked(sdk: str, **order: Any) -> dict[str, Any]:
    """What the client's program reports."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(PROGRAM),
        json.dumps({"sdk": sdk, **order}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(100):
            said, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads(said)
    return found


def over_stdio(here: Place) -> dict[str, Any]:
    return {"command": here.command("acp"), "env": here.env}


def over_tcp(here: Place) -> dict[str, Any]:
    return {"port": port_of(here), "token": token_of(here)}


def check_life(found: dict[str, Any]) -> None:
    """What holds of every session, however it is reached."""
    assert found["initialize"]["protocolVersion"] == 1
    assert found["initialize"]["agentInfo"]["name"] == "journeyman"
    assert [option["id"] for option in found["config"]["configOptions"]] == ["mode", "model", "effort"]
    session = found["session"]["sessionId"]
    assert session in [info["sessionId"] for info in found["list"]["sessions"]]
    assert found["close"] == {}
    assert found["promptAfterClose"] == -32002
    assert found["resume"]["modes"]["currentModeId"]
    history = [kind for kind in found["history"] if kind != "available_commands_update"]
    assert history[0] == "user_message_chunk"
    assert {"agent_message_chunk", "tool_call", "tool_call_update"} <= set(history)
    assert found["unknown"] == -32601
    assert found["invalid"] == -32602
    assert found["delete"] == {}
    assert found["loadAfterDelete"] == -32002


async def test_the_main_job_over_stdio(here: Place, acp_sdk: str, tmp_path: Path) -> None:
    folder = wordcount(tmp_path)
    found = await worked(
        acp_sdk, **over_stdio(here), cwd=str(folder), model=RECORDING, prompt="The tests fail. Repair it."
    )
    check_life(found)
    assert found["turn"]["stopReason"] == "end_turn"
    updates = found["turn"]["updates"]
    plans = [update for update in updates if update["sessionUpdate"] == "plan"]
    assert {entry["status"] for entry in plans[-1]["entries"]} == {"completed"}
    begun = [update for update in updates if update["sessionUpdate"] == "tool_call"]
    over = {
        update["toolCallId"]: update["status"]
        for update in updates
        if update["sessionUpdate"] == "tool_call_update" and update.get("status")
    }
    assert set(over) == {call["toolCallId"] for call in begun}
    diffs = [content for call in begun for content in call.get("content", []) if content["type"] == "diff"]
    assert {str(Path(diff["path"]).relative_to(folder)) for diff in diffs} == {
        "wordcount/stats.py",
        "wordcount/text.py",
    }
    assert all(place["path"].startswith(str(folder)) for call in begun for place in call.get("locations", []))


@pytest.mark.parametrize("late", [False, True], ids=["token in initialize", "token in authenticate"])
async def test_over_tcp(here: Place, acp_sdk: str, tmp_path: Path, late: bool) -> None:
    model = writes(tmp_path / "m.jsonl", "far")
    cwd = f"/elsewhere/{tmp_path.name}"
    found = await worked(
        acp_sdk, **over_tcp(here), late=late, cwd=cwd, model=model, mode="execute", prompt="Write it."
    )
    check_life(found)
    assert [method["id"] for method in found["initialize"]["authMethods"]] == (["token"] if late else [])
    assert found["turn"]["stopReason"] == "end_turn"
    assert found["turn"]["meta"]["journeyman"]["changes"]["files"] == ["far.txt"]


async def test_a_wrong_token(here: Place, acp_sdk: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="-32000"):
        await worked(acp_sdk, port=port_of(here), token="x" * 43, cwd="/a", model="x", prompt="x")


async def test_both_ways_to_cancel(here: Place, acp_sdk: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    found = await worked(
        acp_sdk,
        **over_stdio(here),
        cwd=str(folder),
        model=writes(tmp_path / "m.jsonl", "first"),
        sleeper=sleeps(tmp_path / "s.jsonl", f"4323.{os.getpid()}"),
        mode="execute",
        prompt="Write it.",
    )
    check_life(found)
    assert (found["cancelled"], found["aborted"]) == ("cancelled", "cancelled")


async def test_two_clients_at_once(here: Place, acp_sdk: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()

    async def work(nonce: str, **more: Any) -> dict[str, Any]:
        model = writes(tmp_path / f"{nonce}.jsonl", nonce)
        return await worked(acp_sdk, model=model, mode="execute", prompt=f"Write {nonce}.", **more)

    async with asyncio.TaskGroup() as tasks:
        both = [
            tasks.create_task(work("alpha", **over_stdio(here), cwd=str(folder))),
            tasks.create_task(work("beta", **over_tcp(here), cwd=f"/elsewhere/{tmp_path.name}")),
        ]
    for task, nonce in zip(both, ("alpha", "beta"), strict=True):
        found = task.result()
        check_life(found)
        assert found["turn"]["meta"]["journeyman"]["changes"]["files"] == [f"{nonce}.txt"]
        text = json.dumps(found["turn"]["updates"])
        assert f"Wrote {nonce}." in text
        assert ("beta" if nonce == "alpha" else "alpha") not in text
