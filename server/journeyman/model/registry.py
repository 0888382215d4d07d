"""Which models there are, which are usable now and why not, and the `Model` behind a name.

A name is `provider/name`: `openrouter/qwen/qwen3-coder`, `ollama/llama3.2`. Models that need no provider
(scripted ones, recordings) are injected under names of their own. Adapters are built by the factories the
composition root hands in; this module knows them by name only.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from journeyman.failures import Failure
from journeyman.model.catalog import Catalog, Provider, load_catalog
from journeyman.model.keys import KEYRING_SERVICE, Keys
from journeyman.model.providers import ProviderConfig
from journeyman.model.reachable import answers, is_local
from journeyman.model.replay import ReplayModel
from journeyman.ports.model import Model, ModelInfo

ModelFactory = Callable[[ProviderConfig], Model]
INJECTED_PROVIDERS = ("scripted", "replay")
OPENED_MAX = 16
SMALL: Mapping[str, Any] = {"tool_mode": "blocks", "family": "small"}


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    info: ModelInfo
    model: Model
    """Shared by everybody who resolves this name; the registry closes it."""


class ModelRegistry:
    def __init__(
        self,
        factories: Mapping[str, ModelFactory],
        *,
        catalog: Catalog | None = None,
        keys: Keys | None = None,
        base_urls: Mapping[str, str | None] | None = None,
        timeout_s: float = 120.0,
        openers: Mapping[str, Callable[[str], Model]] | None = None,
        probe: Callable[[str], Awaitable[bool]] = answers,
        images: Sequence[str] = (),
        small: Sequence[str] = (),
    ) -> None:
        """`factories`: adapter name of the catalogue (`openai_compatible`, `litellm`) to what builds it.
        `base_urls`: provider to an address instead of the catalogue's; None changes nothing.
        `openers`: reserved provider (`replay`) to what opens any of its names, such as a recording's path.
        `probe`: whether a server on this machine answers at an address.
        `images`: models that take images, beside those the catalogue knows; `*` stands for anything.
        `small`: models too weak to call tools, likewise."""
        self._factories = factories
        self._catalog = catalog or load_catalog()
        self._keys = keys or Keys()
        self._base_urls = base_urls or {}
        self._timeout_s = timeout_s
        self._openers = openers or {}
        self._probe = probe
        self._images = images
        self._small = small
        self._silent: set[str] = set()
        """Local providers that did not answer when last asked."""
        self._injected: dict[str, ResolvedModel] = {}
        self._opened: dict[str, ResolvedModel] = {}
        self._built: dict[tuple[str, str | None, str], Model] = {}
        """One adapter, and so one connection pool, for all models of a provider with the same options."""

    def inject(self, model_id: str, model: Model, info: ModelInfo | None = None) -> None:
        """Offer `model` under a name of the reserved providers, `scripted/...` or `replay/...`."""
        provider, _, name = model_id.partition("/")
        if provider not in INJECTED_PROVIDERS or not name:
            raise ValueError(f"{model_id!r}: injected models are named scripted/... or replay/...")
        self._injected[model_id] = self._given(model_id, model, info)

    async def refresh(self) -> None:
        """Read the keyring again and ask local servers whether they are there. Call it at start, and
        before `list` where new keys and servers should be seen."""
        providers = self._catalog.providers.values()
        await self._keys.refresh(providers)
        silent: set[str] = set()
        for provider in providers:
            url = self._base_url(provider)
            if url and is_local(url) and not await self._probe(url):
                silent.add(provider.id)
        self._silent = silent

    def list(self) -> tuple[ModelInfo, ...]:
        """Every model of the catalogue and every injected one, usable ones first, then by id."""
        infos = [self._judged(info) for info in self._catalog.models.values()]
        infos.extend(resolved.info for resolved in self._injected.values())
        return tuple(sorted(infos, key=lambda info: (not info.available, info.id)))

    def resolve(self, model_id: str) -> ResolvedModel:
        """The model called `model_id`. Raises `Failure`: `model_unknown` (with close names) or
        `model_key_missing` (with the variable to set). Builds the adapter, but connects to nothing."""
        if (injected := self._injected.get(model_id)) is not None:
            return injected
        provider_id, _, name = model_id.partition("/")
        if name and (opener := self._openers.get(provider_id)) is not None:
            return self._open(model_id, opener)
        provider = self._catalog.providers.get(provider_id)
        if provider is None or not name:
            raise self._unknown(model_id)
        obstacle = self._obstacle(provider)
        if obstacle is not None:
            raise obstacle
        info = self._judged(self._catalog.info(model_id))
        return ResolvedModel(info, self._model(provider, info))

    def default_model(self, wanted: str | None = None) -> str:
        """The id to use when nobody named a model: `wanted` (the user's setting), else the first of the
        catalogue's list that is usable. Raises `Failure("model_key_missing")` when none is."""
        if wanted:
            return wanted
        for model_id in self._catalog.default:
            provider = self._catalog.providers[model_id.partition("/")[0]]
            if self._obstacle(provider) is None:
                return model_id
        raise Failure(
            "model_key_missing",
            "No model is set up.",
            hint="Set a key in the daemon's environment, e.g. OPENROUTER_API_KEY, or name a local model "
            "with JOURNEYMAN_MODEL=ollama/<name>.",
        )

    async def choose(self, wanted: str | None) -> ResolvedModel:
        """The model called `wanted`, or the default one. Reads the keyring (and looks for local servers)
        only where the environment has not what is needed. Raises as `default_model` and `resolve` do."""
        try:
            return await self._described(self.resolve(self.default_model(wanted)))
        except Failure as failure:
            if failure.kind not in ("model_key_missing", "model_unreachable"):
                raise
        await self.refresh()
        return self.resolve(self.default_model(wanted))

    async def close(self) -> None:
        """Close every model that was built or injected."""
        given = [*self._injected.values(), *self._opened.values()]
        models = [*self._built.values(), *(resolved.model for resolved in given)]
        for held in (self._built, self._injected, self._opened):
            held.clear()
        for model in models:
            await model.close()

    def _open(self, model_id: str, opener: Callable[[str], Model]) -> ResolvedModel:
        """What `opener` makes of the name; the last few are kept, since a name may be any path."""
        resolved = self._opened.pop(model_id, None)
        if resolved is None:
            resolved = self._given(model_id, opener(model_id.partition("/")[2]), None)
        self._opened[model_id] = resolved
        if len(self._opened) > OPENED_MAX:
            self._opened.pop(next(iter(self._opened)))
        return resolved

    def _judged(self, info: ModelInfo) -> ModelInfo:
        provider = self._catalog.providers[info.provider]
        obstacle = self._obstacle(provider)
        if obstacle is None and provider.id in self._silent:
            # Only said, never in the way: it may have been started since.
            obstacle = Failure(
                "model_unreachable",
                f"Nothing answers at {self._base_url(provider)}.",
                hint="Start the server there.",
            )
        why = None if obstacle is None else f"{obstacle.message} {obstacle.hint}"
        extra = {**self._catalog.options(info), **self._habits(info)}
        images = self._takes_images(info)
        return dataclasses.replace(info, available=obstacle is None, why=why, extra=extra, images=images)

    def _habits(self, info: ModelInfo) -> Mapping[str, Any]:
        small = any(fnmatchcase(info.id, pattern) for pattern in self._small)
        return SMALL if small else {}

    def _takes_images(self, info: ModelInfo) -> bool | None:
        """What the user says, then the catalogue; None: nobody knows."""
        if any(fnmatchcase(info.id, pattern) for pattern in self._images):
            return True
        if info.images is not None:
            return info.images
        return True if info.id.startswith(self._catalog.images) else None

    async def _described(self, resolved: ResolvedModel) -> ResolvedModel:
        """A recording as the model it is of: its window, and the family whose tools and words it had."""
        if not isinstance(resolved.model, ReplayModel):
            return resolved
        info = await resolved.model.described(resolved.info)
        family = self._family(await resolved.model.asked())
        extra = {**info.extra, **({} if family is None else {"family": family})}
        return dataclasses.replace(resolved, info=dataclasses.replace(info, extra=extra))

    def _family(self, model_id: str | None) -> str | None:
        if model_id is None or model_id.partition("/")[0] not in self._catalog.providers:
            return None
        info = self._catalog.info(model_id)
        return {**self._catalog.options(info), **self._habits(info)}.get("family")

    def _given(self, model_id: str, model: Model, info: ModelInfo | None) -> ResolvedModel:
        resolved = _injected(model_id, model, info)
        images = self._takes_images(resolved.info)
        extra = {**resolved.info.extra, **self._habits(resolved.info)}
        return dataclasses.replace(
            resolved, info=dataclasses.replace(resolved.info, images=images, extra=extra)
        )

    def _obstacle(self, provider: Provider) -> Failure | None:
        """Why no model of this provider can be used now."""
        if provider.adapter not in self._factories:
            return Failure(
                "model_unknown",
                f"This daemon has no adapter for {provider.title}.",
                hint="Use another model.",
            )
        if provider.adapter == "openai_compatible" and not self._base_url(provider):
            return Failure(
                "model_unreachable",
                f"There is no address for {provider.id} models.",
                hint="Set JOURNEYMAN_MODEL_BASE_URL, e.g. http://127.0.0.1:8080/v1.",
            )
        if not provider.key_optional and self._keys.get(provider) is None:
            return Failure(
                "model_key_missing",
                f"There is no key for {provider.title}.",
                hint=f"Set {provider.keys[0]} in the daemon's environment, "
                f"or run `keyring set {KEYRING_SERVICE} {provider.id}`.",
            )
        return None

    def _base_url(self, provider: Provider) -> str | None:
        url = self._base_urls.get(provider.id) or provider.base_url
        return url.rstrip("/") if url else None

    def _model(self, provider: Provider, info: ModelInfo) -> Model:
        found = self._keys.get(provider)
        key = found[0] if found else None
        slot = (provider.id, key, json.dumps(dict(info.extra), sort_keys=True))
        if slot not in self._built:
            self._built[slot] = self._factories[provider.adapter](
                ProviderConfig(
                    provider=provider.id,
                    base_url=self._base_url(provider),
                    api_key=key,
                    key_name=provider.keys[0] if provider.keys else None,
                    timeout_s=self._timeout_s,
                    headers=provider.headers,
                    options=dict(info.extra),
                )
            )
        return self._built[slot]

    def _unknown(self, model_id: str) -> Failure:
        known = [*self._catalog.models, *self._injected]
        tails = [ident for ident in known if model_id and ident.endswith(f"/{model_id}")]
        close = tails or difflib.get_close_matches(model_id, known, n=3, cutoff=0.5)
        hint = (
            f"Did you mean {' or '.join(close)}?"
            if close
            else f"A name is provider/model; the providers are {', '.join(sorted(self._catalog.providers))}."
        )
        return Failure("model_unknown", f"There is no model {model_id!r}.", hint=hint, data={"close": close})


def _injected(model_id: str, model: Model, info: ModelInfo | None) -> ResolvedModel:
    if info is None:
        provider, _, name = model_id.partition("/")
        extra = {"recording": True} if getattr(model, "recording", False) else {}
        info = ModelInfo(model_id, provider, name, None, True, extra=extra)
    return ResolvedModel(dataclasses.replace(info, available=True, why=None), model)
