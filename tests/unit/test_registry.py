from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest

from journeyman import redaction
from journeyman.failures import Failure
from journeyman.model import keys as keys_module
from journeyman.model.catalog import load_catalog
from journeyman.model.keys import Keys
from journeyman.model.providers import ProviderConfig
from journeyman.model.registry import OPENED_MAX, ModelRegistry
from journeyman.model.replay import ReplayModel
from journeyman.ports.model import Model
from journeyman.testing.model import ScriptedModel, say

SECRET = "a-very-secret-key-1"


class Factory:
    def __init__(self) -> None:
        self.built: list[ProviderConfig] = []
        self.models: list[ScriptedModel] = []

    def __call__(self, config: ProviderConfig) -> Model:
        self.built.append(config)
        self.models.append(ScriptedModel([say("hi")]))
        return self.models[-1]


async def _there(url: str) -> bool:
    return True


def registry(
    environ: dict[str, str] | None = None, factory: Factory | None = None, **more: object
) -> ModelRegistry:
    made = factory or Factory()
    more.setdefault("probe", _there)
    keys = more.pop("keys", None) or Keys(environ or {}, keyring=lambda service, provider: None)
    return ModelRegistry({"openai_compatible": made, "litellm": made}, keys=keys, **more)  # type: ignore[arg-type]


def test_resolves_the_founding_model() -> None:
    factory = Factory()
    resolved = registry({"OPENROUTER_API_KEY": SECRET}, factory).resolve("openrouter/qwen/qwen3-coder")
    assert (resolved.info.provider, resolved.info.name) == ("openrouter", "qwen/qwen3-coder")
    assert resolved.info.context_window == 262144
    assert resolved.info.available
    config = factory.built[0]
    assert (config.base_url, config.api_key) == ("https://openrouter.ai/api/v1", SECRET)
    assert config.options["usage_include"] is True
    assert SECRET not in repr(config)
    assert redaction.redact(f"key={SECRET}") == "key=[redacted]"


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("anthropic/claude-sonnet-5-5", "litellm"),
        ("gemini/gemini-3.8-flash", "litellm"),
        ("openrouter/anthropic/claude-sonnet-4.5", "reasoning"),
        ("openai/gpt-5.4", "reasoning_effort"),
        ("openai/gpt-4.1", None),
        ("groq/openai/gpt-oss-120b", "reasoning_effort"),
        ("bedrock/anthropic.claude-sonnet-4", "litellm"),
        ("ollama/qwen3-coder", None),
    ],
)
def test_how_each_is_asked_for_effort(name: str, style: str | None) -> None:
    factory, provider = Factory(), load_catalog().providers[name.partition("/")[0]]
    registry(dict.fromkeys(provider.keys, SECRET), factory).resolve(name)
    assert factory.built[0].options.get("effort") == style


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("anthropic/claude-sonnet-5-5", True),
        ("openrouter/google/gemini-2.5-pro", True),
        ("openrouter/google/gemma-3", None),
        ("openrouter/qwen/qwen3-coder", None),
        ("ollama/llava:13b", True),
        ("ollama/llama3.2", None),
        ("scripted/seeing", True),
        ("scripted/blind", None),
    ],
)
def test_who_takes_images_says_the_user_then_the_catalogue(name: str, takes: bool | None) -> None:
    keys = {"OPENROUTER_API_KEY": SECRET, "ANTHROPIC_API_KEY": SECRET}
    known = registry(keys, images=("ollama/llava*", "scripted/seeing"))
    for each in ("scripted/seeing", "scripted/blind"):
        known.inject(each, ScriptedModel([]))
    assert known.resolve(name).info.images is takes
    assert [info.images for info in known.list() if info.id == name] in ([takes], [])


def test_unlisted_names_of_known_providers_are_accepted_at_an_unknown_price() -> None:
    resolved = registry({"OPENROUTER_API_KEY": SECRET}).resolve("openrouter/some/new-model:free")
    assert resolved.info.name == "some/new-model:free"
    assert resolved.info.input_usd_per_million is None
    assert resolved.info.context_window is None


