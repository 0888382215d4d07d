"""Figures, their references, and the table they are printed as."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    unit: str
    samples: tuple[float, ...]
    reference_name: str = ""
    reference: tuple[float, ...] = ()

    @property
    def ratio(self) -> float | None:
        if not self.reference or statistics.median(self.reference) == 0:
            return None
        return statistics.median(self.samples) / statistics.median(self.reference)


def p95(samples: Sequence[float]) -> float:
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def render(rows: Sequence[Row]) -> str:
    head = ("figure", "median", "p95", "n", "unit", "reference", "its median", "ratio")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{statistics.median(row.samples):.2f}",
        f"{p95(row.samples):.2f}",
        str(len(row.samples)),
        row.unit,
        row.reference_name,
        f"{statistics.median(row.reference):.2f}" if row.reference else "",
        f"{row.ratio:.2f}" if row.ratio is not None else "",
    )
