"""What each family of models is offered and told: the same bytes every time, never more than 14 tools."""

from __future__ import annotations

import pytest

from journeyman.agent.families import FAMILIES, USUAL, Family, family_of
from journeyman.agent.tools.registry import Registry
from journeyman.model.catalog import load_catalog
from journeyman.model.registry import SMALL
from journeyman.ports.model import ModelInfo
from journeyman.testing.model import call
from unit.agent.house import MODEL, House
from unit.agent.tooling import Bench

TOOLS_MAX = 14
COMMON = ["ls", "cd", "read", "write", "grep", "glob", "todoWrite", "todoRead", "terminal", "git", "commands",
          "ask", "fin"]  # fmt: skip


BIG = {name: family for name, family in FAMILIES.items() if name != "small"}
"""Those that call tools by themselves."""


@pytest.mark.parametrize("family", BIG.values(), ids=BIG)
def test_prompt_and_tools_are_the_same_bytes_every_time(family: Family) -> None:
    first, second = (Registry(None, "/w").specs(family) for _ in range(2))  # type: ignore[arg-type]
    assert first == second
    names = [spec.name for spec in first]
    changing = "patch" if family.name == "gpt" else "edit"
    assert [name for name in names if name != changing] == COMMON
    assert changing in names
    assert len(names) <= TOOLS_MAX
    for spec in first:
        properties = list(spec.parameters["properties"])
        required = spec.parameters.get("required", [])
        assert properties[: len(required)] == required
    assert family.system == Family(family.name, family.prompts, family.without).system
    assert ("old_string" in family.system) == (changing == "edit")
    assert ("*** Begin Patch" in family.system) == (changing == "patch")


def test_every_prompt_begins_with_the_same_rules() -> None:
    common = USUAL.system.split("\nChanging files")[0]
    assert all(family.system.startswith(common) for family in BIG.values())
    assert len({family.system for family in FAMILIES.values()}) == len(FAMILIES)


def test_the_catalogue_names_families_there_are() -> None:
    named = {options["family"] for _, options in load_catalog().families if "family" in options}
    assert named == FAMILIES.keys() - {"usual", "small"}
    assert SMALL["family"] == "small", "the user says which those are"


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("openai/gpt-5.4", "gpt"),
        ("openrouter/openai/gpt-5", "gpt"),
        ("anthropic/claude-sonnet-5-5", "usual"),
        ("openrouter/anthropic/claude-sonnet-4.5", "usual"),
        ("gemini/gemini-3.8-flash", "gemini"),
        ("openrouter/qwen/qwen3-coder", "open"),
        ("ollama/anything", "open"),
        ("openai-compatible/anything", "open"),
    ],
)
def test_a_model_is_of_its_family(model: str, family: str) -> None:
    catalog = load_catalog()
    info = catalog.info(model)
    known = ModelInfo(model, info.provider, info.name, None, None, extra=catalog.options(info))
    assert family_of(known).name == family


async def test_a_model_gets_what_is_for_its_family(agent: House) -> None:
    for family in FAMILIES.values():
        model = agent.script([call("fin", summary="Fine.")])
        info = ModelInfo(MODEL, "scripted", "test", None, True, extra={"family": family.name})
        agent.models.inject(MODEL, model, info)
        await agent.run("Is it fine?")
        assert model.requests[0].system == family.system
        assert not family.without & {spec.name for spec in model.requests[0].tools}


async def test_a_tool_that_is_not_offered_is_run_all_the_same(tools: Bench) -> None:
    (tools.folder / "a").write_text("x\n")
    assert (await tools.call("edit", path="a", old_string="x", new_string="y")).ok
    patch = "*** Begin Patch\n*** Update File: a\n@@\n-y\n+z\n*** End Patch"
    assert (await tools.call("patch", patch=patch)).ok
    assert (tools.folder / "a").read_text() == "z\n"
