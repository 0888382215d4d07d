"""Shared fixtures. Real components are in `components/`: each installs and starts what it needs, skips where
it cannot, and fails instead of skipping under CI."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_HERE = Path(__file__).parent / "components"
pytest_plugins = [
    f"components.{name}"
    for name in (
        "docker_engine",
        "s3_server",
        "plain_s3_server",
        "provider",
        "small_model",
        "sandbox",
        "acp_sdk",
        "vscode",
    )
    if (_HERE / f"{name}.py").exists()
]

ONE_OF_A_KIND = ("docker", "smallmodel", "vscode")
"""What there is one of on a machine: tests that need it stay in one process when several run tests."""


# What an example takes says how busy the machine is, and nothing else.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """What a shell puts in the background has SIGINT ignored, and so would be all that we start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in ONE_OF_A_KIND:
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.xdist_group(name))
