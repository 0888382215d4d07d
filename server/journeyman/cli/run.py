"""journeyman run: give the agent work and watch it, with or without a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from journeyman.cli.options import Json, Yes
from journeyman.failures import Failure
from journeyman.project.excludes import DEFAULT

DELIVERIES = ("queue", "steer", "interrupt")
EFFORTS = ("low", "medium", "high")
MODES = ("plan+execute", "execute", "plan")
LEFT_OUT = ", ".join(DEFAULT)
PROMPT_CHARACTERS_MAX = 200_000


def run(
    prompt: Annotated[str, typer.Argument(help="What to do; `-` reads it from standard input.")],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", "-f", help="Copy this folder into the workspace, and show the diff at the end."
        ),
    ] = None,
    chat: Annotated[str | None, typer.Option(help="Go on in this chat.")] = None,
    project: Annotated[str | None, typer.Option(help="Start a chat in this project.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Such as openrouter/qwen/qwen3-coder.")
    ] = None,
    mode: Annotated[str, typer.Option(help="plan+execute, execute or plan.")] = MODES[0],
    attach: Annotated[
        list[Path] | None,
        typer.Option(
            "--attach", "-a", help="An image or a text file to go with the prompt; as often as you like."
        ),
    ] = None,
    delivery: Annotated[
        str,
        typer.Option(help="Where a run goes on in the chat: queue behind it, steer it, or interrupt it."),
    ] = DELIVERIES[0],
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the changes to the folder; asks first in a terminal.")
    ] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="With --apply: remove what was removed, too.")
    ] = False,
    yes: Yes = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(help=f"Leave this name out of the copy, at any depth. Left out anyway: {LEFT_OUT}."),
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(help="Copy this name although it is left out by default.")
    ] = None,
    budget_usd: Annotated[
        float | None, typer.Option(min=0.000001, help="Most to spend, in US dollars.")
    ] = None,
    budget_steps: Annotated[int | None, typer.Option(min=1, help="Most model calls.")] = None,
    budget_tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens, in and out.")] = None,
    budget_seconds: Annotated[float | None, typer.Option(min=1, help="Most seconds.")] = None,
    effort: Annotated[
        str | None, typer.Option(help="low, medium or high; otherwise it follows the phase of the run.")
    ] = None,
    json: Json = False,
) -> None:
    """Give the agent work and watch it.

    Shows its plan and every step, and ends with the result and the diff.

    \b
    journeyman run "Make the tests pass" --folder .
    journeyman run "Make the tests pass" --folder . --apply
    journeyman run "Now add a --top option" --chat 3f2a
    journeyman run "Make the page look like this" --folder . --attach sketch.png
    journeyman run "Keep the old name, too" --chat 3f2a --delivery steer
    echo "Explain this project" | journeyman run - --folder . --mode plan

    The folder is copied; nothing is written to it without --apply. Ctrl-C cancels the run, a second one
    leaves. Exit code: 0 completed, 1 failed, 2 wrong usage, 3 partial or blocked, 130 cancelled.
    """
    from journeyman.cli.job import Job, do_it

    if mode not in MODES:
        raise Failure("invalid", f"There is no mode {mode!r}.", hint=f"Modes: {', '.join(MODES)}.")
    if effort is not None and effort not in EFFORTS:
        raise Failure("invalid", f"There is no effort {effort!r}.", hint=f"Efforts: {', '.join(EFFORTS)}.")
    if delivery not in DELIVERIES:
        raise Failure(
            "invalid", f"There is no delivery {delivery!r}.", hint=f"Deliveries: {', '.join(DELIVERIES)}."
        )
    if (apply or delete) and folder is None:
        raise Failure("invalid", "--apply and --delete need a folder.", hint="Name it with --folder.")
    if delete and not apply:
        raise Failure("invalid", "--delete does nothing without --apply.", hint="Add --apply.")
    if chat and project:
        raise Failure("invalid", "A chat belongs to its project.", hint="Give --chat or --project, not both.")
    from journeyman.cli.attaching import with_files

    text = _prompt(prompt)
    params: dict[str, Any] = {"prompt": with_files(text, attach or ()), "mode": mode}
    if delivery != DELIVERIES[0]:
        params["delivery"] = delivery
    if model:
        params["model"] = model
    if effort:
        params["effort"] = effort
    given = {"usd": budget_usd, "steps": budget_steps, "tokens": budget_tokens, "seconds": budget_seconds}
    if budget := {name: most for name, most in given.items() if most is not None}:
        params["budget"] = budget
    from journeyman.cli.folder import Folder
    from journeyman.cli.visible import one_line
    from journeyman.project.excludes import Excludes

    job = Job(
        params,
        title=one_line(text, 80),
        chat=chat,
        project=project,
        folder=Folder.at(folder, Excludes.chosen(exclude or (), include or ())) if folder else None,
        apply=apply,
        delete=delete,
        yes=yes,
        json=json,
    )
    raise typer.Exit(do_it(job))


def _prompt(given: str) -> str:
    text = sys.stdin.read(PROMPT_CHARACTERS_MAX + 1) if given == "-" else given
    if not text.strip():
        raise Failure("invalid", "The prompt is empty.", hint='Say what to do: journeyman run "..."')
    if len(text) > PROMPT_CHARACTERS_MAX:
        raise Failure(
            "invalid",
            f"The prompt has more than {PROMPT_CHARACTERS_MAX:,} characters.",
            hint="Put long material into a file of the folder and name it in the prompt.",
        )
    return text
