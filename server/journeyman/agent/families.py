"""What differs from one family of models to the next: the tools they are offered and what they are told.

Each was trained on one way to change files and fails at others; the rest of the prompt is the same for all.
Which model is of which family is data (`family` in `model/catalog.toml`). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.agent.prompts import system_prompt
from journeyman.ports.model import ModelInfo


@dataclass(frozen=True, slots=True)
class Family:
    name: str
    prompts: tuple[str, ...]
    """Files in `prompts/` behind the common one."""
    without: frozenset[str] = frozenset({"patch"})
    """Tools it is not offered."""
    only: frozenset[str] | None = None
    """All it is offered; None: whatever there is, but for those."""
    common: str = "system"
    """The file before the others."""
    plans: bool = True
    argues: bool = True
    """Whether a refused `fin` helps it on; weak ones only spoil what they did."""
    looks: bool = True
    """Whether it looks around by itself. Else it is shown the files a request names, and nothing besides."""

    @property
    def system(self) -> str:
        return system_prompt(*self.prompts, common=self.common)

    def is_offered(self, tool: str) -> bool:
        return tool not in self.without and (self.only is None or tool in self.only)


USUAL = Family("usual", ("edit",))
FAMILIES = {
    each.name: each
    for each in (
        USUAL,
        Family("gpt", ("patch", "gpt"), frozenset({"edit"})),
        Family("gemini", ("edit", "gemini")),
        Family("open", ("edit", "open")),
        Family(
            "small",
            (),
            only=frozenset({"write", "terminal", "fin"}),
            common="small",
            plans=False,
            argues=False,
            looks=False,
        ),
    )
}


def family_of(info: ModelInfo) -> Family:
    """The usual one where the catalogue does not say."""
    return FAMILIES.get(str(info.extra.get("family")), USUAL)
