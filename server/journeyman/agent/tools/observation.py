"""What a tool answers to the model: a status line, then the rest; bounded, head and tail kept."""

from __future__ import annotations

from dataclasses import dataclass

CHARACTERS_MAX = 30_000


@dataclass(frozen=True, slots=True)
class Observation:
    text: str
    """First line: the status. A failure says what to do next."""
    ok: bool = True
    """Whether the tool did what was asked. A command that exits 1 was run, but is not ok."""
    log: str | None = None
    """A file of the workspace that has the whole text already."""


def failed(status: str, *, hint: str = "") -> Observation:
    return Observation(f"failed: {status}" + (f"\n{hint}" if hint else ""), ok=False)


def capped(text: str, saved_as: str | None) -> str:
    """`text` within the cap: the first and the last half of it, and where the whole is."""
    if len(text) <= CHARACTERS_MAX:
        return text
    half = CHARACTERS_MAX // 2 - 200
    where = ""
    if saved_as:
        where = f"; all of it, up to 64 MiB, is in {saved_as} (terminal: sed -n 1,200p {saved_as})"
    gap = f"[{len(text) - 2 * half} characters left out{where}]"
    return f"{text[:half]}\n{gap}\n{text[-half:]}\n{gap}"
