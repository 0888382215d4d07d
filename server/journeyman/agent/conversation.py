"""The linear history of a chat as a run goes through it: appended to the store first, then told."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from journeyman.agent.editor_block import shown
from journeyman.agent.inbox import STEERED
from journeyman.agent.masking import Masking
from journeyman.agent.telling import Telling
from journeyman.agent.tools.observation import Observation
from journeyman.model.assembly import ModelTurn
from journeyman.pictures import Picture
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.store import MessageStore
from journeyman.records import Input, Message, ToolCall
from journeyman.thoughts import Thoughts

NOT_BEGUN = "interrupted while the user was asked: nothing was done"


class Conversation:
    def __init__(
        self,
        store: MessageStore,
        telling: Telling,
        clock: Clock,
        ids: Ids,
        *,
        chat_id: str,
        run_id: str,
        history: Sequence[Message],
        masking: Masking,
    ) -> None:
        self._store = store
        self._telling = telling
        self._clock = clock
        self._ids = ids
        self._chat_id = chat_id
        self._run_id = run_id
        self._messages: list[Message] = []
        for message in history:
            put(self._messages, message)
        self._used = {call.id for message in history for call in message.tool_calls}
        """Ids of calls."""
        self._masking = masking
        masking.replay(self._messages)

    @property
    def window(self) -> int | None:
        """Of the model that is sent the view."""
        return self._masking.window

    @window.setter
    def window(self, tokens: int | None) -> None:
        self._masking.window = tokens

    def view(self) -> tuple[Message, ...]:
        """What the model is sent."""
        return self._masking.view(self._messages)

    @property
    def messages(self) -> Sequence[Message]:
        """Each as it is stored."""
        return self._messages

    async def user(self, text: str, *, context: str = "", pictures: tuple[Picture, ...] = ()) -> None:
        """`context` is for the model only."""
        message = Message(
            self._ids.new(),
            self._chat_id,
            self._run_id,
            "user",
            text,
            self._clock.now(),
            context=context,
            pictures=pictures,
        )
        await self._append_and_tell(message)

    def said(self, given: Input, called: str = "", note: str = STEERED) -> Message:
        """What a user said meanwhile, as a message. `called`: what the model is told of a command in it;
        `note`: what it is told to do about it."""
        return from_user(given, (called, note), self._ids.new(), self._chat_id, self._run_id, self._clock)

    async def heard(self, messages: Sequence[Message]) -> None:
        """They are stored already: taken out of the inbox in the same transaction."""
        self._messages.extend(messages)
        for message in messages:
            await self._telling.message(message)

    def answered(self, turn: ModelTurn, message_id: str, thoughts: Thoughts | None) -> Message:
        """What the model said, as a message that is neither stored (`keep`) nor told yet."""
        return Message(
            message_id,
            self._chat_id,
            self._run_id,
            "assistant",
            turn.text,
            self._clock.now(),
            reasoning=turn.reasoning,
            tool_calls=self._fresh(turn.tool_calls),
            thoughts=thoughts,
        )

    @property
    def last_calls(self) -> tuple[ToolCall, ...]:
        return self._messages[-1].tool_calls if self._messages else ()

    def tool(self, call: ToolCall, observation: Observation, message_id: str) -> asyncio.Future[None]:
        said = answer(
            call, observation.text, observation.ok, message_id, self._chat_id, self._run_id, self._clock
        )
        return self.keep(said, patient=True)

    async def close_open_calls(self, why: str, not_begun: Collection[str] = ()) -> None:
        """Every call gets a result, so that the next request is well formed. `not_begun`: ids of calls that
        waited for the user."""
        for call in open_calls(self._messages):
            told = Observation(NOT_BEGUN if call.id in not_begun else why, ok=False)
            await self.tool(call, told, self._ids.new())

    async def _append_and_tell(self, message: Message) -> None:
        """One commit for both: the store's queue keeps the order in which they are handed over."""
        await asyncio.gather(self.keep(message), self._telling.message(message))

    def keep(self, message: Message, *, patient: bool = False) -> asyncio.Future[None]:
        """Part of the conversation at once, stored once the future is done."""
        self._used.update(call.id for call in message.tool_calls)
        put(self._messages, message)
        return self._store.append([message], patient=patient)

    def _fresh(self, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """Ids are unique in the whole chat: some providers count from 0 in every answer."""
        used = self._used
        return tuple(
            call if call.id not in used
            else ToolCall(f"call_{self._ids.new()}", call.name, call.arguments, call.invalid)
            for call in calls
        )  # fmt: skip


def put(messages: list[Message], message: Message) -> None:
    """At the end; a result in the order of its turn's calls, so that what the model is sent does not hang on
    which of several parallel calls was done first."""
    at = first = len(messages)
    while message.role == "tool" and first > 0 and messages[first - 1].role == "tool":
        first -= 1
    if message.role == "tool" and first > 0:
        order = {call.id: number for number, call in enumerate(messages[first - 1].tool_calls)}
        mine = order.get(message.tool_call_id or "", len(order))
        while at > first and order.get(messages[at - 1].tool_call_id or "", -1) > mine:
            at -= 1
    messages.insert(at, message)


def open_calls(messages: Sequence[Message]) -> list[ToolCall]:
    """Calls without a result, in order."""
    answered = {message.tool_call_id for message in messages if message.role == "tool"}
    return [call for message in messages for call in message.tool_calls if call.id not in answered]


def from_user(
    given: Input, notes: Sequence[str], message_id: str, chat_id: str, run_id: str | None, clock: Clock
) -> Message:
    """What a user said to a run, with what the model is told about it."""
    context = "\n\n".join(part for part in (*notes, shown(given.context)) if part)
    return Message(
        message_id, chat_id, run_id, "user", given.text, clock.now(),
        context=context, pictures=given.pictures,
    )  # fmt: skip


def answer(
    call: ToolCall, text: str, ok: bool, message_id: str, chat_id: str, run_id: str | None, clock: Clock
) -> Message:
    return Message(
        message_id, chat_id, run_id, "tool", text, clock.now(),
        tool_call_id=call.id, tool_name=call.name, ok=ok,
    )  # fmt: skip
