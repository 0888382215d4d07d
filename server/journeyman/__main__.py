"""The program. `stdio` and `acp` go to the bridge before anything else is imported: an editor is waiting."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Answers the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["stdio"], ["acp"]) and not set(given) & {"--help", "-h"}:
        from journeyman import bridge

        return bridge.main()
    from journeyman.cli.main import main as command_line

    return command_line(given)


if __name__ == "__main__":
    sys.exit(main())
