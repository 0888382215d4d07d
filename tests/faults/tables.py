"""The cells of the fault matrices as the tables of docs/reliability.md.

`PYTHONPATH=tests .venv/bin/python -m faults.tables` writes them there; a test says when they are stale.
"""

from __future__ import annotations

from pathlib import Path

from components.harms import WAYS, Way
from faults import docker_cells, store_cells

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- fault tables: begin -->", "<!-- fault tables: end -->"


def tables() -> str:
    parts = [
        _table("object storage", WAYS, store_cells.CELLS),
        _table("Docker engine", docker_cells.WAYS, docker_cells.CELLS),
        _hazards(),
    ]
    return "\n\n".join(parts)


def _table(name: str, ways: tuple[Way, ...], cells: dict[str, dict[Way, tuple[str, str]]]) -> str:
    lines = [f"| {name} | " + " | ".join(cells) + " |", "|---" * (len(cells) + 1) + "|"]
    for way in ways:
        row = (_both(*cells[place][way]) for place in cells)
        lines.append(f"| {way} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def _both(once: str, lasting: str) -> str:
    return once if once == lasting else f"{once}, {lasting}"


def _hazards() -> str:
    moments = ("idle", "open", "command", "archive", "restore")
    lines = ["| container | " + " | ".join(moments) + " |", "|---" * (len(moments) + 1) + "|"]
    for name, row in docker_cells.HAZARDS.items():
        lines.append(f"| {name} | " + " | ".join(row.get(moment, "") for moment in moments) + " |")
    return "\n".join(lines)


def page(text: str) -> str:
    """`text` with the tables as they are now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
