"""Nothing heavy is imported before it is needed: the daemon answers `initialize` at once because of it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("litellm", "aiohttp", "httpx", "openai", "boto3", "botocore", "docker", "keyring", "mcp")

PROGRAM = f"""
import importlib, pkgutil, sys
import journeyman.model, journeyman.adapters.litellm_model, journeyman.adapters.openai_compatible
import journeyman.testing.model
for module in pkgutil.walk_packages(journeyman.model.__path__, "journeyman.model."):
    importlib.import_module(module.name)
from journeyman.model.registry import ModelRegistry
from journeyman.adapters.litellm_model import LitellmModel
from journeyman.adapters.openai_compatible import OpenAiCompatibleModel
registry = ModelRegistry({{"openai_compatible": OpenAiCompatibleModel, "litellm": LitellmModel}})
registry.list()
registry.resolve("ollama/x")
registry.resolve("bedrock/x")
print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def test_building_and_listing_models_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
