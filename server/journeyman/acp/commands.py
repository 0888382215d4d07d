"""Which prompt files a session can call: the user's, and the project's while its workspace is running."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from journeyman.acp import options
from journeyman.chat.service import ROOT
from journeyman.extensions import prompt_files
from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.acp.sessions import Session
    from journeyman.rpc.services import Services

log = logging.getLogger(__name__)


async def look(services: Services, session: Session) -> bool:
    """Find them; whether they are others than before. A workspace is not started for that."""
    guest = services.manager.at_hand(session.project_id)
    try:
        found = await prompt_files.find(services.extensions.commands(guest, ROOT))
    except Failure as failure:  # the workspace went away meanwhile
        log.info("the commands of session %s are not known: %s", session.id, failure.message)
        return False
    before, session.commands = session.commands, found
    return found != before


def tell(session: Session) -> None:
    session.tell(options.commands(session.commands))
