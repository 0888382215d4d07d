"""`explore`: a question about the project, answered by looking around apart from this history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, spec, text

QUESTION_CHARACTERS_MAX = 4_000


def tool(explore: Callable[[ToolContext, str], Awaitable[Observation]]) -> Tool:
    async def run(context: ToolContext, arguments: Arguments) -> Observation:
        question = arguments["question"].strip()
        if not question or len(question) > QUESTION_CHARACTERS_MAX:
            return failed(f"a question has 1 to {QUESTION_CHARACTERS_MAX:,} characters")
        return await explore(context, question)

    return Tool(
        spec(
            "explore",
            "Have a question about the project answered apart from this conversation; "
            "for one or two looks use grep and read.",
            {"question": text("With all that is needed to look for it")},
        ),
        run,
    )
