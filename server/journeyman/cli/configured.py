"""The user's settings, as commands that need no daemon read them."""

from __future__ import annotations

from pathlib import Path

from journeyman.config import Settings


def load_settings(data_dir: Path | None = None) -> Settings:
    """Environment over `config.toml` over defaults, and `data_dir` over all. Raises ValidationError."""
    given = {} if data_dir is None else {"data_dir": data_dir.expanduser().absolute()}
    return Settings.model_validate(given)
