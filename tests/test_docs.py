"""What can be called or configured is documented, or these tests fail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from lsprotocol.types import METHOD_TO_TYPES

from journeyman.config import Settings
from journeyman_protocol.agent import EventKind
from journeyman_protocol.errors import ErrorCode, ErrorKind
from journeyman_protocol.methods import METHODS

ROOT = Path(__file__).resolve().parents[1]
PROTOCOL = (ROOT / "protocol" / "PROTOCOL.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_method_is_documented_with_an_example(method: object) -> None:
    name = getattr(method, "name", "")
    section = PROTOCOL.split(f"### `{name}`", 1)[1].split("\n### ", 1)[0]
    assert "```json" in section


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_is_documented(name: str) -> None:
    description = " ".join((Settings.model_fields[name].description or "").split())
    assert description, f"Settings.{name} has no docstring"
    assert f"| `{name}` |" in SETTINGS
    assert description in SETTINGS, f"docs/settings.md says something else of {name} than config.py"


@pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
def test_error_code_is_documented(code: ErrorCode) -> None:
    assert re.search(rf"\| {code.value} \| {code.name} \| \S", PROTOCOL)


@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_error_kind_is_documented(kind: str) -> None:
    assert f"`{kind}`" in PROTOCOL


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_what_an_event_carries_is_documented(kind: str) -> None:
    chapter = PROTOCOL.split("## What happens, kind by kind", 1)[1].split("\n## ", 1)[0]
    assert f"\n| `{kind}` |" in chapter


def test_environment_variables_are_documented() -> None:
    known = {f"JOURNEYMAN_{name.upper()}" for name in Settings.model_fields}
    used = {
        name
        for path in (ROOT / "server").rglob("*.py")
        for name in re.findall(r"\bJOURNEYMAN_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    assert {name for name in used - known if f"`{name}`" not in SETTINGS} == set()


def test_what_is_compared_is_there() -> None:
    text = (ROOT / "docs" / "compared.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ", 1) for line in text.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0].strip() != "what"]
    assert len(rows) >= 45
    known = {method.name for method in METHODS} | set(get_args(EventKind))
    for what, here in rows:
        named = set(re.findall(r"`([$\w]+/\w+)`", here))
        assert named <= known | set(METHOD_TO_TYPES), what
        assert named or any(each in here for each in ("not wanted: ", "not there yet", "`", ".md)")), what


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_decision_is_in_their_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))


def test_the_client_in_the_readme_is_the_one_the_tests_run() -> None:
    program = (ROOT / "examples" / "tcp_client.py").read_text(encoding="utf-8").strip()
    assert f"```python\n{program}\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_of_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"^make ([a-z-]+)", readme, flags=re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    commands = set(re.findall(r"^journeyman ([a-z]+)", readme, flags=re.MULTILINE))
    shown = subprocess.run(
        [sys.executable, "-m", "journeyman", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert commands, "the README shows no command"
    assert {name for name in commands if not re.search(rf"^ +{name} ", shown, flags=re.MULTILINE)} == set()
