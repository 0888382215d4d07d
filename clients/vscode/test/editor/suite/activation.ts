import assert from "node:assert/strict";
import * as vscode from "vscode";

import { page, test, until } from "./harness";

test("it finds the daemon, starts it and says so", async ({ desk, status }) => {
  await until("a connection", () => desk.daemon.state === "ready");
  assert.equal(status.main.text, "$(comment-discussion) Journeyman");
  assert.match(String(status.main.tooltip), /is connected/);
});

test("every command of the manifest is there", async () => {
  const known = new Set(await vscode.commands.getCommands(true));
  const manifest = vscode.extensions.getExtension("journeyman.journeyman")!.packageJSON as { contributes: { commands: { command: string }[] } };
  assert.deepEqual(manifest.contributes.commands.map(({ command }) => command).filter((command) => !known.has(command)), []);
});

test("a chat that was not begun yet is an empty page with a box to write in", async ({ view }) => {
  await view.focus();
  await until("it says what it is", () => page("chat", { script: "document.querySelector('.empty h2')?.textContent === 'Journeyman'" }));
  assert.equal(await page("chat", { script: "document.getElementById('send').disabled" }), true);
});
