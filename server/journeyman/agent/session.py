"""Everything one run works with, made by `run.py` and handed to the phases."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.agent.admitting import Pauses
from journeyman.agent.conversation import Conversation
from journeyman.agent.exploring import Explorer
from journeyman.agent.extending import Extended
from journeyman.agent.fallback import Fallbacks
from journeyman.agent.families import Family, family_of
from journeyman.agent.finishing import Finishing
from journeyman.agent.gallery import Gallery
from journeyman.agent.inbox import Inbox
from journeyman.agent.limits import Meter
from journeyman.agent.open_documents import OpenDocuments
from journeyman.agent.recall import Recall
from journeyman.agent.recording import Recording
from journeyman.agent.services import Gatekeeper, Reviewing
from journeyman.agent.sizes import Sizes
from journeyman.agent.state import Outcome, RunState
from journeyman.agent.stuck import StuckDetector
from journeyman.agent.telling import Telling
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.registry import Registry
from journeyman.agent.writing import Writes
from journeyman.model.registry import ResolvedModel
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.model import Model, ModelInfo
from journeyman.records import Message, Run
from journeyman.trajectory.ledger import Ledger


@dataclass(slots=True)
class Session:
    run: Run
    model: Model
    info: ModelInfo
    state: RunState
    conversation: Conversation
    telling: Telling
    tools: ToolContext
    registry: Registry
    meter: Meter
    stuck: StuckDetector
    finishing: Finishing
    inbox: Inbox
    clock: Clock
    ids: Ids
    started: float
    """Monotonic time of the start."""
    pauses: Pauses
    fallbacks: Fallbacks
    explorer: Explorer
    ledger: Ledger
    writes: Writes
    sizes: Sizes
    gallery: Gallery
    recall: Recall
    extended: Extended
    gatekeeper: Gatekeeper | None = None
    answers_may_be_text: bool = False
    """The prompt is a question: a reply without a tool call is its answer."""
    steps_since_todo: int = 0
    recording: Recording | None = None
    review: Reviewing | None = None
    documents: OpenDocuments | None = None
    steps_since_reminder: int = 0
    steps_to_replan: int = 0
    """How many it had since a new plan is wanted."""
    think_hard: bool = False
    """Something failed that the next answer has to do with."""

    def change_model(self, other: ResolvedModel) -> None:
        """From the next request on."""
        self.model, self.info = other.model, other.info
        self.explorer.resolved = other
        self.conversation.window = other.info.context_window
        self.finishing.argues = self.family.argues
        if not self.family.plans:
            self.state.plans, self.state.replan = False, ""

    @property
    def family(self) -> Family:
        """What the model is offered and told."""
        return family_of(self.info)

    @property
    def elapsed_s(self) -> float:
        """Seconds the run has had, without those it waited for a person."""
        return self.clock.monotonic() - self.started - self.pauses.total_s

    def characters(self, messages: tuple[Message, ...]) -> int:
        """What is sent with these, about, the list of tools left out."""
        return len(self.family.system) + self.sizes.of(messages)

    def end(self, outcome: Outcome) -> None:
        """The first ending counts."""
        if self.state.outcome is None:
            self.state.outcome = outcome
