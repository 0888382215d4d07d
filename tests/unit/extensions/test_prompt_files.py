"""Slash commands: which files are some, and what a prompt that calls one says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.agent.inbox import STEERED
from journeyman.agent.runs import StartRun
from journeyman.extensions.extensions import Extensions
from journeyman.extensions.places import OwnPlace, ProjectPlace
from journeyman.extensions.prompt_files import EXPANDED_CHARACTERS_MAX, _filled, expand, find
from journeyman.failures import Failure
from journeyman.testing.model import call, say
from unit.agent.gated import GatedModel
from unit.agent.house import house
from unit.agent.tooling import Bench


def _file(base: Path, name: str, text: str) -> None:
    base.mkdir(parents=True, exist_ok=True)
    (base / name).write_text(text)


@pytest.mark.parametrize(
    ("body", "arguments", "said"),
    [
        ("Review $ARGUMENTS.", "a.py b.py", "Review a.py b.py."),
        ("Compare $1 with $2.", "'a b.py' c.py", "Compare a b.py with c.py."),
        ("Compare $1 with $2.", "a.py", "Compare a.py with ."),
        ("It costs $10 or $x.", "", "It costs $10 or $x."),
        ("Explain.", "the parser", "Explain.\n\nthe parser"),
        ("Explain.", "", "Explain."),
        ("$1 and $ARGUMENTS", "$2 $ARGUMENTS", "$2 and $2 $ARGUMENTS"),
        ("Say $1.", "it's late", "Say it's."),
        ("Hidden\u202e\U000e0041 words", "", "Hidden words"),
    ],
)
def test_holes_are_filled_once(body: str, arguments: str, said: str) -> None:
    assert _filled("x", body, arguments) == said


@given(st.text(alphabet="$19AR GUMENTS'\"\\\n"), st.text(alphabet="$19 ARGUMENTS'\"\\"))
def test_filling_is_bounded_and_never_fails(body: str, arguments: str) -> None:
    assert len(_filled("x", body, arguments)) <= EXPANDED_CHARACTERS_MAX


def test_what_multiplies_is_refused() -> None:
    with pytest.raises(Failure, match="longer than 100,000 characters"):
        _filled("x", "$ARGUMENTS" * 3_000, "y" * 1_000)


async def test_which_files_are_commands(tools: Bench, tmp_path: Path) -> None:
    own, theirs = tmp_path / "commands", tools.folder / ".agents" / "commands"
    _file(own, "review.md", "---\ndescription: Review a file.\nargument-hint: FILE\n---\nReview $1.\n")
    _file(theirs, "review.md", "The project's.")
    _file(theirs, "ship.md", "# Ship it\nNow.")
    for name in ("plan.md", "do.md", "Upper.md", "with space.md", ".hidden.md", "notes.txt", "-x.md"):
        _file(theirs, name, "No.")
    _file(theirs, "huge.md", "x" * 40_000)
    _file(theirs, "empty.md", " \n")
    _file(theirs, "broken.md", "---\nno head\n---\nText")
    (theirs / "link.md").symlink_to("ship.md")
    (theirs / "folder.md").mkdir()
    places = [OwnPlace(own), ProjectPlace(tools.context.guest, "/workspace", ".agents/commands")]
    shown = [(each.name, each.description, each.hint, each.origin) for each in await find(places)]
    assert shown == [
        ("review", "Review a file.", "FILE", "user"),
        ("ship", "Ship it", "", "project"),
    ]
    for prompt in (
        "/plan x",
        "/do x",
        "/link",
        "/../ship",
        "/huge",
        "/etc/passwd is odd",
        "ship",
        "/",
        "/absent",
    ):
        assert await expand(prompt, places) is None, prompt
    expanded = await expand("  /ship today\nplease", places)
    assert expanded is not None
    assert expanded.text == "# Ship it\nNow.\n\ntoday\nplease"


async def test_a_run_does_what_the_command_says_and_people_see_what_they_typed(tmp_path: Path) -> None:
    _file(tmp_path / "config" / "commands", "who.md", "Who wrote $1?")
    async with house(tmp_path, extensions=Extensions(tmp_path / "config")) as agent:
        model = agent.script([say("Ada did.")])
        run = await agent.run("/who engine.py", mode="execute")
        assert (run.status, run.stop_reason) == ("completed", "answered"), "the command is a question"
        told = model.requests[0].messages[0]
        assert told.text == "/who engine.py"
        assert "The user called /who, which says:\n\nWho wrote engine.py?\n\n<environment>" in told.for_model


async def test_a_command_that_grows_too_long_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    _file(tmp_path / "config" / "commands", "many.md", "$ARGUMENTS" * 3_000)
    async with house(tmp_path, extensions=Extensions(tmp_path / "config")) as agent:
        agent.script([call("fin", summary="never")])
        run = await agent.run("/many " + "y" * 1_000)
        assert (run.status, run.stop_reason) == ("failed", "invalid")
        assert "longer than 100,000 characters" in run.summary


@pytest.mark.parametrize(
    ("text", "told", "ends", "warned"),
    [
        ("/who engine.py", "The user called /who, which says:\n\nWho wrote engine.py?\n\n", "answered", 0),
        ("/many " + "y" * 1_000, "", "fin", 1),
        ("/absent", "", "fin", 0),
    ],
    ids=["a question", "too long", "no command"],
)
async def test_a_command_said_to_a_run_that_goes_on(
    tmp_path: Path, text: str, told: str, ends: str, warned: int
) -> None:
    folder = tmp_path / "config" / "commands"
    _file(folder, "who.md", "Who wrote $1?")
    _file(folder, "many.md", "$ARGUMENTS" * 3_000)
    last = say("Ada did.") if ends == "answered" else call("fin", summary="Done.", status="partial")
    async with house(tmp_path, extensions=Extensions(tmp_path / "config")) as agent:
        model = GatedModel([say("Blue."), last])
        agent.offer(model)
        chat = await agent.chat()
        run = await agent.runs.start(StartRun("What colour is the sky?", chat_id=chat.id, mode="execute"))
        await model.asked()
        await agent.runs.steer(run.id, text)
        model.go(2)
        assert (await agent.runs.wait(run.id)).stop_reason == ends
        heard = model.requests[-1].messages[-1]
        assert (heard.text, heard.context) == (text, f"{told}{STEERED}")
        notices = [event for event in await agent.events(chat.id) if event.kind == "notice"]
        assert len(notices) == warned
