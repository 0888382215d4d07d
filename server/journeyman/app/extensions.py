"""Extensions put together: what the user's configuration directory and settings say."""

from __future__ import annotations

from journeyman import paths
from journeyman.config import Settings
from journeyman.extensions.extensions import Extensions


def extensions_of(_settings: Settings) -> Extensions:
    return Extensions(home=paths.config_file().parent)
