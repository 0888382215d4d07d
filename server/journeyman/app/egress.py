"""The way out of workspaces, put together: the user's policy, the system's dialer, who is told of refusals.

A refusal is an event in the chat whose run is going on in that project. Where none is, the log has it.
"""

from __future__ import annotations

from collections.abc import Callable

from journeyman.adapters.dialer import SystemDialer
from journeyman.agent.telling import Telling
from journeyman.chat.event_log import EventLog
from journeyman.config import Settings
from journeyman.egress.policy import Policy, policy_of
from journeyman.egress.service import Egress
from journeyman.ports.clock import Clock
from journeyman.ports.dialer import Dialer
from journeyman.records import Run
from journeyman.tasks import Supervisor


def policy(settings: Settings) -> Policy:
    """Raises `invalid` for a list that cannot be meant."""
    return policy_of(settings.egress, settings.egress_allow)


def way_out(
    settings: Settings,
    dialer: Dialer | None,
    *,
    events: EventLog,
    running: Callable[[str], Run | None],
    clock: Clock,
    supervisor: Supervisor,
) -> Egress:
    """`running` answers the run that is going on in a project."""

    async def tell(project_id: str, sentence: str, hint: str) -> None:
        run = running(project_id)
        if run is not None:
            await Telling(events, run.chat_id, run.id).notice("warning", sentence, hint)

    def listening(project_id: str) -> str | None:
        run = running(project_id)
        return None if run is None else run.id

    return Egress(
        policy(settings),
        dialer or SystemDialer(),
        clock=clock,
        supervisor=supervisor,
        listening=listening,
        tell=tell,
    )
