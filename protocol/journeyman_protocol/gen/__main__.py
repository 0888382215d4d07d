"""`python -m journeyman_protocol.gen [--check]`: write the generated files, or say which are stale."""

from __future__ import annotations

import sys
from pathlib import Path

from journeyman_protocol.gen import lua, markdown, schema_json, typescript

ROOT = Path(__file__).resolve().parents[3]


def targets() -> dict[Path, str]:
    return {
        ROOT / "protocol" / "schema.json": schema_json(),
        ROOT / "protocol" / "PROTOCOL.md": markdown(),
        ROOT / "clients" / "vscode" / "src" / "protocol.gen.ts": typescript(),
        ROOT / "clients" / "nvim" / "lua" / "journeyman" / "protocol_gen.lua": lua(),
    }


def stale() -> list[Path]:
    return [
        path
        for path, text in targets().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    if "--check" in sys.argv[1:]:
        for path in stale():
            print(f"{path.relative_to(ROOT)} is stale: run `make gen`", file=sys.stderr)
        return 1 if stale() else 0
    for path, text in targets().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
