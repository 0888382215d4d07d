"""project/extensions"""

from __future__ import annotations

from journeyman.chat.service import ROOT
from journeyman.extensions.extensions import listing
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.project import ProjectExtensions, ProjectRef, PromptCommand, Skill


async def list_(context: Context, params: ProjectRef) -> ProjectExtensions:
    await context.services.projects.get(params.project_id)
    guest = context.services.manager.at_hand(params.project_id)
    found = await listing(context.services.extensions, guest, ROOT)
    return ProjectExtensions(
        commands=[
            PromptCommand(
                name=each.name,
                description=each.description,
                argument_hint=each.hint or None,
                origin=each.origin,
            )
            for each in found.commands
        ],
        skills=[
            Skill(name=each.name, description=each.description, origin=each.place.origin)
            for each in found.skills.known
        ],
        problems=list(found.skills.problems),
        looked_inside=guest is not None,
    )


HANDLERS: dict[str, Handler] = {"project/extensions": list_}
