"""What other JSON-RPC servers take for the same frame: a stock pygls server, and npm's vscode-jsonrpc."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.references import round_trips_ms

ECHO = json.dumps({"jsonrpc": "2.0", "id": 2, "method": "bench/echo", "params": {}}).encode()
VSCODE_JSONRPC = "vscode-jsonrpc@8.2.1"

_PYGLS = """
import sys
from pygls.lsp.server import LanguageServer
server = LanguageServer("echo", "1")
@server.feature("bench/echo")
def echo(ls, params):
    return {"now": "2026-01-01T00:00:00.000Z"}
server.start_io()
"""
_NODE = """
const rpc = require('vscode-jsonrpc/node');
const connection = rpc.createMessageConnection(
    new rpc.StreamMessageReader(process.stdin), new rpc.StreamMessageWriter(process.stdout));
connection.onRequest('bench/echo', () => ({ now: '2026-01-01T00:00:00.000Z' }));
connection.listen();
"""


async def pygls_echo_ms(count: int) -> tuple[float, ...]:
    return await _echo_ms([sys.executable, "-c", _PYGLS], count, None)


async def node_echo_ms(count: int) -> tuple[float, ...]:
    """Nothing where there is no Node or the package cannot be had."""
    folder = await asyncio.to_thread(_vscode_jsonrpc)
    return () if folder is None else await _echo_ms(["node", "-e", _NODE], count, folder)


async def _echo_ms(argv: list[str], count: int, folder: Path | None) -> tuple[float, ...]:
    server = await asyncio.create_subprocess_exec(
        *argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        await round_trips_ms(server.stdout, server.stdin, 50, ECHO)
        return await round_trips_ms(server.stdout, server.stdin, count, ECHO)
    finally:
        server.kill()
        await server.wait()


def _vscode_jsonrpc() -> Path | None:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "journeyman" / "bench" / VSCODE_JSONRPC
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None
    if not (folder / "node_modules" / "vscode-jsonrpc").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        install = [
            "npm",
            "install",
            "--silent",
            "--no-fund",
            "--no-audit",
            "--prefix",
            str(folder),
            VSCODE_JSONRPC,
        ]
        if subprocess.run(install, capture_output=True, check=False).returncode != 0:
            return None
    return folder
