"""`catalog.toml` as typed values. Data only: what is usable now is the registry's question."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from journeyman.ports.model import ModelInfo


@dataclass(frozen=True, slots=True)
class Provider:
    id: str
    title: str
    adapter: str
    """The name of the factory that builds its models."""
    base_url: str | None
    keys: tuple[str, ...]
    """Environment variables its key may be in."""
    key_optional: bool
    options: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Catalog:
    providers: dict[str, Provider]
    models: dict[str, ModelInfo]
    families: tuple[tuple[str, dict[str, Any]], ...]
    """Id prefix and the options of every model below it."""
    default: tuple[str, ...]
    """Model ids in the order in which a default is looked for."""
    images: tuple[str, ...] = ()
    """Beginnings of the ids of models that take images."""

    def info(self, model_id: str) -> ModelInfo:
        """The entry of `model_id` (`provider/name`), or an empty one where it is not listed."""
        provider, _, name = model_id.partition("/")
        return self.models.get(model_id) or ModelInfo(model_id, provider, name, None, None)

    def options(self, info: ModelInfo) -> dict[str, Any]:
        """The provider's habits, then its family's, then the model's own."""
        options = dict(self.providers[info.provider].options)
        for prefix, more in self.families:
            if info.id.startswith(prefix):
                options |= more
        return options | dict(info.extra)


def parse_catalog(text: str) -> Catalog:
    data = tomllib.loads(text)
    providers = {
        ident: Provider(
            id=ident,
            title=row.get("title", ident),
            adapter=row["adapter"],
            base_url=row.get("base_url"),
            keys=tuple(row.get("keys", ())),
            key_optional=row.get("key_optional", False),
            options=row.get("options", {}),
            headers=row.get("headers", {}),
        )
        for ident, row in data["providers"].items()
    }
    models = {row["id"]: _model(row) for row in data.get("models", ())}
    families = tuple((row["prefix"], row["options"]) for row in data.get("families", ()))
    return Catalog(providers, models, families, tuple(data.get("default", ())), tuple(data.get("images", ())))


def _model(row: dict[str, Any]) -> ModelInfo:
    provider, _, name = row["id"].partition("/")
    extra = dict(row.get("options", {}))
    if "cached" in row:
        extra["cached_usd_per_million"] = row["cached"]
    return ModelInfo(
        id=row["id"],
        provider=provider,
        name=name,
        context_window=row.get("context"),
        tool_use=row.get("tools"),
        input_usd_per_million=row.get("input"),
        output_usd_per_million=row.get("output"),
        extra=extra,
    )


@cache
def load_catalog() -> Catalog:
    """The catalogue that ships with the package."""
    text = resources.files("journeyman.model").joinpath("catalog.toml").read_text("utf-8")
    return parse_catalog(text)
