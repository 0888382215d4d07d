"""Unsaved buffers: the agent works on what the user sees, and neither side's text is ever lost."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.agent.open_documents import OURS, THEIRS
from journeyman.testing.model import call
from rpc.unsaved import EDITOR, SAVED, Desk
from rpc.working import Working

FIN = call("fin", summary="Done.", status="partial")
READ = call("read", path="a.txt")
FIVE = call("edit", path="a.txt", old_string="five", new_string="FIVE")
ONE = call("edit", path="a.txt", old_string="one", new_string="ONE")
DEAF: dict[str, Any] = {"experimental": EDITOR["experimental"]}


async def test_the_agent_reads_what_is_not_saved_during_the_whole_run(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    await editor.open()
    await editor.type("one", "uno")
    model, run = await desk.begin([READ, READ, call("grep", pattern="dos"), FIN])
    assert desk.text() == SAVED.replace("one", "uno"), "before the model is asked anything"
    model.go()
    await model.asked()
    await editor.type("two", "dos")
    model.go(3)
    await desk.ended(run)
    first, second, third, _ = await desk.observations()
    assert "1|uno\n     2|two" in first
    assert "1|uno\n     2|dos" in second
    assert "a.txt" in third
    assert await desk.notes() == [
        "<note>The user changed a.txt in the editor meanwhile, and the workspace has that text now. "
        "Read it again before you change it.</note>"
    ]
    assert editor.text() == SAVED.replace("one", "uno").replace("two", "dos")


async def test_a_change_goes_to_the_document_that_is_not_saved_by_its_version(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    await editor.open()
    await editor.type("one\n", "zero\none\n")
    model, run = await desk.begin([FIVE, FIN])
    model.go()
    request = await editor.asked_to_edit()
    edit = request["params"]["edit"]
    (change,) = edit["documentChanges"]
    assert change["textDocument"] == {"uri": editor.uri("a.txt"), "version": 2}
    (piece,) = change["edits"]
    assert piece["newText"] == "FIVE\n"
    assert piece["range"] == {"start": {"line": 5, "character": 0}, "end": {"line": 6, "character": 0}}
    assert edit["changeAnnotations"][piece["annotationId"]]["label"] == "Journeyman: a.txt"
    editor.take(request)
    await model.asked()
    model.go()
    await desk.ended(run)
    both = "zero\none\ntwo\nthree\nfour\nFIVE\n"
    assert (editor.text(), desk.text()) == (both, both)
    assert await desk.conflicts() == []
    assert await desk.notes() == []


async def test_what_is_typed_beside_it_meanwhile_stays_on_both_sides(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    await editor.open()
    await editor.type("one", "uno")
    model, run = await desk.begin([FIVE, READ, FIN])
    model.go()
    request = await editor.asked_to_edit()
    await editor.type("three", "tres")  # it is another version by now
    editor.take(request)
    editor.take(await editor.asked_to_edit())
    await model.asked()
    model.go(2)
    await desk.ended(run)
    both = "uno\ntwo\ntres\nfour\nFIVE\n"
    assert (editor.text(), desk.text()) == (both, both)
    assert await desk.conflicts() == []


async def test_an_edit_the_user_takes_back_is_taken_back_in_the_workspace(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    await editor.open()
    await editor.type("one", "uno")
    model, run = await desk.begin([FIVE, READ, FIN])
    model.go()
    editor.take(await editor.asked_to_edit())
    await model.asked()
    await editor.type("FIVE", "five")
    model.go(2)
    await desk.ended(run)
    assert desk.text() == editor.text() == "uno\ntwo\nthree\nfour\nfive\n"


@pytest.mark.parametrize(
    ("chosen", "file", "document", "decision"),
    [
        (THEIRS, "uno\ntwo\nthree\nfour\ncinco\n", "uno\ntwo\nthree\nfour\ncinco\n", ["open", "theirs"]),
        (OURS, "uno\ntwo\nthree\nfour\nFIVE\n", "uno\ntwo\nthree\nfour\nFIVE\n", ["open", "ours"]),
        ("You decide", "uno\ntwo\nthree\nfour\nFIVE\n", "uno\ntwo\nthree\nfour\ncinco\n", ["open"]),
    ],
)
async def test_the_same_lines_are_a_conflict_that_people_decide(
    working: Working, chosen: str, file: str, document: str, decision: list[str]
) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    await editor.open()
    await editor.type("one", "uno")
    model, run = await desk.begin([FIVE, READ, READ, FIN])
    model.go()
    request = await editor.asked_to_edit()
    await editor.type("five", "cinco")
    editor.take(request)
    await model.asked()
    model.go()
    await editor.choose(chosen)
    if chosen == OURS:
        editor.take(await editor.asked_to_edit())
    await model.asked()
    model.go(2)
    await desk.ended(run)
    assert (desk.text(), editor.text()) == (file, document)
    told = await desk.conflicts()
    assert [each["decision"] for each in told] == decision
    assert {each["path"] for each in told} == {"a.txt"}
    assert {each["editor"] for each in told} == {"Ed"}
    (note,) = await desk.notes()
    assert "changed lines there that were changed in the workspace too" in note


async def test_where_nobody_is_there_to_decide_both_stay_as_they_are(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor({})
    await editor.open()
    await editor.type("one", "uno")
    model, run = await desk.begin([FIVE, READ, FIN])
    model.go()
    await model.asked()
    await editor.type("five", "cinco")
    model.go(2)
    await desk.ended(run)
    assert desk.text() == "uno\ntwo\nthree\nfour\nFIVE\n"
    assert editor.text() == "uno\ntwo\nthree\nfour\ncinco\n"
    (told,) = await desk.conflicts()
    assert told["decision"] == "open"
    assert "Nobody decided" in (await desk.notes())[0]


async def test_what_two_editors_have_comes_together_and_each_keeps_its_own(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    first, second = await desk.editor(name="One"), await desk.editor(name="Two")
    await first.open()
    await second.open()
    await first.type("one", "uno")
    await second.type("three", "tres")
    model, run = await desk.begin([FIVE, FIN])
    assert desk.text() == "uno\ntwo\ntres\nfour\nfive\n"
    model.go()
    first.take(await first.asked_to_edit())
    second.take(await second.asked_to_edit())
    await model.asked()
    model.go()
    await desk.ended(run)
    assert desk.text() == "uno\ntwo\ntres\nfour\nFIVE\n"
    assert first.text() == "uno\ntwo\nthree\nfour\nFIVE\n"
    assert second.text() == "one\ntwo\ntres\nfour\nFIVE\n"
    assert await desk.conflicts() == []


async def test_two_editors_in_the_same_line_are_a_conflict_of_the_one_that_came_later(
    working: Working,
) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    first, second = await desk.editor(name="One"), await desk.editor(DEAF, name="Two")
    await first.open()
    await second.open()
    await first.type("one", "uno")
    await second.type("one", "eins")
    model, run = await desk.begin([READ, FIN])
    assert desk.text().startswith("uno\n")
    model.go()
    await first.client.request("permission/request")  # either may answer
    await second.choose(THEIRS)
    await first.client.notification("$/cancelRequest")
    await model.asked()
    model.go()
    await desk.ended(run)
    assert desk.text() == second.text() == SAVED.replace("one", "eins")
    assert first.text() == SAVED.replace("one", "uno")
    assert [each["editor"] for each in await desk.conflicts()] == ["Two", "Two"]


async def test_a_saved_document_is_newer_than_the_copy_and_is_not_edited_unasked(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    await editor.open()
    await editor.type("one", "uno")
    await editor.save()
    model, run = await desk.begin([FIVE, FIN])
    model.go()
    await model.asked()
    model.go()
    await desk.ended(run)
    assert desk.text() == "uno\ntwo\nthree\nfour\nFIVE\n"
    assert editor.text() == SAVED.replace("one", "uno")


async def test_an_editor_that_takes_no_edits_keeps_its_text_and_the_workspace_the_change(
    working: Working,
) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor(DEAF)
    await editor.open()
    await editor.type("one", "uno")
    model, run = await desk.begin([FIVE, READ, FIN])
    model.go()
    await model.asked()
    await editor.type("two", "dos")
    model.go(2)
    await desk.ended(run)
    assert desk.text() == "uno\ndos\nthree\nfour\nFIVE\n"
    assert editor.text() == "uno\ndos\nthree\nfour\nfive\n"


async def test_a_command_changes_a_document_as_a_tool_does(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    await editor.open()
    await editor.type("one", "uno")
    model, run = await desk.begin([call("terminal", command="sed -i s/four/FOUR/ a.txt"), FIN])
    model.go()
    editor.take(await editor.asked_to_edit())
    await model.asked()
    model.go()
    await desk.ended(run)
    assert desk.text() == editor.text() == "uno\ntwo\nthree\nFOUR\nfive\n"


async def test_line_ends_marks_and_what_is_no_text_stay_as_they_are(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": "\ufeffone\r\ntwo\r\n", "b.txt": ""})
    desk.file("b.txt").write_bytes(b"caf\xe9\n")
    editor = await desk.editor()
    await editor.open("a.txt", "one\r\ntwo\r\n")
    await editor.open("b.txt", "caf\ufffd\n")
    await editor.type("one", "uno")
    await editor.type("caf", "tea", "b.txt")
    model, run = await desk.begin([FIN])
    model.go()
    await desk.ended(run)
    assert desk.file().read_bytes() == b"\xef\xbb\xbfuno\r\ntwo\r\n"
    assert desk.file("b.txt").read_bytes() == b"caf\xe9\n"


async def test_what_stays_out_of_a_workspace_is_not_brought_and_what_runs_by_itself_not_edited(
    working: Working,
) -> None:
    desk = await Desk.of(working, {".vscode/tasks.json": "{}\n"})
    editor = await desk.editor()
    await editor.open(".env", "SECRET=1\n")
    await editor.type("1", "2", ".env")
    await editor.open("new.txt", "new\n")
    await editor.open(".vscode/tasks.json", "{}\n")
    await editor.type("{}", "{ }", ".vscode/tasks.json")
    evil = call("write", path=".vscode/tasks.json", content='{ "evil": 1 }\n', overwrite=True)
    model, run = await desk.begin([evil, FIN])
    assert not desk.file(".env").exists()
    assert desk.text("new.txt") == "new\n"
    model.go(2)
    await editor.choose("Allow once")
    await desk.ended(run)
    assert desk.text(".vscode/tasks.json") == '{ "evil": 1 }\n'
    assert editor.text(".vscode/tasks.json") == "{ }\n"


async def test_documents_of_another_machine_are_not_taken_for_ours(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    working.world.connections[-1].session.peer.local = False
    await editor.open()
    await editor.type("one", "uno")
    model, run = await desk.begin([FIN])
    model.go()
    await desk.ended(run)
    assert desk.text() == SAVED


async def test_documents_that_come_with_a_prompt_are_brought_where_nobody_has_them_open(
    working: Working,
) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED, "b.txt": SAVED})
    editor = await desk.editor({})
    await editor.open("b.txt")
    await editor.type("one", "typed", "b.txt")
    working.script([FIN])
    given = [
        {"path": name, "text": SAVED.replace("one", "given")} for name in ("a.txt", "b.txt", "d/new.txt")
    ]
    params = {"chatId": desk.chat.id, "prompt": "Go.", "mode": "execute", "context": {"documents": given}}
    await editor.client.result("agent/run", params)
    assert desk.text("a.txt") == desk.text("d/new.txt") == SAVED.replace("one", "given")
    assert desk.text("b.txt") == SAVED.replace("one", "typed")


async def test_a_stale_document_does_not_win_over_what_the_agent_did(working: Working) -> None:
    desk = await Desk.of(working, {"a.txt": SAVED})
    editor = await desk.editor()
    working.script([ONE, FIN])
    params = {"chatId": desk.chat.id, "prompt": "Go.", "mode": "execute"}
    await editor.client.result("agent/run", params)
    working.script([FIN])
    stale = {"documents": [{"path": "a.txt", "text": SAVED}]}
    await editor.client.result("agent/run", {**params, "context": stale})
    assert desk.text() == SAVED.replace("one", "ONE")
