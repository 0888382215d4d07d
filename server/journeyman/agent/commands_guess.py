"""How a project is probably built and tested, from its manifests. Only what they say outright. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from journeyman.records import Commands

MANIFESTS = ("Makefile", "package.json", "Cargo.toml", "go.mod", "pyproject.toml")


def guess(manifests: Mapping[str, str]) -> Commands:
    """`manifests`: name -> text, for the files of `MANIFESTS` that are at the project's root."""
    makefile = manifests.get("Makefile", "")
    if re.search(r"^test\s*:(?!=)", makefile, re.M):
        build = "make build" if re.search(r"^build\s*:(?!=)", makefile, re.M) else None
        return Commands(build=build, test="make test")
    if "package.json" in manifests:
        return _node(manifests["package.json"])
    if "Cargo.toml" in manifests:
        return Commands(build="cargo build", test="cargo test")
    if "go.mod" in manifests:
        return Commands(build="go build ./...", test="go test ./...")
    if "[tool.pytest" in manifests.get("pyproject.toml", ""):
        return Commands(test="python3 -m pytest -q")
    return Commands()


def _node(text: str) -> Commands:
    try:
        found: Any = json.loads(text).get("scripts", {})
    except (ValueError, AttributeError):
        return Commands()
    scripts = cast(dict[str, Any], found) if isinstance(found, dict) else {}
    test = str(scripts.get("test", "no test specified"))
    return Commands(
        build="npm run build" if "build" in scripts else None,
        test=None if "no test specified" in test else "npm test",
    )
