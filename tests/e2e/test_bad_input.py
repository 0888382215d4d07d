"""Bad input gets one sentence and what to do next, from a real daemon: ids, types, unknown fields, models."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, get_args

import pytest
import pytest_asyncio

from components.provider import ScriptedProvider, refusal
from e2e.daemons import place
from e2e.refused import ended, refused, served
from journeyman.client.connection import Client
from journeyman_protocol.base import Message
from journeyman_protocol.gen.markdown import golden_file
from journeyman_protocol.methods import REQUESTS
from journeyman_protocol.rows import Method

NOBODY = "00000000-0000-4000-8000-00000000dead"
MODEL = "openai-compatible/tiny"
HARMLESS = ("agent/unsubscribe", "workspace/unforward")
"""Not following a chat, not forwarding a port, is what was asked for, also where there is none."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncGenerator[ScriptedProvider]:
    async with ScriptedProvider() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(provider: ScriptedProvider) -> AsyncGenerator[Client]:
    keys = {"OPENROUTER_API_KEY": "", "OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": ""}
    with place(JOURNEYMAN_MODEL_BASE_URL=provider.base_url, **keys) as where:
        async with served(where) as connected:
            yield connected


pytestmark = pytest.mark.asyncio(loop_scope="module")


def _id_fields(method: Method) -> list[str]:
    return [name for name in ("project_id", "chat_id", "run_id") if name in method.params.model_fields]


def _example(method: Method) -> dict[str, Any]:
    example: dict[str, Any] = json.loads(golden_file(method.name).read_text(encoding="utf-8"))
    return dict(example["params"])


@pytest.mark.parametrize(
    "method", [m for m in REQUESTS if _id_fields(m) and m.name not in HARMLESS], ids=lambda m: m.name
)
async def test_an_id_that_names_nothing(client: Client, method: Method) -> None:
    nobody = dict.fromkeys(("projectId", "chatId", "runId", "checkpointId"), NOBODY)
    params = {**_example(method), **nobody}
    known = {field.alias or name for name, field in method.params.model_fields.items()}
    failure = await refused(
        client, method.name, {key: value for key, value in params.items() if key in known}
    )
    assert failure.kind == "not_found"
    assert NOBODY in failure.message


async def test_an_archive_that_is_not_there(client: Client) -> None:
    project = await client.request("project/create", {})
    failure = await refused(client, "workspace/restore", {"projectId": project["id"], "archiveId": NOBODY})
    assert failure.kind == "not_found"


@pytest.mark.parametrize("method", REQUESTS, ids=lambda m: m.name)
async def test_a_field_nobody_knows(client: Client, method: Method) -> None:
    failure = await refused(client, method.name, {**_example(method), "nobodyKnows": 1})
    assert failure.kind == "invalid"
    assert "nobodyKnows" in failure.hint


def _wrong(method: Method) -> list[tuple[str, Any]]:
    fields: dict[str, Any] = method.params.model_fields
    return [(field.alias or name, {"wrong": "type"}) for name, field in fields.items() if not _open(field)]


def _open(field: Any) -> bool:
    """Whether a field takes any object."""
    return any(
        each is dict or getattr(each, "__origin__", None) is dict
        for each in (field.annotation, *get_args(field.annotation))
    )


@pytest.mark.parametrize(
    ("method", "name", "value"),
    [(m, name, value) for m in REQUESTS for name, value in _wrong(m)],
    ids=lambda value: value.name if isinstance(value, Method) else str(value)[:20],
)
async def test_a_field_of_the_wrong_type(client: Client, method: Method, name: str, value: Any) -> None:
    failure = await refused(client, method.name, {**_example(method), name: value})
    assert failure.kind == "invalid"
    assert name in failure.hint


async def test_every_message_type_is_strict() -> None:
    loose = [m.name for m in REQUESTS if m.params.model_config.get("extra") != "forbid"]
    assert loose == []
    assert Message.model_config.get("extra") == "forbid"


@pytest.mark.parametrize(
    ("model", "kind", "says"),
    [
        ("openrouter/qwen/qwen3-coder", "model_key_missing", "OPENROUTER_API_KEY"),
        ("anthropic/claude-sonnet-4-5", "model_key_missing", "ANTHROPIC_API_KEY"),
        ("nobody/knows", "model_unknown", "provider"),
        ("qwen3-coder", "model_unknown", "openrouter/qwen/qwen3-coder"),
        ("ollama/llama3.2", "model_unreachable", ""),
        ("replay//no/such/file.jsonl", "invalid", "/no/such/file.jsonl"),
    ],
)
async def test_a_model_that_cannot_be_had(client: Client, model: str, kind: str, says: str) -> None:
    run = await ended(client, model=model)
    assert (run["status"], run["stopReason"]) == ("failed", kind)
    assert says in run["summary"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "model_refused"), (404, "model_unknown"), (500, "model_unreachable"), (429, "model_refused")],
)
async def test_a_provider_that_refuses(
    client: Client, provider: ScriptedProvider, status: int, reason: str
) -> None:
    provider.script(*[refusal(status, "no", **{"Retry-After": "0"})] * 4)
    run = await ended(client, model=MODEL)
    assert (run["status"], run["stopReason"]) == ("failed", reason)
    provider._replies.clear()
