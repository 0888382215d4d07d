"""litellm behind our adapter: the same hazards, and nothing on standard output whatever goes wrong."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import textwrap

import pytest

from components.endpoint import REQUEST
from components.hazards import HAZARDS
from components.provider import ScriptedProvider, refusal, text_answer
from contract.test_model_hazards import NAMES, check
from contract.test_model_hazards import REQUEST as HAZARD_REQUEST
from contract.test_model_requests import ONE, PICTURED, shown
from journeyman.adapters import litellm_model
from journeyman.adapters.litellm_model import LitellmModel
from journeyman.failures import Failure
from journeyman.model.assembly import collect
from journeyman.model.providers import ProviderConfig

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("litellm"),  # it takes seconds to import: in one process is enough
    pytest.mark.filterwarnings("ignore:Accessing the 'model_"),  # litellm does that
]


async def test_every_hazard_through_litellm() -> None:
    async with ScriptedProvider() as provider:
        model = LitellmModel(ProviderConfig("openai", provider.base_url, api_key="sk-test"))
        for hazard in HAZARDS:
            provider.script(hazard.reply)
            if hazard.failure is None:
                check(hazard, await collect(model.stream(HAZARD_REQUEST), tool_names=NAMES))
                continue
            with pytest.raises(Failure) as caught:
                await collect(model.stream(HAZARD_REQUEST), tool_names=NAMES)
            assert caught.value.kind == hazard.failure
        assert len(provider.requests) == len(HAZARDS), "litellm must not retry by itself"
        await model.close()


async def test_request_and_refusals_through_litellm() -> None:
    async with ScriptedProvider() as provider:
        config = ProviderConfig("openai", provider.base_url, api_key="sk-test", key_name="OPENAI_API_KEY")
        model = LitellmModel(config)
        provider.script(text_answer("ok"))
        assert (await collect(model.stream(REQUEST))).text == "ok"
        sent = provider.requests[0].json
        assert sent["model"] == "qwen/qwen3-coder"
        assert [m["role"] for m in sent["messages"]] == ["system", "user", "assistant", "tool"]
        provider.script(text_answer("ok"))
        await collect(model.stream(PICTURED))
        assert provider.requests[1].json["messages"][1]["content"][:1] == [shown(ONE)]
        for status, kind, retryable in [
            (401, "model_refused", False),
            (404, "model_unknown", False),
            (429, "model_refused", True),
            (500, "model_unreachable", True),
        ]:
            provider.script(refusal(status, "no", Retry_After="3"))
            with pytest.raises(Failure) as caught:
                await collect(model.stream(REQUEST))
            assert (caught.value.kind, caught.value.retryable) == (kind, retryable)
            assert caught.value.retry_after_ms == (3000 if retryable else None)
        await model.close()


def test_nothing_reaches_standard_output() -> None:
    """In a process of its own, so that the file descriptor itself is seen."""
    program = textwrap.dedent(
        """
        import asyncio
        from journeyman.adapters.litellm_model import LitellmModel
        from journeyman.failures import Failure
        from journeyman.model.providers import ProviderConfig
        from journeyman.ports.model import ModelRequest

        async def main():
            failures = 0
            for provider, url in [("nosuchprovider", None), ("openai", "http://127.0.0.1:9/v1")]:
                model = LitellmModel(ProviderConfig(provider, url, api_key="sk-x"))
                try:
                    async for _ in model.stream(ModelRequest("m", "", ())):
                        pass
                except Failure:
                    failures += 1
                await model.close()
            assert failures == 2

        asyncio.run(main())
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()[-2000:]


@pytest.mark.parametrize("version", ["1.82.7", "1.82.8"])
def test_stolen_releases_are_not_loaded(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: version)
    with pytest.raises(Failure, match="stole"):
        litellm_model.load()


def test_missing_mcp_is_said_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Failure, match="mcp") as caught:
        litellm_model.load()
    assert not caught.value.retryable
