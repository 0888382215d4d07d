"""Errors an editor reports keep a run from finishing: new ones, of the workspace's text, and not for ever."""

from __future__ import annotations

from typing import Any

from journeyman.overlay.files import digest
from journeyman.testing.model import call
from rpc.unsaved import SAVED, Desk, Typist
from rpc.working import Working

FIVE = call("edit", path="a.txt", old_string="five", new_string="FIVE")
AGAIN = call("edit", path="a.txt", old_string="FIVE", new_string="5")
CHECK = call("terminal", command="grep -q one a.txt")
FIN = call("fin", summary="Done.")


def error(line: int, message: str = "bad word", severity: str = "error") -> dict[str, Any]:
    where = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 3}}
    return {"range": where, "message": message, "severity": severity, "source": "spell", "code": 1}


async def report(editor: Typist, *diagnostics: dict[str, Any], **about: Any) -> None:
    told = {"uri": editor.uri("a.txt"), **about, "diagnostics": list(diagnostics)}
    editor.client.tell("editor/didChangeDiagnostics", told)
    await editor.client.result("daemon/ping")


async def begun(working: Working, *reported: dict[str, Any]) -> tuple[Desk, Typist]:
    """A document that is not saved, of which this was reported before."""
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    await editor.open()
    await editor.type("two", "dos")
    await report(editor, *reported)
    return desk, editor


async def test_a_new_error_is_repaired_before_the_run_may_finish(working: Working) -> None:
    desk, editor = await begun(working, error(0, "old"))
    model, run = await desk.begin([FIVE, CHECK, FIN, AGAIN, CHECK, FIN])
    model.go()
    editor.take(await editor.asked_to_edit())
    await model.asked()
    await report(editor, error(0, "old"), error(4), error(1, "?", "warning"), version=editor.version)
    model.go(3)
    editor.take(await editor.asked_to_edit())
    for _ in range(3):
        await model.asked()
    await report(editor, error(0, "old"), version=editor.version)
    model.go(2)
    ended = await desk.ended(run)
    assert (ended.status, ended.stop_reason) == ("completed", "fin")
    refused = (await desk.observations())[2]
    assert refused.startswith("failed: fin is refused. The user's editor reports errors in files you changed")
    assert "a.txt line 5: bad word (spell 1)." in refused
    assert "old" not in refused


async def test_the_same_refusal_twice_ends_the_run_as_partial(working: Working) -> None:
    desk, editor = await begun(working)
    model, run = await desk.begin([FIVE, CHECK, FIN, FIN])
    model.go()
    editor.take(await editor.asked_to_edit())
    await model.asked()
    await report(editor, error(4))
    model.go(3)
    ended = await desk.ended(run)
    assert (ended.status, ended.stop_reason) == ("partial", "gate")
    assert "a.txt line 5: bad word" in ended.summary


async def test_a_report_of_another_text_says_nothing(working: Working) -> None:
    desk, editor = await begun(working)
    model, run = await desk.begin([FIVE, CHECK, FIN])
    await report(editor, error(4))  # of the text before
    model.go()
    editor.answer(await editor.asked_to_edit(), {"applied": False})
    await model.asked()
    await report(editor, error(4), version=1)  # of a version that is gone
    await report(editor, error(4), sha256="0" * 64)
    model.go(2)
    assert (await desk.ended(run)).status == "completed"


async def test_an_error_that_was_there_is_not_new_where_its_line_moved(working: Working) -> None:
    desk, editor = await begun(working, error(4))
    above = call("edit", path="a.txt", old_string="one\n", new_string="one\nmore\nand more\n")
    model, run = await desk.begin([above, CHECK, FIN])
    model.go()
    editor.take(await editor.asked_to_edit())
    await model.asked()
    await report(editor, error(6))
    model.go(2)
    assert (await desk.ended(run)).status == "completed"


async def test_what_is_told_with_the_prompt_is_all_there_was(working: Working) -> None:
    """No report before the run: the text is named by its digest, as for files that are not open."""
    desk = await Desk.of(working, {"a.txt": SAVED, "b.txt": SAVED})
    editor = await desk.editor()
    working.script([
        FIVE,
        call("edit", path="b.txt", old_string="five", new_string="FIVE"),
        CHECK,
        FIN,
        FIN,
    ])  # fmt: skip
    after = digest(SAVED.replace("five", "FIVE"))
    for name in ("a.txt", "b.txt"):
        told = {"uri": editor.uri(name), "sha256": after, "diagnostics": [error(0)]}
        editor.client.tell("editor/didChangeDiagnostics", told)
    params = {"chatId": desk.chat.id, "prompt": "Change it.", "mode": "execute"}
    context = {"diagnostics": [{"path": "b.txt", **error(0)}]}
    run = await editor.client.result("agent/run", {**params, "context": context})
    assert run["status"] == "partial"
    assert "a.txt line 1: bad word" in run["summary"]
    assert "b.txt" not in run["summary"]


async def test_without_a_report_from_before_nothing_is_called_new(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    working.script([FIVE, CHECK, FIN])
    after = digest(SAVED.replace("five", "FIVE"))
    told = {"uri": editor.uri("a.txt"), "sha256": after, "diagnostics": [error(0)]}
    editor.client.tell("editor/didChangeDiagnostics", told)
    params = {"chatId": desk.chat.id, "prompt": "Change it.", "mode": "execute"}
    assert (await editor.client.result("agent/run", params))["status"] == "completed"
