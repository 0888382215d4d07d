"""Skills: what counts as one, what is told of it, and what comes when it is read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.extensions.extensions import Extensions
from journeyman.extensions.front_matter import parse
from journeyman.extensions.places import OwnPlace, ProjectPlace
from journeyman.extensions.skills import SKILLS_MAX, find
from journeyman.testing.model import call
from unit.agent.house import House, house
from unit.agent.tooling import Bench

GOOD = "---\nname: {name}\ndescription: How {name} is done here.\n---\nDo it slowly.\n"


def _skill(base: Path, name: str, text: str = GOOD, **files: str) -> Path:
    folder = base / name
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(text.format(name=name))
    for path, content in files.items():
        (folder / path).write_text(content)
    return folder


@pytest.fixture
async def equipped(tmp_path: Path) -> AsyncGenerator[House]:
    """An agent whose user has a configuration directory."""
    async with house(tmp_path, extensions=Extensions(tmp_path / "config")) as made:
        yield made


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "Upper": (lambda base: _skill(base, "Upper"), "its name is not"),
    "two--hyphens": (lambda base: _skill(base, "two--hyphens"), "its name is not"),
    "x" * 65: (lambda base: _skill(base, "x" * 65), "its name is not"),
    "new\nline": (lambda base: _skill(base, "new\nline"), "its name is not"),
    "empty": (lambda base: (base / "empty").mkdir(), "it has no SKILL.md"),
    "other": (lambda base: _skill(base, "other", GOOD.replace("{name}", "another")), "another name"),
    "silent": (lambda base: _skill(base, "silent", "---\nname: silent\n---\n"), "its description"),
    "wordy": (
        lambda base: _skill(base, "wordy", f"---\nname: wordy\ndescription: {'w' * 2_000}\n---\n"),
        "its description",
    ),
    "headless": (lambda base: _skill(base, "headless", "Just text."), "another name"),
    "endless": (lambda base: _skill(base, "endless", "---\nname: endless\n"), "has no end"),
    "bomb": (
        lambda base: _skill(base, "bomb", "---\na: &a [x, x]\ndescription: *a\nname: bomb\n---\n"),
        "its description",
    ),
    "python": (
        lambda base: _skill(base, "python", '---\nname: !!python/object/apply:os.system ["id"]\n---\n'),
        "another name",
    ),
    "deep": (lambda base: _skill(base, "deep", f"---\nname: {'[' * 4_000}\n---\n"), "another name"),
    "huge": (lambda base: _skill(base, "huge", GOOD + "x" * 70_000), "larger than 64 KB"),
    "binary": (
        lambda base: (_skill(base, "binary") / "SKILL.md").write_bytes(b"---\n\xff\xfe\n---\n"),
        "is not UTF-8",
    ),
    "linked": (
        lambda base: (
            (base / "linked").mkdir(),
            (base / "linked" / "SKILL.md").symlink_to(base / "good" / "SKILL.md"),
        ),
        "it has no SKILL.md",
    ),
    "pipe": (
        lambda base: ((base / "pipe").mkdir(), os.mkfifo(base / "pipe" / "SKILL.md")),
        "it has no SKILL.md",
    ),
}


@pytest.mark.parametrize("origin", ["user", "project"])
async def test_hostile_folders_are_no_skills_and_say_why(tools: Bench, tmp_path: Path, origin: str) -> None:
    base = tmp_path / "own" if origin == "user" else tools.folder / ".agents" / "skills"
    _skill(base, "good")
    for make, _ in HOSTILE.values():
        make(base)
    (base / "elsewhere").symlink_to(base / "good")
    place = (
        OwnPlace(base)
        if origin == "user"
        else ProjectPlace(tools.context.guest, "/workspace", ".agents/skills")
    )
    found = await find([place])
    assert [skill.name for skill in found.known] == ["good"]
    assert found.known[0].line == f"- good ({origin}): How good is done here."
    assert len(found.problems) == len(HOSTILE)
    for name, (_, why) in HOSTILE.items():
        assert any(f"/{' '.join(name.split())} is no" in p and why in p for p in found.problems), name


async def test_a_projects_folder_of_skills_may_not_be_a_link(tools: Bench) -> None:
    _skill(tools.folder / "real", "good")
    (tools.folder / ".agents").mkdir()
    (tools.folder / ".agents" / "skills").symlink_to("../real")
    found = await find([ProjectPlace(tools.context.guest, "/workspace", ".agents/skills")])
    assert found.known == ()


async def test_there_are_only_so_many_and_the_users_come_first(tools: Bench, tmp_path: Path) -> None:
    own, theirs = tmp_path / "own", tools.folder / ".agents" / "skills"
    _skill(own, "deploy", GOOD + "The user's.")
    _skill(theirs, "deploy", GOOD + "The project's.")
    for number in range(SKILLS_MAX + 5):
        _skill(theirs, f"s{number:03}")
    found = await find([OwnPlace(own), ProjectPlace(tools.context.guest, "/workspace", ".agents/skills")])
    assert len(found.known) == SKILLS_MAX
    assert "The user's." in (await found.known[0].text() or "")
    assert "more than 50 skills" in found.problems[-1]


async def test_nothing_out_of_the_folder_can_be_read(tmp_path: Path) -> None:
    folder = _skill(tmp_path / "own", "good")
    (tmp_path / "secret").write_text("key")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to("..")
    (folder / "plain.txt").write_text("fine")
    skill = (await find([OwnPlace(tmp_path / "own")])).known[0]
    assert await skill.files() == ["plain.txt"]
    for path in (
        "out",
        "../../secret",
        "/etc/passwd",
        "up/good/SKILL.md",
        "..",
        ".",
        "",
        "a\0b",
        "x" * 5_000,
    ):
        assert await skill.file(path) is None, path
    fine = await skill.file("./sub/../plain.txt")
    assert fine is not None
    assert fine.data == b"fine"


async def test_a_run_is_told_one_line_and_reads_the_rest_when_it_wants_to(
    equipped: House, tmp_path: Path
) -> None:
    mine = _skill(tmp_path / "config" / "skills", "release", **{"check.sh": "#!/bin/sh\ntouch /tmp/ran-$$\n"})
    (mine / "check.sh").chmod(0o755)
    chat = await equipped.chat()
    _skill(equipped.folder(chat) / ".agents" / "skills", "house-style", **{"words.md": "Say workspace."})
    model = equipped.script(
        [
            call("skill", name="release"),
            call("skill", name="house-style"),
            call("skill", name="house-style", file="words.md"),
            call("skill", name="house-style", file="../../../etc/passwd"),
            call("skill", name="absent"),
            call("terminal", command="ls -l /tmp/journeyman/skills/release/check.sh | cut -c1-10"),
            call("fin", summary="Read."),
        ]
    )
    await equipped.run("How is a release done here?", chat_id=chat.id, mode="execute")
    first = model.requests[0]
    assert "- release (user): How release is done here." in first.messages[0].for_model
    assert "- house-style (project): How house-style is done here." in first.messages[0].for_model
    assert "Do it slowly." not in first.messages[0].for_model
    assert [spec.name for spec in first.tools][-1] == "skill"
    release, style, words, outside, absent, listed, _ = await equipped.tool_texts(chat.id)
    assert "Do it slowly." in release
    assert "/tmp/journeyman/skills/release:\ncheck.sh" in release
    assert '<skill name="house-style" origin="project">' in style
    assert "allows nothing" in style
    assert "allows nothing" not in release
    assert "Say workspace." in words
    assert "has no file" in outside
    assert "Skills: release, house-style." in absent
    assert "-rwx------" in listed


async def test_without_skills_there_is_no_tool_for_them(agent: House) -> None:
    model = agent.script([call("fin", summary="Fine.")])
    await agent.run("Is it fine?")
    assert "skill" not in [spec.name for spec in model.requests[0].tools]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("name: tidy # really", {"name": "tidy"}),
        ("description: 'It''s: fine' # yes", {"description": "It's: fine"}),
        ('description: "a \\"b\\" c:\\n"', {"description": 'a "b" c:\n'}),
        ("description: >-\n  two\n  lines\nname: x", {"description": "two lines", "name": "x"}),
        ("description: |\n  two\n  lines\n", {"description": "two\nlines"}),
        ("description: goes\n  on here\nlicense: MIT", {"description": "goes on here", "license": "MIT"}),
        ("metadata:\n  author: me\nname: x", {"name": "x"}),
        ("allowed-tools:\n- Bash\n- Read\nname: x", {"name": "x"}),
        ("tags: [a, b]\nname: x", {"name": "x"}),
        ("description: a: b", {"description": "a: b"}),
        ("# only a remark\n\n", {}),
    ],
)
def test_heads_as_people_write_them(head: str, found: dict[str, str]) -> None:
    assert dict(parse(f"---\n{head}\n---\nbody").head) == found


@pytest.mark.parametrize("head", ["just words", "a: 'open", "a: 'x' y", "- list", "a:b"])
def test_heads_that_are_none(head: str) -> None:
    with pytest.raises(ValueError, match="front matter"):
        parse(f"---\n{head}\n---\nbody")


@given(st.text(max_size=200))
def test_any_head_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        found = parse(f"---\n{text}\n---\nbody")
        assert all(isinstance(value, str) for value in found.head.values())
