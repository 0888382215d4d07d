"""project/extensions: the user's own without a workspace, the project's beside them with one."""

from __future__ import annotations

from pathlib import Path

from rpc.harness import World
from rpc.test_nouns import project_of
from rpc.working import Working


def _own(directory: Path) -> None:
    commands, skill = directory / "config" / "commands", directory / "config" / "skills" / "tidy"
    commands.mkdir(parents=True)
    skill.mkdir(parents=True)
    (commands / "review.md").write_text("---\nargument-hint: FILE\n---\nReview $1.\n")
    (skill / "SKILL.md").write_text("---\nname: tidy\ndescription: How to tidy up.\n---\nTidy.\n")


async def test_without_a_workspace_only_the_users_own_are_listed(world: World, tmp_path: Path) -> None:
    _own(tmp_path)
    (tmp_path / "config" / "skills" / "Bad").mkdir()
    client = await world.initialized()
    found = await client.result("project/extensions", {"projectId": await project_of(client)})
    assert found["lookedInside"] is False
    assert found["commands"] == [
        {"name": "review", "description": "Review $1.", "argumentHint": "FILE", "origin": "user"}
    ]
    assert found["skills"] == [{"name": "tidy", "description": "How to tidy up.", "origin": "user"}]
    assert "is no skill" in found["problems"][0]
    refused = await client.error("project/extensions", {"projectId": "absent"})
    assert refused["data"]["kind"] == "not_found"


async def test_beside_a_running_workspace_the_projects_are_listed_too(
    working: Working, tmp_path: Path
) -> None:
    _own(tmp_path)
    client = await working.world.initialized()
    project = await project_of(client)
    theirs = working.workspaces.folder(project) / ".claude" / "commands"
    theirs.mkdir(parents=True)
    (theirs / "ship.md").write_text("Ship it.")
    workspace = await working.workspaces.acquire(project)
    working.world.manager.guest = workspace.guest  # type: ignore[union-attr]
    found = await client.result("project/extensions", {"projectId": project})
    assert found["lookedInside"] is True
    assert [(each["name"], each["origin"]) for each in found["commands"]] == [
        ("review", "user"),
        ("ship", "project"),
    ]
