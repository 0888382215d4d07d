"""Files and commands in fenced blocks: what is one beyond doubt, and what the worked examples show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.evaluating.task import load_tasks
from journeyman.model.blocks import TEXT_CHARACTERS_MAX, Block, Reply, examples, of_command, of_file, read
from journeyman.model.replay import ReplayModel
from journeyman.ports.model import ModelRequest

TASKS = Path(__file__).resolve().parents[2] / "tasks"
A = Block("a.py", "x = 1\n")
ONE = "a.py\n```python\nx = 1\n```"


@pytest.mark.parametrize(
    ("text", "blocks", "before"),
    [
        (ONE, [A], ""),
        (f"Here it is:\n\n{ONE}\n\nIt sets x.", [A], "Here it is:"),
        (f"{ONE}\n\nsrc/b.sh\n```\nls\n```", [A, Block("src/b.sh", "ls\n")], ""),
        ("**a.py**\n```python\nx = 1\n```", [A], ""),
        ("`a.py`\n```\nx = 1\n```", [A], ""),
        ("### a.py\n```\nx = 1\n```  ", [A], ""),
        ("```sh\nrm old.log\n```", [Block(None, "rm old.log\n")], ""),
        ("Run it:\n```bash\nls\n```", [Block(None, "ls\n")], "Run it:"),
        ("a.md\n````\n```\nx\n```\n````", [Block("a.md", "```\nx\n```\n")], ""),
        ("Makefile\n```\nall:\n```", [Block("Makefile", "all:\n")], ""),
        ("VERSION\n```\n1\n```", [Block("VERSION", "1\n")], ""),
        (".env\n```\n```", [Block(".env", "")], ""),
        (f"{ONE}\nIt prints:\n```\n1\n```", [A], ""),  # an example behind it
        ("I wrote a.py.", [], "I wrote a.py."),
        ("Use `x` or ``y``.", [], "Use `x` or ``y``."),
        ("", [], ""),
    ],
)
def test_what_is_a_block(text: str, blocks: list[Block], before: str) -> None:
    assert read(text) == Reply(tuple(blocks), before, clear=True)


@pytest.mark.parametrize(
    "text",
    [
        "a.py\n```python\nx = 1\n",  # cut
        "a.py\n```python\nx = 1```",
        "a.md\n```\n```sh\nls\n```\n```",  # where does it end?
        "Example\n```python\nx = 1\n```",  # no file's name
        "make:\n```\nx\n```",
        "Then.\n```\nx\n```",
        "two words.py\n```python\nx = 1\n```",
        "```python\nx = 1\n```",
        f"{ONE}\n```\nmore",
        f"{ONE}{' ' * TEXT_CHARACTERS_MAX}",
    ],
)
def test_what_is_not_clear(text: str) -> None:
    assert not read(text).clear


PATHS = st.from_regex(r"([a-z_]{1,4}/){0,2}[a-zé]{1,4}\.[a-z]{1,4}", fullmatch=True)
LINES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=8)
TEXTS = st.lists(LINES | st.sampled_from(["```", "````sh", "a.py", "```python", "", "`"]), max_size=6)


@given(path=PATHS, lines=TEXTS, command=TEXTS.filter(any))
def test_what_is_shown_is_read_as_it_was(path: str, lines: list[str], command: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    told = "\n".join(command)
    assert read(of_file(path, text)) == Reply((Block(path, text),), "", clear=True)
    assert read(of_command(told)).blocks == (Block(None, told if told.endswith("\n") else f"{told}\n"),)
    both = read(f"{of_file(path, text)}\n\n{of_file('z.py', text)}")
    assert both.blocks == (Block(path, text), Block("z.py", text))


def test_a_last_line_gets_an_end() -> None:
    assert read(of_file("a.py", "x = 1")).blocks == (A,)


def test_the_examples_are_conversations_of_what_can_be_read() -> None:
    turns = examples()
    assert [role for role, _ in turns] == ["user", "assistant"] * (len(turns) // 2)
    said = [read(text) for role, text in turns if role == "assistant"]
    assert all(reply.clear and len(reply.blocks) <= 1 for reply in said)
    assert all(reply.before == "" for reply in said if reply.blocks)
    kinds = [("end" if not r.blocks else "command" if r.blocks[0].path is None else "file") for r in said]
    assert kinds[1::2] == ["end"] * (len(kinds) // 2), "each ends in words"
    assert {"command", "file"} == set(kinds[::2])
    languages = {str(r.blocks[0].path).rpartition(".")[2] for r in said if r.blocks and r.blocks[0].path}
    assert languages >= {"py", "mjs", "sh", "pl", "awk"}


async def test_no_example_holds_what_a_task_asks_for() -> None:
    shown = [block for role, text in examples() if role == "assistant" for block in read(text).blocks]
    names, contents = {block.path for block in shown if block.path}, {plain(block.text) for block in shown}
    solved = 0
    for task in load_tasks(TASKS):
        answers = ReplayModel(TASKS / task.name / "answer.jsonl")
        named = set(re.findall(r"[\w-]+\.\w+", task.instruction)) | set(task.start)
        assert not names & named, task.name
        async for delta in answers.stream(ModelRequest("m", "", ())):
            arguments = getattr(delta, "arguments", "")
            solved += bool(arguments)
            assert not any(each in plain(arguments) for each in contents), task.name
    assert solved


def plain(text: str) -> str:
    """Without what does not matter, escapes of JSON included."""
    return re.sub(r'\\n|[\s\\";]', "", text)
