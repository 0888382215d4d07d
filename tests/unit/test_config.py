"""Settings: where they come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from journeyman.app.egress import policy
from journeyman.config import Settings
from journeyman.egress.policy import policy_of
from journeyman.failures import Failure


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "config.toml"
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(file))
    monkeypatch.setenv("JOURNEYMAN_DATA_DIR", str(tmp_path / "data"))
    return file


def test_environment_wins_over_file_and_file_over_default(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('model = "ollama/a"\nruns_max = 7\n')
    monkeypatch.setenv("JOURNEYMAN_MODEL", "ollama/b")
    settings = Settings()
    assert (settings.model, settings.runs_max, settings.segments_max) == ("ollama/b", 7, 5)


def test_no_file_means_the_defaults(config: Path) -> None:
    assert Settings().workspace_ttl_s == 600.0


def test_a_data_directory_in_the_file_is_refused(config: Path) -> None:
    config.write_text('data_dir = "/elsewhere"\n')
    with pytest.raises(Failure) as caught:
        Settings()
    assert caught.value.kind == "invalid"
    assert "JOURNEYMAN_DATA_DIR" in caught.value.hint


REFUSED = [
    *("workspace_tll_s = 5", 'runs_max = "many"', "workspace_ttl_s = 0"),
    *('objects = ""', 'objects = "archives"', 'objects = "ftp://host/a"'),
]


@pytest.mark.parametrize("line", REFUSED)
def test_what_does_not_fit_is_refused_by_name(config: Path, line: str) -> None:
    config.write_text(line + "\n")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert line.split(" ")[0] in str(caught.value)


@pytest.mark.parametrize("words", ["default,mirror.example.com:8443", " default mirror.example.com:8443 "])
def test_hosts_are_a_list_in_the_file_and_words_in_the_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    config.write_text('egress = "open"\negress_allow = ["pypi.org"]\n')
    assert (Settings().egress, Settings().egress_allow) == ("open", ("pypi.org",))
    monkeypatch.setenv("JOURNEYMAN_EGRESS_ALLOW", words)
    assert Settings().egress_allow == ("default", "mirror.example.com:8443")
    assert len(policy(Settings()).rules) == len(policy_of("allowlist", ["default"]).rules) + 1
