"""Where the daemon keeps its things. Standard library only: the stdio bridge starts with this module.

Data lives under the XDG data directory, sockets under the XDG runtime directory, caches under the XDG
cache directory; `JOURNEYMAN_DATA_DIR` and `JOURNEYMAN_RUNTIME_DIR` override the first two.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

SOCKET_PATH_BYTES_MAX = 100  # sun_path holds 108 bytes on Linux, 104 elsewhere


def data_dir() -> Path:
    """The directory one daemon owns: database, embedded archives, private workspace directories."""
    override = os.environ.get("JOURNEYMAN_DATA_DIR")
    if override:
        return Path(override).expanduser().absolute()
    base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(base) / "journeyman"


def runtime_dir(data: Path) -> Path:
    """The 0700 directory for the sockets of the daemon that owns `data`.

    Short on purpose: a Unix socket's path may not be longer than about a hundred bytes, so a long data
    directory gets a directory named by its hash.
    """
    override = os.environ.get("JOURNEYMAN_RUNTIME_DIR")
    if override:
        return Path(override).expanduser().absolute()
    digest = hashlib.sha256(os.fsencode(str(data))).hexdigest()[:12]
    if base := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(base) / f"jm-{digest}"
    # Directly in /tmp, whose sticky bit keeps others from putting something else in its place.
    return Path("/tmp") / f"journeyman-{os.getuid()}-{digest}"


def daemon_socket(data: Path) -> Path:
    return runtime_dir(data) / "daemon.sock"


def config_file() -> Path:
    override = os.environ.get("JOURNEYMAN_CONFIG")
    if override:
        return Path(override).expanduser().absolute()
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / "journeyman" / "config.toml"


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "journeyman"


def token_file(data: Path) -> Path:
    """Where the daemon keeps the token that clients over TCP must show; only its owner can read it."""
    return data / "token"


def daemon_log(data: Path) -> Path:
    return data / "daemon.log"


def make_private(directory: Path) -> None:
    """Make the directory, and what is missing above it, for its owner alone: `mkdir(parents=True)` does what
    its mode says for the last one only."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        make_private(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
