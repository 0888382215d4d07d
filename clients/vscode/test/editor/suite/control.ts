import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";

import { send } from "../../../src/desk";
import { Methods } from "../../../src/protocol.gen";
import { RECORDINGS, event, page, test, until } from "./harness";

export const recording = (name: string) => `replay/${join(RECORDINGS, `${name}.jsonl`)}`;

test("a run is stopped from the page, and what waited goes on", async ({ desk }) => {
  const chatId = desk.chat.id!;
  await desk.daemon.request(Methods.modelSelect, { chatId, model: recording("long") });
  desk.mode = "execute";
  const folder = vscode.workspace.workspaceFolders![0]!.uri;
  const editor = await vscode.window.showTextDocument(vscode.Uri.joinPath(folder, "wordcount/text.py"));
  editor.selection = new vscode.Selection(2, 0, 4, 5);
  await until("the page says what goes along", () => page("chat", { script: "document.querySelector('#along li')?.firstChild.textContent === 'wordcount/text.py, lines 3–5'" }));
  await page("click", { selector: "#along [data-act=leave]" });
  await until("it is left out", () => page("chat", { script: "document.getElementById('along').hidden" }));
  assert.deepEqual(desk.seen.now().selections, []);
  editor.selection = new vscode.Selection(2, 0, 3, 0);
  await until("another one goes along", () => page("chat", { script: "document.querySelector('#along li')?.firstChild.textContent === 'wordcount/text.py, lines 3–4'" }));
  assert.equal(desk.seen.now().selections![0]!.text, "import re\n");
  const begun = event(desk.chat, ({ kind, data }) => kind === "tool/output" && String(data.text).includes("begun"));
  await send(desk, "Wait for something long.", "queue");
  await begun;
  await send(desk, "And afterwards this.", "queue");
  await until("it waits", () => desk.chat.state!.queue.length === 1);
  await until("it is on the page", () => page("chat", { script: "document.querySelector('#queue li') !== null" }));
  await page("shot", { name: "running" });
  await page("click", { selector: "[data-act=unqueue]" });
  await until("it waits no more", () => desk.chat.state!.queue.length === 0);
  const ended = event(desk.chat, ({ kind, data }) => kind === "run/finished" && data.stopReason === "cancelled" && !!desk.chat.state!.entries.length);
  await page("click", { selector: "#stop" });
  assert.equal((await ended).data.status, "cancelled");
  await until("the page says so", () => page("chat", { script: "document.getElementById('running').hidden && document.querySelector('.end.cancelled') !== null" }));
});

test("a permission is a card, is answered elsewhere, and is gone here", async ({ desk, view }) => {
  const chatId = desk.chat.id!;
  await desk.daemon.request(Methods.modelSelect, { chatId, model: recording("push") });
  const asked = event(desk.chat, ({ kind }) => kind === "permission/requested");
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  await send(desk, "Push it.", "queue");
  const permission = await asked;
  await until("the card", () => page("chat", { script: "document.querySelectorAll('.ask').length === 1" }));
  await until("it is known to wait", () => desk.asking.pending.size === 1);
  await view.focus();
  await page("shot", { name: "permission" });
  assert.ok(await page("chat", { script: "['send', 'stop', 'usage'].every((id) => document.getElementById(id).getBoundingClientRect().bottom <= innerHeight)" }), "all of the box is in sight");
  await promisify(execFile)(process.env.JOURNEYMAN_TEST_PROGRAM!, ["permissions", "deny", String(permission.data.id), "--because", "Not today."]);
  await until("the card is gone", () => page("chat", { script: "document.querySelectorAll('.ask').length === 0" }));
  await until("nothing waits", () => desk.asking.pending.size === 0);
  await desk.chat.stop().catch(() => undefined);
  await ended;
});

test("a permission is answered on its card", async ({ desk }) => {
  const asked = event(desk.chat, ({ kind }) => kind === "permission/requested");
  const resolved = event(desk.chat, ({ kind }) => kind === "permission/resolved");
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  await send(desk, "Push it again.", "queue");
  await asked;
  await page("click", { selector: ".ask [data-option=deny]" });
  assert.equal((await resolved).data.state, "denied");
  await desk.chat.stop().catch(() => undefined);
  await ended;
});

test("a checkpoint brings the files back, and the rewind is taken back", async ({ desk }) => {
  const chatId = desk.chat.id!;
  const { items } = await desk.daemon.request(Methods.checkpointList, { chatId });
  const first = items.at(-1)!;
  assert.equal(first.kind, "start");
  const done = await desk.daemon.request(Methods.checkpointRestore, { chatId, checkpointId: first.id, scope: "files" });
  assert.equal(done.scope, "files");
  await vscode.commands.executeCommand("journeyman.undoRewind");
});
