"""The plugin as Neovim finds it: it compiles, does nothing unasked, is documented, and says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.neovim import PLUGIN, run_script
from editors.nvim.desk import Desk
from journeyman_protocol.methods import METHODS

FILES = sorted(path for path in PLUGIN.rglob("*.lua") if path.name != "protocol_gen.lua")
HELP = (PLUGIN / "doc" / "journeyman.txt").read_text(encoding="utf-8")


def test_every_file_compiles(tmp_path: Path) -> None:
    check = tmp_path / "check.lua"
    check.write_text("for _, path in ipairs(arg) do assert(loadfile(path)) end print(#arg)")
    assert run_script(check, *map(str, FILES), home=tmp_path).strip() == str(len(FILES))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGIN)))
def test_no_method_is_named_by_hand_and_no_name_is_made_up(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 320
    quoted = set(re.findall(r"\"([\w$]+/[\w/]+)\"", text))
    assert quoted & {method.name for method in METHODS} == set()
    names = {method.name.replace("/", "_").replace("$", "dollar") for method in METHODS}
    assert set(re.findall(r"\bmethod\.(\w+)", text)) <= names


def test_every_command_and_option_is_documented(tmp_path: Path) -> None:
    ask = tmp_path / "ask.lua"
    ask.write_text(
        f'vim.opt.runtimepath:prepend("{PLUGIN}")\n'
        'print(table.concat(vim.tbl_keys(require("journeyman.commands").subs), " "))\n'
        'print(table.concat(vim.tbl_keys(require("journeyman.config").defaults), " "))\n'
    )
    commands, options = run_script(ask, home=tmp_path).strip().splitlines()
    assert {name for name in commands.split() if f"*:Journeyman-{name}*" not in HELP} == set()
    assert {name for name in options.split() if f"\n{name} " not in HELP} == set()


def test_help_health_and_nothing_unasked(desk: Desk) -> None:
    nvim = desk.neovim()
    nvim.command("edit text.txt")
    assert nvim.lua("return #vim.lsp.get_clients()") == 0
    assert nvim.lua("return vim.tbl_filter(function(name) return name:find('journeyman') end, "
                    "vim.tbl_keys(package.loaded))") == []  # fmt: skip
    assert nvim.lua("return require('journeyman').statusline()") == ""
    assert desk.where.pid() == 0
    assert nvim.lua("return vim.fn.getcompletion('Journeyman arch', 'cmdline')") == ["archive"]
    doc = desk.home / "doc"
    doc.mkdir()
    (doc / "journeyman.txt").write_text(HELP)
    nvim.command(f"helptags {doc} | set runtimepath+={desk.home} | help journeyman-review")
    assert nvim.lua("return vim.bo.buftype == 'help' and vim.fn.expand('%:t')") == "journeyman.txt"
    nvim.command("Journeyman start")
    nvim.until("return require('journeyman.client').current() ~= nil")
    nvim.command("checkhealth journeyman")
    text = "\n".join(nvim.lines(nvim.nvim.current.buffer.number))
    assert "vim.g.journeyman is right" in text
    assert f"data in {desk.where.data}" in text
    assert "workspaces: bubblewrap" in text
    assert "ERROR" not in text
    assert desk.where.pid() != 0
    nvim.lua("vim.g.journeyman = { cmd = { 'no-such-program' }, colour = 'red', idle_ms = '1' }")
    nvim.command("bwipeout | checkhealth journeyman")
    text = "\n".join(nvim.lines(nvim.nvim.current.buffer.number))
    assert "vim.g.journeyman.colour means nothing." in text
    assert "vim.g.journeyman.idle_ms is a string, not a number." in text
    assert "There is no program no-such-program." in text


def test_a_user_may_enable_it_as_a_language_server(desk: Desk) -> None:
    nvim = desk.neovim()
    nvim.command("edit text.txt")
    nvim.lua("vim.lsp.enable('journeyman')")
    nvim.until("return #vim.lsp.get_clients({ bufnr = 0, name = 'journeyman' }) == 1")
    nvim.until("return require('journeyman.client').current() ~= nil")
    nvim.command("Journeyman chat! Look")
    nvim.until("return require('journeyman.chats').get() ~= nil")
    assert nvim.lua("return #vim.lsp.get_clients()") == 1
