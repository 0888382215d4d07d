"""docs/models.md is kept real: our settings read every example, and our registry knows every model in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from journeyman import paths
from journeyman.app.build import registry
from journeyman.config import Settings
from journeyman.failures import Failure
from journeyman.model.catalog import load_catalog

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```toml\n# (\S+)\n(.*?)```", TEXT, re.DOTALL))
KEYS = {name for provider in load_catalog().providers.values() for name in provider.keys}


def test_each_provider_has_its_example() -> None:
    servers = {"anthropic", "openai", "gemini", "openrouter", "ollama", "llama.cpp", "vllm"}
    assert set(EXAMPLES) == {*servers, "small"}
    assert TEXT.count("```toml") == len(EXAMPLES)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No keys, and a configuration of our own."""
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(paths, "config_file", lambda: tmp_path / "config.toml")
    return tmp_path / "config.toml"


@pytest.mark.parametrize("name", EXAMPLES)
async def test_an_example_gives_models_that_can_be_used(
    name: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.write_text(EXAMPLES[name], encoding="utf-8")
    settings = Settings()
    assert settings.model is not None
    catalog, known = load_catalog(), registry(settings, {})
    section = TEXT.partition(f"```toml\n# {name}\n")[0].rpartition("\n## ")[2]
    for model in (settings.model, *settings.model_fallbacks):
        provider = catalog.providers[model.partition("/")[0]]
        if not provider.key_optional:
            with pytest.raises(Failure) as missing:
                known.resolve(model)
            assert missing.value.kind == "model_key_missing"
            assert all(f"`{key}`" in section for key in provider.keys), "its keys are named"
            monkeypatch.setenv(provider.keys[0], "a-key-for-nothing")
        resolved = known.resolve(model)
        for key in provider.keys:
            monkeypatch.delenv(key, raising=False)
        assert resolved.info.available
        assert resolved.info.id == model
        if provider.id != "openai-compatible":
            assert model in catalog.models, "what is shown is what is known, with window and price"
    await known.close()


def test_keys_that_are_named_exist() -> None:
    named = set(re.findall(r"`(\w+_API_KEY)`", TEXT))
    assert named <= KEYS
