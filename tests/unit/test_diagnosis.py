"""What doctor finds out about the way out and about traces."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.collector import Collector
from journeyman.adapters import otlp
from journeyman.app import diagnosis
from journeyman.app.keys import new_key_file
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


async def traces(tmp_path: Path, endpoint: str | None) -> Finding:
    settings = Settings.model_validate(
        {"data_dir": tmp_path / "data", "objects": str(tmp_path), "otel_endpoint": endpoint}
    )
    [found] = [each for each in await diagnosis.diagnose(settings) if each.name == "traces"]
    return found


async def test_where_traces_go(tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in otlp.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert (await traces(tmp_path, None)).ok
    nobody = await traces(tmp_path, f"http://127.0.0.1:{unused_tcp_port}")
    assert (nobody.ok, nobody.hint) == (None, "Start the collector.")
    async with Collector() as collector:
        there = await traces(tmp_path, collector.url)
        assert (there.ok, there.detail) == (True, f"Sent to {collector.url}/v1/traces.")
    monkeypatch.setattr(otlp, "find_spec", lambda name: None)
    missing = await traces(tmp_path, "http://127.0.0.1:1")
    assert missing.ok is None
    assert "journeyman[otel]" in missing.hint


async def archives(tmp_path: Path, key: Path | None) -> Finding:
    settings = Settings.model_validate(
        {"data_dir": tmp_path / "data", "objects": str(tmp_path / "store"), "archive_key_file": key}
    )
    [found] = [each for each in await diagnosis.diagnose(settings) if each.name == "archives"]
    return found


async def test_an_encrypted_store_without_its_key(tmp_path: Path) -> None:
    key = tmp_path / "key"
    missing = await archives(tmp_path, key)
    assert (missing.ok, missing.detail) == (
        False,
        f"The key file {key} cannot be read: No such file or directory.",
    )
    key.write_text(new_key_file())
    key.chmod(0o600)
    found = await archives(tmp_path, key)
    assert (found.ok, "encrypted; create-only" in found.detail) == (True, True)
    without = await archives(tmp_path, None)
    assert (without.ok, "no key is set" in without.detail) == (False, True)
    assert "archive_key_file" in without.hint


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620])
async def test_a_key_that_others_may_read_is_used_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    key = tmp_path / "key"
    key.write_text(new_key_file())
    key.chmod(mode)
    found = await archives(tmp_path, key)
    assert (found.ok, found.hint) == (None, f"chmod 600 {key}")
    assert f"The key file {key} is open to others." in found.detail
    assert f"The key file {key} is open to others. Run: chmod 600 {key}" in caplog.messages
