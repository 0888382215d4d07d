"""Prompt files are commands of a session, and are passed to the run as they were typed."""

from __future__ import annotations

from pathlib import Path

from components.acp_lines import AcpWorld


async def test_the_users_files_are_among_the_commands(world: AcpWorld, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "commands"
    folder.mkdir(parents=True)
    (folder / "review.md").write_text("---\nargument-hint: FILE\n---\nReview $1.\n")
    client = await world.started()
    made = await client.result("session/new", {"cwd": "/home/me/app", "mcpServers": []})
    told = await client.update(made["sessionId"], "available_commands_update")
    shown = [(each["name"], each["description"], each["input"]["hint"]) for each in told["availableCommands"]]
    assert shown[:2] == [
        ("plan", "Plan this without changing anything.", "what to do"),
        ("do", "Do this at once, without a plan.", "what to do"),
    ]
    assert shown[2:] == [("review", "Review $1.", "FILE")]