def test_one_adapter_for_all_models_of_a_provider() -> None:
    factory = Factory()
    models = registry({"OPENROUTER_API_KEY": SECRET}, factory)
    first, second = (models.resolve(f"openrouter/a/{n}") for n in "ab")
    assert first.model is second.model
    assert models.resolve("openrouter/anthropic/x").model is not first.model  # its family has other habits


@pytest.mark.parametrize(
    ("name", "kind", "hint"),
    [
        ("openrouter/qwen/qwen3-coder", "model_key_missing", "OPENROUTER_API_KEY"),
        ("gemini/gemini-2.5-pro", "model_key_missing", "keyring set journeyman gemini"),
        ("openruoter/qwen/qwen3-coder", "model_unknown", "openrouter/qwen/qwen3-coder"),
        ("qwen/qwen3-coder", "model_unknown", "openrouter/qwen/qwen3-coder"),
        ("zzz", "model_unknown", "openrouter"),
        ("openrouter/", "model_unknown", ""),
        ("", "model_unknown", "provider/model"),
        ("scripted/nothing", "model_unknown", ""),
        ("openai-compatible/any", "model_unreachable", "JOURNEYMAN_MODEL_BASE_URL"),
    ],
)
def test_refusals_say_what_to_do(name: str, kind: str, hint: str) -> None:
    with pytest.raises(Failure) as caught:
        registry().resolve(name)
    assert caught.value.kind == kind
    assert hint in caught.value.hint


def test_own_server_and_local_models_need_no_key() -> None:
    factory = Factory()
    models = registry(factory=factory, base_urls={"openai-compatible": "http://127.0.0.1:8080/v1/"})
    assert models.resolve("openai-compatible/qwen").info.available
    assert factory.built[0].base_url == "http://127.0.0.1:8080/v1"
    assert models.resolve("ollama/llama3.2").info.name == "llama3.2"


def test_list_says_which_are_usable_and_why_not() -> None:
    infos = {info.id: info for info in registry({"OPENAI_API_KEY": SECRET}).list()}
    assert infos["openai/gpt-4.1"].available
    assert infos["openai/gpt-4.1"].why is None
    missing = infos["openrouter/qwen/qwen3-coder"]
    assert not missing.available
    assert "OPENROUTER_API_KEY" in (missing.why or "")
    order = [info.available for info in registry({"OPENAI_API_KEY": SECRET}).list()]
    assert order == sorted(order, reverse=True)


def test_a_provider_without_its_adapter_is_not_offered() -> None:
    models = ModelRegistry({}, keys=Keys({"OPENAI_API_KEY": SECRET}))
    assert not any(info.available for info in models.list())


async def test_injected_models() -> None:
    models, scripted = registry(), ScriptedModel([])
    models.inject("scripted/demo", scripted)
    assert models.resolve("scripted/demo").model is scripted
    assert "scripted/demo" in [info.id for info in models.list() if info.available]
    with pytest.raises(ValueError):
        models.inject("openai/gpt-4.1", scripted)
    await models.close()
    assert scripted.closed


async def test_a_local_server_that_is_not_there_is_said_but_not_in_the_way() -> None:
    asked: list[str] = []

    async def probe(url: str) -> bool:
        asked.append(url)
        return ":8080" in url

    models = registry(
        {"OPENAI_API_KEY": SECRET}, probe=probe, base_urls={"openai-compatible": "http://localhost:8080/v1"}
    )
    await models.refresh()
    infos = {info.id: info for info in models.list()}
    assert asked == ["http://127.0.0.1:11434/v1", "http://localhost:8080/v1"]
    assert infos["openai-compatible/default"].available
    assert not infos["ollama/qwen3-coder"].available
    assert "11434" in (infos["ollama/qwen3-coder"].why or "")
    assert models.resolve("ollama/qwen3-coder").model is not None


async def test_names_that_are_opened_are_kept_within_bounds() -> None:
    opened: list[ScriptedModel] = []

    def open_(name: str) -> Model:
        opened.append(ScriptedModel([say(name)]))
        return opened[-1]

    models = registry(openers={"replay": open_})
    first = models.resolve("replay/a/b.jsonl")
    assert models.resolve("replay/a/b.jsonl").model is first.model
    for number in range(OPENED_MAX):
        models.resolve(f"replay/{number}")
    assert models.resolve("replay/a/b.jsonl").model is not first.model
    assert not any(info.provider == "replay" for info in models.list())
    await models.close()
    assert sum(model.closed for model in opened) == OPENED_MAX


