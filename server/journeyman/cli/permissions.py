"""journeyman permissions: what runs wait for you to allow, and your answers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json
from journeyman.cli.visible import visible
from journeyman.failures import Failure, not_found

app = typer.Typer(
    help="List what runs wait for you to allow, and answer it.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
Which = Annotated[str, typer.Argument(help="Permission id, or its first characters.")]
Because = Annotated[str | None, typer.Option("--because", "-b", help="What to tell the agent with it.")]


@app.callback()
def permissions(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Decided ones as well.")] = False,
    json: Json = False,
) -> None:
    """List what runs wait for you to allow.

    A question nobody answers becomes a no at the time shown. The first answer counts.

    \b
    journeyman permissions
    journeyman permissions allow 7e8f
    journeyman permissions deny 7e8f --because "Push to a branch of your own"
    """
    if context.invoked_subcommand is not None:
        return
    from journeyman.cli.ids import all_items
    from journeyman.cli.link import call

    wanted = {"state": "all"} if everything else {}
    items = call(lambda client: all_items(client.request, "permission/list", wanted))
    if json:
        output.print_json(items)
        return
    output.print_table(
        ["permission", "asked", "until", "state", "what"],
        [
            [
                item["id"],
                output.when(item["createdAt"]),
                output.when(item["expiresAt"]),
                item["state"],
                item["subject"]["title"],
            ]
            for item in items
        ],
        empty="Nothing waits for your answer.",
    )


@app.command()
def show(permission: Which, json: Json = False) -> None:
    """Show one of them: exactly what would be done, and why it is asked."""
    from journeyman.cli.link import call

    found = call(lambda client: _find(client.request, permission))
    if json:
        output.print_json(found)
        return
    from journeyman.cli.asking import show as show_question

    show_question(output.stdout(), found)


@app.command()
def allow(
    permission: Which,
    run: Annotated[
        bool, typer.Option("--run", help="And whatever the same rules ask about, for the rest of the run.")
    ] = False,
    because: Because = None,
) -> None:
    """Allow it: this very effect, once; or with --run for the rest of the run."""
    _answer(permission, "allow-run" if run else "allow", because)


@app.command()
def deny(permission: Which, because: Because = None) -> None:
    """Say no. What you say with --because is told to the agent."""
    _answer(permission, "deny", because)


@app.command()
def answer(permission: Which, words: Annotated[str, typer.Argument(help="A number, or your words.")]) -> None:
    """Answer a question of the agent's own."""
    _answer(permission, None, words)


def _answer(given: str, option: str | None, because: str | None) -> None:
    from journeyman.cli.asking import answer_to
    from journeyman.cli.link import Link, call

    async def ask(client: Link) -> dict[str, Any]:
        found = await _find(client.request, given)
        said = {"optionId": option, "feedback": because} if because else {"optionId": option}
        if option is None:
            said = answer_to(because or "", found) or {"optionId": "deny"}
        return await client.request("permission/reply", {"permissionId": found["id"], **said})

    decided = call(ask)
    output.stderr().print(f"{decided['state']}: {visible(decided['subject']['title'])}", markup=False)


async def _find(request: Any, given: str) -> dict[str, Any]:
    """By the start of its id, decided ones too: who comes late is told who was first."""
    from journeyman.cli.ids import all_items

    items = await all_items(request, "permission/list", {"state": "all"})
    found = [item for item in items if item["id"].startswith(given)]
    if not found:
        failure = not_found("permission", given)
        failure.hint = "`journeyman permissions` shows what waits for an answer."
        raise failure
    if len(found) > 1:
        raise Failure(
            "invalid",
            f"{len(found)} permissions begin with {given!r}.",
            hint="Give more characters of the id.",
        )
    return found[0]
