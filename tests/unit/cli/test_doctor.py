"""What doctor shows of what was found, and how it ends."""

from __future__ import annotations

import json

import pytest

from journeyman import app
from journeyman.cli import output
from journeyman.cli.main import main
from journeyman.config import Settings
from journeyman.ports.diagnosis import Finding

WORKS = Finding("docker", True, "container")
NOTE = Finding("models", None, "No model is set up.", "Set a key.")
BROKEN = Finding("archives", False, "The bucket \x1b[2J refuses.", "Check the credentials.")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    findings: list[Finding] = []

    async def diagnose(settings: Settings) -> list[Finding]:
        return findings

    monkeypatch.setattr(app, "diagnose", diagnose)
    output.stdout.cache_clear()
    return findings


@pytest.mark.parametrize(("findings", "code"), [([WORKS], 0), ([WORKS, NOTE], 0), ([BROKEN, WORKS], 1)])
def test_only_what_is_needed_and_broken_fails(
    found: list[Finding], findings: list[Finding], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found.extend(findings)
    assert main(["doctor"]) == code
    out = capsys.readouterr().out
    assert ("Everything that is needed works." in out) == (code == 0)


def test_what_to_do_stands_beside_what_is_wrong(
    found: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    found.append(BROKEN)
    main(["doctor"])
    assert "broken\tarchives\tThe bucket ␛[2J refuses.\tCheck the credentials.\n" in capsys.readouterr().out


def test_json_has_every_finding(found: list[Finding], capsys: pytest.CaptureFixture[str]) -> None:
    found.extend([WORKS, NOTE])
    assert main(["doctor", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(f["name"], f["ok"]) for f in shown][-2:] == [("docker", True), ("models", None)]
    assert shown[0]["name"] == "python"


def test_settings_that_cannot_be_read_are_a_finding(
    found: list[Finding], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNEYMAN_RUNS_MAX", "many")
    assert main(["doctor"]) == 1
    assert "runs_max" in capsys.readouterr().out
