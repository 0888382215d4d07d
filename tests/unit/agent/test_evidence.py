"""Which reported errors are new: by what they say, on the line where the old one would be now."""

from __future__ import annotations

import pytest

from journeyman.agent.evidence import Before, new_errors
from journeyman.editing import Diagnostic, Span

TEXT = "a\nb\nc\nd\n"


def error(line: int, message: str = "bad") -> Diagnostic:
    return Diagnostic("f", "f", Span(line, 0, line, 1), "error", message, "lint", "E1")


@pytest.mark.parametrize(
    ("before", "text", "reported", "new"),
    [
        ([], TEXT, [error(1)], [error(1)]),
        ([error(1)], TEXT, [error(1)], []),
        ([error(1)], TEXT, [error(2)], [error(2)]),
        ([error(1)], TEXT, [error(1, "worse")], [error(1, "worse")]),
        ([error(1)], "new\n" + TEXT, [error(2)], []),
        ([error(1)], "new\n" + TEXT, [error(1)], [error(1)]),
        ([error(3)], "a\nd\n", [error(1)], []),
        ([error(1)], "a\nB\nB\nc\nd\n", [error(2)], []),
        ([error(1)], TEXT, [error(1), error(1)], [error(1)]),
        ([error(1), error(1)], TEXT, [error(1), error(1)], []),
        ([error(1)], TEXT, [], []),
        ([error(9)], TEXT, [error(9)], [error(9)]),
    ],
)
def test_new_is_what_was_not_there_before(
    before: list[Diagnostic], text: str, reported: list[Diagnostic], new: list[Diagnostic]
) -> None:
    assert new_errors(Before(TEXT, tuple(before)), text, reported) == new
