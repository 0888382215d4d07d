/** Neovim beside VS Code: one chat in both, and what is answered in one is not asked in the other any more. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";

import { openNew, send } from "../../../src/desk";
import { Methods } from "../../../src/protocol.gen";
import { recording } from "./control";
import { ROOT, event, page, test, until } from "./harness";

const PROGRAM = process.env.JOURNEYMAN_TEST_NEOVIM!;
const HOME = join(ROOT, "neovim");
const ADDRESS = join(ROOT, "neovim.sock");
const PLUGIN = resolve(process.env.JOURNEYMAN_TEST_RECORDINGS!, "../../../../nvim");
/** A person in Neovim: `choose` answers the newest list with the item that begins so. */
const PERSON = `
vim.g.loaded_python3_provider = 0
vim.opt.runtimepath:prepend(${JSON.stringify(PLUGIN)})
vim.g.journeyman = { cmd = { ${JSON.stringify(process.env.JOURNEYMAN_TEST_PROGRAM!)}, "stdio" }, idle_ms = 0 }
local asked = {}
vim.ui.select = function(items, options, done)
  table.insert(asked, { titles = vim.tbl_map(options.format_item or tostring, items), items = items, done = done })
end
function _G.choose(words)
  for index, title in ipairs(asked[#asked] and asked[#asked].titles or {}) do
    if vim.startswith(title, words) then
      local last = table.remove(asked)
      last.done(last.items[index], index)
      return 1
    end
  end
  return 0
end
function _G.waiting()
  return require("journeyman.permissions").count()
end
function _G.present()
  local chat = require("journeyman.chats").get()
  return chat and chat.id or ""
end
`;

async function nvim(expression: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(PROGRAM, ["--server", ADDRESS, "--remote-expr", expression]);
  return (stdout || stderr).trim(); // which of them depends on what it is connected to
}

test("a question in VS Code and Neovim is gone in both once one has answered", async ({ desk, view }) => {
  mkdirSync(HOME, { recursive: true });
  writeFileSync(join(HOME, "init.lua"), PERSON);
  const places = Object.fromEntries(["CONFIG", "DATA", "STATE", "CACHE"].map((name) => [`XDG_${name}_HOME`, join(HOME, name.toLowerCase())]));
  const beside = spawn(PROGRAM, ["--headless", "--clean", "-u", join(HOME, "init.lua"), "--listen", ADDRESS], {
    cwd: vscode.workspace.workspaceFolders![0]!.uri.fsPath,
    env: { ...process.env, ...places, HOME },
    stdio: "ignore",
  });
  try {
    await view.focus();
    await openNew(desk);
    const chatId = desk.chat.id!;
    await desk.daemon.request(Methods.modelSelect, { chatId, model: recording("push") });
    desk.mode = "execute";
    const cards = () => page<number>("chat", { script: "document.querySelectorAll('.ask').length" });
    for (const answers of ["Neovim", "VS Code"]) {
      const asked = event(desk.chat, ({ kind }) => kind === "permission/requested");
      const resolved = event(desk.chat, ({ kind }) => kind === "permission/resolved");
      const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
      await send(desk, `Push it, ${answers}.`, "queue");
      await asked;
      await until("the card", async () => (await cards()) === 1);
      if (answers === "Neovim") {
        await until("Neovim is there", () => nvim("1").then(() => true, () => false));
        await nvim("execute('Journeyman chats')");
        await until("it has the chat", async () => (await nvim("v:lua.choose('Push it, Neovim.')")) === "1");
        await until("it follows the chat", async () => (await nvim("v:lua.present()")) === chatId);
      }
      await until("Neovim has the question", async () => (await nvim("v:lua.waiting()")) === "1");
      if (answers === "Neovim") await until("Neovim is asked", async () => (await nvim("v:lua.choose('Deny')")) === "1");
      else await page("click", { selector: ".ask [data-option=deny]" });
      assert.equal((await resolved).data.state, "denied");
      await until("no card", async () => (await cards()) === 0 && desk.asking.pending.size === 0);
      await until("nothing waits in Neovim", async () => (await nvim("v:lua.waiting()")) === "0");
      await desk.chat.stop().catch(() => undefined);
      await ended;
    }
  } finally {
    beside.kill("SIGKILL");
  }
});
