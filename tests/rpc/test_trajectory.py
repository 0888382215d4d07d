"""trajectory/export over the wire: piece by piece, of runs that ended and of one that goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyman.rpc.handlers import trajectory
from journeyman.testing.model import call
from journeyman.trajectory.reading import parse
from rpc.working import Working

FIN = call("fin", summary="Done.", status="partial")


async def exported(client: Any, run_id: str) -> list[str]:
    pieces: list[str] = []
    offset: int | None = 0
    while offset is not None:
        piece = await client.result("trajectory/export", {"runId": run_id, "offset": offset})
        pieces.append(piece["text"])
        offset = piece.get("nextOffset")
    return pieces


async def test_a_run_comes_in_pieces_that_make_the_whole(
    working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    working.script([call("terminal", command="seq 1 200"), FIN])
    client = await working.world.initialized({})
    run = await client.result("agent/run", {"prompt": "Do it.", "mode": "execute"})
    (whole,) = await exported(client, run["runId"])
    monkeypatch.setattr(trajectory, "PIECE_CHARACTERS", 997)
    pieces = await exported(client, run["runId"])
    assert len(pieces) > 5
    assert "".join(pieces) == whole
    (found,) = parse(whole)
    assert [step.exact for step in found.steps] == [True, True]
    assert found.end["status"] == "partial"
    beyond = await client.result("trajectory/export", {"runId": run["runId"], "offset": len(whole) + 5})
    assert beyond == {"runId": run["runId"], "text": ""}


async def test_while_a_run_goes_on_its_text_only_grows(working: Working) -> None:
    model = working.gated([call("ls"), FIN])
    client = await working.world.initialized({})
    params = {"prompt": "Do it.", "wait": "accepted", "mode": "execute"}
    run = await client.result("agent/run", params)
    await model.asked()
    before = "".join(await exported(client, run["runId"]))
    assert [json.loads(line).get("type") for line in before.splitlines()] == [None]
    model.go(2)
    await working.world.services.runs.wait(run["runId"])
    after = "".join(await exported(client, run["runId"]))
    assert [step.number for step in parse(after)[0].steps] == [1, 2]
    assert after.startswith(before)


async def test_a_run_that_is_not_there(working: Working) -> None:
    client = await working.world.initialized({})
    error = await client.error("trajectory/export", {"runId": "nothing"})
    assert error["data"]["kind"] == "not_found"
