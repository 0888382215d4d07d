"""The images of one run's requests: read from the store once, and left out where the model takes none.

Also says, before anything is made for a run, whether what comes with a prompt can be given to its model.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

from journeyman.agent.condensing import PICTURES_OF, without
from journeyman.agent.services import Services
from journeyman.failures import Failure
from journeyman.pictures import PICTURE_BYTES_MAX, PICTURES_MAX, Attached
from journeyman.ports.model import ModelInfo
from journeyman.ports.pictures import PictureStore
from journeyman.records import Message


@dataclass(slots=True)
class Gallery:
    store: PictureStore
    chat_id: str
    _texts: dict[str, str] = field(default_factory=dict[str, str])
    """Image id -> base64. Of the newest request only."""
    _without: dict[str, Message] = field(default_factory=dict[str, Message])

    def shown(self, messages: tuple[Message, ...], info: ModelInfo) -> tuple[Message, ...]:
        """The messages as this model can take them: the same ones each time."""
        if info.images or not any(map(PICTURES_OF, messages)):
            return messages
        return tuple(self._bare(message) if message.pictures else message for message in messages)

    async def texts(self, messages: Sequence[Message]) -> dict[str, str]:
        """Each image of the messages, by its id."""
        wanted = {picture.id for pictures in map(PICTURES_OF, messages) for picture in pictures}
        for gone in self._texts.keys() - wanted:
            del self._texts[gone]
        for picture_id in sorted(wanted - self._texts.keys()):
            data = (await self.store.get(self.chat_id, picture_id)).data
            self._texts[picture_id] = base64.b64encode(data).decode("ascii")
        return dict(self._texts)

    def _bare(self, message: Message) -> Message:
        if message.id not in self._without:
            self._without[message.id] = without(message, "this model takes no images")
        return self._without[message.id]


def check_size(pictures: Sequence[Attached]) -> None:
    """Raises `invalid` for more than a prompt may have."""
    if len(pictures) > PICTURES_MAX:
        raise Failure(
            "invalid",
            f"A prompt has at most {PICTURES_MAX} images, this one has {len(pictures)}.",
            hint="Say the rest in another prompt.",
        )
    for each in pictures:
        if len(each.data) > PICTURE_BYTES_MAX:
            raise Failure(
                "invalid",
                f"An image has {len(each.data):,} bytes; {PICTURE_BYTES_MAX:,} are allowed.",
                hint="Scale it down.",
            )


async def check_model(services: Services, name: str | None) -> None:
    """Raises `invalid` where the model is known not to take images, or not known to. A model that cannot be
    had is the run's own end."""
    try:
        info = (await services.models.choose(name)).info
    except Failure:
        return
    if not info.images:
        known = "does not take images" if info.images is False else "is not known to take images"
        raise Failure(
            "invalid",
            f"The model {info.id} {known}.",
            hint="Choose one that does (`images` in model/list), or name it in the setting `model_images`.",
        )
