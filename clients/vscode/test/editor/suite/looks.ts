import assert from "node:assert/strict";
import * as vscode from "vscode";

import { openNew, send } from "../../../src/desk";
import { Methods } from "../../../src/protocol.gen";
import { recording } from "./control";
import { RECORDINGS, event, page, test, until } from "./harness";

const THEMES = { light: "Default Light Modern", dark: "Default Dark Modern", "high-contrast": "Default High Contrast", "high-contrast-light": "Default High Contrast Light" };

test("a hostile model cannot script the page", async ({ desk, view }) => {
  await view.focus();
  await openNew(desk);
  await desk.daemon.request(Methods.modelSelect, { chatId: desk.chat.id!, model: recording("hostile") });
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  await send(desk, "<img src=x onerror=document.title='owned'>", "queue");
  await ended;
  await until("the end", () => page("chat", { script: "document.querySelectorAll('.end').length === 1" }));
  const found = await page<{ title: string; images: number; scripts: number; handlers: number; hrefs: string[] }>("chat", {
    script: "({ title: document.title, images: document.images.length, scripts: document.querySelectorAll('#log script, #asks script').length, handlers: document.querySelectorAll('[onerror],[onclick],[onload]').length, hrefs: [...document.querySelectorAll('#log a')].map((a) => a.dataset.href) })",
  });
  assert.deepEqual(found, { title: "Journeyman", images: 0, scripts: 0, handlers: 0, hrefs: ["https://example.org/a.png", "https://example.org/"] });
  const inserted = "(() => { const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s); return document.title; })()";
  assert.equal(await page("chat", { script: inserted }), "Journeyman");
});

test("every control has a name for a screen reader", async () => {
  const { controls, nameless } = await page<{ controls: number; nameless: string[] }>("names");
  assert.ok(controls >= 5, String(controls));
  assert.deepEqual(nameless, []);
});

test("pictures in every theme", async ({ desk, view }) => {
  desk.mode = undefined;
  await openNew(desk);
  const chatId = desk.chat.id!;
  await desk.daemon.request(Methods.modelSelect, { chatId, model: `replay/${RECORDINGS}/../../../../../examples/recordings/wordcount.jsonl` });
  await desk.projects.remember({ projectId: desk.chat.state!.chat.projectId });
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  await send(desk, "Some tests of this project fail. Find out why, and repair the code.", "queue");
  await ended;
  await desk.changes.refresh();
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await vscode.commands.executeCommand("workbench.action.closePanel");
  await page("widen", { to: 470 });
  const themes = vscode.workspace.getConfiguration("workbench");
  for (const [name, theme] of Object.entries(THEMES)) {
    await themes.update("colorTheme", theme, vscode.ConfigurationTarget.Global);
    const file = desk.changes.files[0];
    if (file) await vscode.commands.executeCommand("journeyman.openChange", file);
    await view.focus();
    await page("shot", { name: `chat-${name}` });
  }
  assert.ok(vscode.window.tabGroups.activeTabGroup.activeTab);
});