@pytest.mark.parametrize(
    ("environ", "wanted", "expected"),
    [
        ({"OPENROUTER_API_KEY": SECRET, "OPENAI_API_KEY": SECRET}, None, "openrouter/qwen/qwen3-coder"),
        ({"ANTHROPIC_API_KEY": SECRET}, None, "anthropic/claude-sonnet-5-5"),
        ({}, "ollama/x", "ollama/x"),
    ],
)
def test_default_model(environ: dict[str, str], wanted: str | None, expected: str) -> None:
    assert registry(environ).default_model(wanted) == expected


def test_no_default_model() -> None:
    with pytest.raises(Failure) as caught:
        registry({"OPENROUTER_API_KEY": "  "}).default_model()
    assert caught.value.kind == "model_key_missing"


async def test_keys_from_the_keyring_after_refresh() -> None:
    asked: list[tuple[str, str, bool]] = []

    def lookup(service: str, provider: str) -> str | None:
        asked.append((service, provider, threading.current_thread() is threading.main_thread()))
        return "from-the-keyring" if provider == "groq" else None

    models = registry(keys=Keys({"OPENAI_API_KEY": SECRET}, keyring=lookup))
    assert asked == []
    await models.refresh()
    assert ("journeyman", "groq", False) in asked
    assert not any(provider == "openai" for _, provider, _ in asked), "the environment has that one"
    assert models.resolve("groq/openai/gpt-oss-120b").info.available
    assert redaction.redact("x from-the-keyring y") == "x [redacted] y"


async def test_a_bad_keyring_is_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(service: str, provider: str) -> str | None:
        raise RuntimeError("no backend")

    models = registry(keys=Keys({}, keyring=broken))
    await models.refresh()
    released = threading.Event()

    def stuck(service: str, provider: str) -> str | None:
        released.wait(90)
        return None

    monkeypatch.setattr(keys_module, "KEYRING_WAIT_S", 0.01)
    await registry(keys=Keys({}, keyring=stuck)).refresh()
    released.set()
    await asyncio.sleep(0)


def test_the_catalogue_is_sound() -> None:
    catalog = load_catalog()
    assert set(catalog.default) <= set(catalog.models)
    for info in catalog.models.values():
        assert info.provider in catalog.providers
        for price in (info.input_usd_per_million, info.output_usd_per_million):
            assert price is None or price > 0, f"{info.id}: an unknown price is left out, never 0"
        assert (info.input_usd_per_million is None) == (info.output_usd_per_million is None)
    for provider in catalog.providers.values():
        assert provider.adapter in ("openai_compatible", "litellm")
        assert provider.keys


def test_who_is_too_weak_for_tool_calls_is_what_the_user_says() -> None:
    factory = Factory()
    known = registry({}, factory, small=["ollama/smol*", "scripted/s"])
    known.inject("scripted/s", ScriptedModel([say("hi")]))
    for name, small in (("ollama/smollm2:135m", True), ("ollama/qwen3-coder", False), ("scripted/s", True)):
        extra = known.resolve(name).info.extra
        assert (extra.get("family") == "small", extra.get("tool_mode") == "blocks") == (small, small), name
    assert [config.options.get("tool_mode") for config in factory.built] == ["blocks", None]


@pytest.mark.parametrize(
    ("asked", "family"),
    [
        ("openai/gpt-5.4", "gpt"),
        ("openai-compatible/tiny-1", "small"),
        ("openrouter/anthropic/claude-sonnet-4.5", None),
        ("replay//tmp/other.jsonl", None),
    ],
)
async def test_a_run_is_done_again_with_the_tools_and_words_of_the_model_it_was_recorded_of(
    tmp_path: Path, asked: str, family: str | None
) -> None:
    file = tmp_path / "t.jsonl"
    lines = [{"trajectory": 2}, {"type": "request", "model": asked}, {"type": "request", "model": "other/x"}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    opened = {"replay": lambda name: ReplayModel(Path(name))}
    registry = ModelRegistry({}, openers=opened, small=("openai-compatible/tiny*",))
    found = await registry.choose(f"replay/{file}")
    assert found.info.extra.get("family") == family
