"""What doctor finds out about the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.app import diagnosis
from journeyman.config import Settings
from journeyman.ports.diagnosis import Finding


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in diagnosis.PROXIES:
        monkeypatch.delenv(name, raising=False)


async def egress(tmp_path: Path, **chosen: object) -> Finding:
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "objects": str(tmp_path), **chosen})
    [found] = [each for each in await diagnosis.diagnose(settings) if each.name == "egress"]
    return found


async def test_the_policy_in_force(tmp_path: Path) -> None:
    found = await egress(tmp_path, egress_allow=("pypi.org", "*.example.com"))
    assert (found.ok, found.detail) == (True, "allowlist: workspaces reach 2 hosts by name")
    assert (await egress(tmp_path, egress="none")).ok
    assert (await egress(tmp_path, egress="open")).ok is None, "worth a note"
    wrong = await egress(tmp_path, egress_allow=("10.0.0.1",))
    assert wrong.ok is False
    assert "10.0.0.1" in wrong.detail


async def test_a_proxy_of_this_machine_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    found = await egress(tmp_path)
    assert found.ok is None
    assert "proxy is not used" in found.detail
