"""The `patch` tool against a real guest: several files in one step, all or none."""

from __future__ import annotations

from journeyman.agent.telling import title
from journeyman.agent.tools.registry import Prepared
from journeyman.records import ToolCall
from unit.agent.tooling import Bench

WHOLE = """*** Begin Patch
*** Update File: a.py
@@ def f():
-    return 1
+    return 2
*** Update File: old/name.txt
*** Move to: new/name.txt
@@
-one
+two
*** Add File: deep/er/made.txt
+made
*** Delete File: gone.txt
*** End Patch"""


def files_of(tools: Bench) -> dict[str, bytes]:
    found = [each for each in tools.folder.rglob("*") if each.is_file()]
    return {str(each.relative_to(tools.folder)): each.read_bytes() for each in found}


def furnish(tools: Bench) -> None:
    (tools.folder / "a.py").write_text("def f():\n    return 1\n\ndef g():\n    return 1\n")
    (tools.folder / "old").mkdir()
    (tools.folder / "old" / "name.txt").write_bytes(b"one\r\n")
    (tools.folder / "old" / "name.txt").chmod(0o755)
    (tools.folder / "gone.txt").write_text("x\n")


async def test_several_files_in_one_step(tools: Bench) -> None:
    furnish(tools)
    text = await tools.text("apply_patch", input=WHOLE)
    assert text.splitlines()[:2] == ["patched 4 files", "edited a.py (rung: exact)"]
    for row in ("moved old/name.txt to new/name.txt", "created deep/er/made.txt", "deleted gone.txt"):
        assert row in text.splitlines()
    assert "-    return 1\n+    return 2" in text
    assert files_of(tools) == {
        "a.py": b"def f():\n    return 2\n\ndef g():\n    return 1\n",
        "new/name.txt": b"two\r\n",
        "deep/er/made.txt": b"made\n",
    }
    assert (tools.folder / "new" / "name.txt").stat().st_mode & 0o777 == 0o755
    assert tools.state.edits == 5
    assert (await tools.call("write", path="a.py", content="x\n")).ok, "its content is known"


async def test_what_cannot_be_done_is_said_and_nothing_is_changed(tools: Bench) -> None:
    furnish(tools)
    (tools.folder / "link").symlink_to("a.py")
    (tools.folder / "file").write_text("")
    before = files_of(tools)
    for sections, words in (
        ("*** Add File: n\n+x\n*** Add File: a.py\n+x", "a.py is there already"),
        ("*** Add File: n\n+x\n*** Update File: nope\n@@\n-a\n+b", "there is no file nope"),
        ("*** Delete File: gone.txt\n*** Update File: a.py\n@@\n-    return 1\n+x", "stand at 2 places"),
        ("*** Update File: a.py\n*** Move to: gone.txt", "gone.txt is there already"),
        ("*** Delete File: link", "link is a symlink"),
        ("*** Delete File: old", "old is a directory"),
        ("*** Delete File: gone.txt\n*** Delete File: ./gone.txt", "is named twice"),
        ("*** Add File: ../../out.txt\n+x", "failed: "),
        ("*** Add File: n\n+x\n*** Add File: file/below\n+x", "failed: "),
        ("*** Add File: n\n+x\n*** Delete File: gone.txt\n*** Add File: link/below\n+x", "failed: "),
    ):
        refused = await tools.call("patch", patch=f"*** Begin Patch\n{sections}\n*** End Patch")
        assert not refused.ok
        assert words in refused.text
        assert files_of(tools) == before, sections
    unread = await tools.text("patch", patch="--- a/a.py\n+++ b/a.py\n")
    assert "begins with the line '*** Begin Patch'" in unread
    assert tools.state.edits == 0


def test_people_see_which_files() -> None:
    assert title("patch", {"patch": WHOLE}) == "patch a.py and 3 more"
    assert title("patch", {"patch": "nothing"}) == "patch"


async def test_a_file_that_cannot_be_written_takes_back_those_that_were(tools: Bench) -> None:
    furnish(tools)
    before = files_of(tools)
    long = "d/" + "n" * 300
    patch = f"*** Begin Patch\n*** Add File: made/n\n+x\n*** Add File: {long}\n+x\n*** End Patch"
    refused = await tools.call("patch", patch=patch)
    assert not refused.ok
    assert files_of(tools) == before
    assert not (tools.folder / "made").exists()
    assert tools.state.edits == 0


async def test_it_is_refused_while_planning_and_takes_all_its_files(tools: Bench) -> None:
    furnish(tools)
    tools.state.phase = "plan"
    assert "plan first" in await tools.text("patch", patch=WHOLE)
    tools.state.phase = "execute"
    prepared = tools.registry.prepare(ToolCall("c", "patch", {"patch": WHOLE}), tools.state)
    assert isinstance(prepared, Prepared)
    names = {"a.py", "old/name.txt", "new/name.txt", "deep/er/made.txt", "gone.txt"}
    assert prepared.resources == {f"/workspace/{name}" for name in names}
    effect = await prepared.tool.effect(tools.context, prepared.arguments)
    assert effect is not None
    assert (effect.type, set(effect.paths)) == ("edit", names)
