"""What is stored, counted: for metrics. One pass over the runs; nothing is kept."""

from __future__ import annotations

import sqlite3

from journeyman.records import Totals

_RUNS = """
SELECT status, COUNT(*), SUM(steps), SUM(usage ->> 'input_tokens'), SUM(usage ->> 'output_tokens'),
       SUM(usage ->> 'cost_usd')
FROM runs GROUP BY status
"""


def totals(connection: sqlite3.Connection) -> Totals:
    rows = connection.execute(_RUNS).fetchall()

    def summed(column: int) -> float:
        return sum(row[column] or 0 for row in rows)

    def counted(table: str) -> int:
        return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])

    return Totals(
        projects=counted("projects"),
        chats=counted("chats"),
        runs={str(row[0]): int(row[1]) for row in rows},
        steps=int(summed(2)),
        input_tokens=int(summed(3)),
        output_tokens=int(summed(4)),
        cost_usd=float(summed(5)),
    )
