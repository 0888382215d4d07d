import assert from "node:assert/strict";
import * as vscode from "vscode";

import { event, file, page, test, until } from "./harness";

test("a run from the box to its end: progress, plan, cards, result", async ({ desk, status, view }) => {
  await view.focus();
  const working = new Set<string>();
  const watching = desk.chat.onDidMove(() => void working.add(status.main.text));
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  await page("type", { text: "Some tests of this project fail. Repair it." });
  assert.equal((await ended).data.status, "completed");
  watching.dispose();

  const state = desk.chat.state!;
  assert.equal(state.run, undefined);
  assert.deepEqual(state.todo.items.map((item) => item.status), ["done", "done", "done"]);
  assert.ok([...working].some((text) => text.startsWith("$(sync~spin) Journeyman")), [...working].join());
  assert.ok(working.has("$(sync~spin) Journeyman 2/3"), [...working].join());
  assert.ok(state.entries.filter((entry) => entry.type === "tool").every((entry) => entry.status !== "running"));

  await until("the end on the page", () => page("chat", { script: "document.querySelectorAll('.end.completed').length === 1" }));
  const shown = await page<{ user: string; tools: number; plan: string; live: number }>("chat", {
    script: "({ user: document.querySelector('.message.user').textContent, tools: document.querySelectorAll('.tool').length, plan: document.querySelector('#plan summary').textContent, live: document.querySelectorAll('.live').length })",
  });
  assert.match(shown.user, /Some tests of this project fail/);
  assert.equal(shown.tools, state.entries.filter((entry) => entry.type === "tool").length);
  assert.equal(shown.plan, "Plan 3/3");
  assert.equal(shown.live, 0);
});

test("the page is the same after it was hidden and shown again", async ({ view }) => {
  const look = "document.getElementById('log').innerText";
  const before = await page<string>("chat", { script: look });
  await vscode.commands.executeCommand("workbench.view.explorer");
  await until("the view is hidden", () => !view.visible);
  await view.focus();
  await until("the same text", async () => (await page<string>("chat", { script: look })) === before);
});

test("a checkbox edits the plan, also where somebody else was quicker", async ({ desk }) => {
  const first = desk.chat.state!.todo.items[0]!;
  let changed = event(desk.chat, ({ kind }) => kind === "todo/changed");
  await desk.plan.check(first.id, false);
  await changed;
  assert.equal(desk.chat.state!.todo.items[0]!.status, "pending");
  const behind = { ...desk.chat.state!.todo, rev: desk.chat.state!.todo.rev - 1 };
  desk.chat.state!.todo = behind;
  changed = event(desk.chat, ({ kind }) => kind === "todo/changed");
  await desk.plan.check(first.id, true);
  await changed;
  assert.equal(desk.chat.state!.todo.items[0]!.status, "done");
});

test("the folder stayed as it was", async ({ desk }) => {
  const folder = vscode.workspace.workspaceFolders![0]!.uri;
  const here = Buffer.from(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, "wordcount/stats.py"))).toString();
  const there = await file("wordcount/stats.py", desk.chat.state!.chat.projectId);
  assert.ok(!here.includes("if not words"));
  assert.ok(there.includes("if not words"));
});
