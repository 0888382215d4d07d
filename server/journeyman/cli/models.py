"""journeyman models: which models there are, and which can be used now."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from journeyman.cli import output
from journeyman.cli.options import Json


def models(
    search: Annotated[str, typer.Argument(help="Only models whose name has this in it.")] = "",
    usable: Annotated[bool, typer.Option("--usable", help="Only those that can be used now.")] = False,
    json: Json = False,
) -> None:
    """List models and which can be used.

    With price and context window, and the reason where one cannot be used.

    Example: journeyman models qwen
    """
    from journeyman.cli.link import call

    answer = call(lambda client: client.request("model/list", {}))
    items: list[dict[str, Any]] = [
        m for m in answer["items"] if search.lower() in m["id"].lower() and (m["available"] or not usable)
    ]
    if json:
        output.print_json({**answer, "items": items})
        return
    prices: list[dict[str, Any]] = [m.get("price") or {} for m in items]
    output.print_table(
        ["model", "context", "$/M in", "$/M out", "usable", "why not"],
        [
            [
                m["id"] + (" (default)" if m["id"] == answer.get("default") else ""),
                f"{m['contextWindow']:,}" if m.get("contextWindow") else "unknown",
                _usd(price.get("inputUsdPerMillion")),
                _usd(price.get("outputUsdPerMillion")),
                "yes" if m["available"] else "no",
                m.get("why") or "",
            ]
            for m, price in zip(items, prices, strict=True)
        ],
        empty="No model fits." if answer["items"] else "The daemon knows no model.",
    )


def _usd(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"
