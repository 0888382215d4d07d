"""Shared fixtures. Real components are in `components/`: each installs and starts what it needs, skips where
it cannot, and fails instead of skipping under CI."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent / "components"
pytest_plugins = [
    f"components.{name}"
    for name in ("docker_engine", "s3_server", "provider", "small_model", "sandbox")
    if (_HERE / f"{name}.py").exists()
]
