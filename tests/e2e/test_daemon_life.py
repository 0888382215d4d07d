"""When a daemon ends: idle, told to in the middle of a run, its data gone. And when it does not."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess

from components.provider import ScriptedProvider, answer, chunk, tool_piece
from e2e.daemons import Place, place
from journeyman.client.connection import Client
from journeyman.failures import Failure

NAP = f"sleep 3471.{os.getpid()}"
SLEEP = answer(
    tool_piece(json.dumps({"command": NAP}), index=0, id="s", name="terminal"), chunk(finish="tool_calls")
)
PATIENCE_S = 90.0


async def _ended(process: subprocess.Popen[bytes]) -> int:
    code = await asyncio.to_thread(process.wait, PATIENCE_S)
    assert process.stdout is not None
    process.stdout.close()
    return code


def _sleeps() -> bool:
    return subprocess.run(["pgrep", "-f", NAP], capture_output=True, check=False).returncode == 0


async def test_a_daemon_nobody_uses_leaves() -> None:
    with place(JOURNEYMAN_IDLE_EXIT_S="3") as where:
        process = await asyncio.to_thread(where.start)
        async with Client.connect(socket=where.socket) as client:
            await asyncio.sleep(4.5)
            assert process.poll() is None, "it left although a client was there"
            await client.request("daemon/ping")
        assert await _ended(process) == 0
        assert not where.socket.exists()


async def test_a_daemon_with_a_run_stays_until_it_ends() -> None:
    async with ScriptedProvider() as provider:
        provider.script(SLEEP)
        settings = {"JOURNEYMAN_IDLE_EXIT_S": "3", "JOURNEYMAN_MODEL_BASE_URL": provider.base_url}
        with place(**settings) as where:
            process = await asyncio.to_thread(where.start)
            run = await _begun(where, provider)
            await asyncio.sleep(4.5)
            assert process.poll() is None, "it left in the middle of a run"
            async with Client.connect(socket=where.socket) as client:
                cancelled = await client.request("agent/cancel", {"runId": run})
                assert cancelled["status"] == "cancelled"
                assert not _sleeps()
            assert await _ended(process) == 0


async def _begun(where: Place, provider: ScriptedProvider) -> str:
    """A run whose command sleeps; the client that started it is gone."""
    async with Client.connect(socket=where.socket) as client:
        order = {"prompt": "Sleep.", "mode": "execute", "model": "openai-compatible/x", "wait": "accepted"}
        accepted = await client.request("agent/run", order)
        async for event in client.events(accepted["chatId"], after="start"):
            if event["kind"] == "tool/started":
                break
    assert provider.requests
    return str(accepted["runId"])


async def test_told_to_end_in_the_middle_of_a_run_it_answers_first() -> None:
    async with ScriptedProvider() as provider:
        provider.script(SLEEP)
        with place(JOURNEYMAN_MODEL_BASE_URL=provider.base_url) as where:
            process = await asyncio.to_thread(where.start)
            async with Client.connect(socket=where.socket) as client:
                order = {"prompt": "Sleep.", "mode": "execute", "model": "openai-compatible/x"}
                held = asyncio.ensure_future(client.request("agent/run", order))
                while not provider.requests:  # noqa: ASYNC110 - another process asks the provider
                    await asyncio.sleep(0.02)
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(PATIENCE_S):
                    (answered,) = await asyncio.gather(held, return_exceptions=True)
                assert isinstance(answered, Failure)
                assert (answered.kind, answered.data["code"]) == ("cancelled", -32800)
            assert await _ended(process) == 0
            assert not _sleeps()
            assert await _last_word(where) == ("cancelled", "shutdown")


async def _last_word(where: Place) -> tuple[str, str]:
    """How the newest chat's run ended, as a daemon started anew tells it."""
    process = await asyncio.to_thread(where.start)
    async with Client.connect(socket=where.socket) as client:
        (chat,) = (await client.request("chat/list"))["items"]
        async for event in client.events(chat["id"], after="start"):
            if event["kind"] == "run/finished":
                break
        else:
            raise AssertionError("the run has no terminal event")
    process.terminate()
    assert await _ended(process) == 0
    return event["data"]["status"], event["data"]["stopReason"]


async def test_new_runs_are_refused_while_it_ends() -> None:
    async with ScriptedProvider() as provider:
        provider.script(SLEEP)
        with place(JOURNEYMAN_MODEL_BASE_URL=provider.base_url) as where:
            process = await asyncio.to_thread(where.start)
            async with Client.connect(socket=where.socket) as client:
                await _begun(where, provider)
                process.send_signal(signal.SIGTERM)
                kinds: list[str] = []
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        while True:
                            await client.request("agent/run", {"prompt": "More.", "wait": "accepted"})
                except Failure as failure:
                    kinds.append(failure.kind)
                assert kinds in (["draining"], ["cancelled"])
            assert await _ended(process) == 0


async def test_a_daemon_whose_data_is_gone_leaves() -> None:
    with place() as where:
        process = await asyncio.to_thread(where.start)
        shutil.rmtree(where.data)
        await _ended(process)
