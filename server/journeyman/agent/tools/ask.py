"""`ask`: a question to the user, with options. Where nobody is there, the model decides itself."""

from __future__ import annotations

from journeyman.agent.state import RunState
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, spec, text

OPTIONS_MAX = 6
QUESTION_CHARACTERS_MAX = 2_000
OPTION_CHARACTERS_MAX = 100
ALONE_HERE = "nobody is there to be asked: decide yourself, and say in the summary what you took for granted"


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    question = arguments["question"].strip()
    options = tuple(dict.fromkeys(each.strip() for each in arguments.get("options", ()) if each.strip()))
    if not question or len(question) > QUESTION_CHARACTERS_MAX:
        return failed(f"a question has 1 to {QUESTION_CHARACTERS_MAX:,} characters")
    if len(options) > OPTIONS_MAX or any(len(each) > OPTION_CHARACTERS_MAX for each in options):
        return failed(f"give at most {OPTIONS_MAX} options of at most {OPTION_CHARACTERS_MAX} characters")
    answer = await context.ask(context.call_id, question, options)
    return Observation(answer if answer is not None else ALONE_HERE)


def _resources(_state: RunState, _arguments: Arguments) -> frozenset[str]:
    return frozenset({"the user"})


TOOL = Tool(
    spec(
        "ask",
        "Ask the user what only they can know, where the work depends on it; not for permission.",
        {"question": text()},
        {"options": {"type": "array", "description": "To choose from", "items": text()}},
    ),
    _run,
    resources=_resources,
)
