"""journeyman archive: one family of commands. `archive PROJECT` alone is `archive make PROJECT`."""

from __future__ import annotations

import typer
from typer.core import TyperGroup

from journeyman.cli import archive_care, archive_extract, archive_key, archive_show, archives


class MakeByDefault(TyperGroup):
    """What is no subcommand and no request for help is the beginning of `make`'s arguments."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["make", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=MakeByDefault,
    no_args_is_help=True,
    help="Archives of workspaces: make, look at, check and take out. `archive PROJECT` makes one.",
)
app.command("make")(archives.archive)
app.command("list")(archives.archives)
app.command("show")(archive_show.show)
app.command("diff")(archive_care.diff)
app.command("verify")(archive_care.verify)
app.command("name")(archive_care.name)
app.command("delete")(archive_care.delete)
app.command("prune")(archive_care.prune)
app.command("extract")(archive_extract.extract)
app.command("key")(archive_key.key)
