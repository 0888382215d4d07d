/** The extension that was installed from its file: it activates, finds the daemon it brought, and does the main job. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";

import type { Inside } from "../../../src/extension";
import { ROOT, event, page, runAll, test, until } from "./harness";

test("it is the one that was installed, with a wheel of its own version", async () => {
  const extension = vscode.extensions.getExtension("journeyman.journeyman")!;
  assert.ok(extension.extensionPath.startsWith(join(ROOT, "extensions")), extension.extensionPath);
  const { version } = extension.packageJSON as { version: string };
  assert.deepEqual(readdirSync(join(extension.extensionPath, "bundled")).sort(), [`journeyman-${version}-py3-none-any.whl`, "runtime.txt"]);
});

test("the daemon it brought runs, and a run goes from the box to its end", async ({ desk, view }) => {
  await until("a connection", () => desk.daemon.state === "ready");
  const daemon = readFileSync(join(ROOT, "daemon", "daemon.lock"), "utf8").trim();
  const command = readFileSync(`/proc/${daemon}/cmdline`, "utf8").split("\0");
  assert.ok(command[0]!.includes("globalStorage/journeyman.journeyman/venv/bin/"), command.join(" "));
  await view.focus();
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  await page("type", { text: "Some tests of this project fail. Repair it." });
  assert.equal((await ended).data.status, "completed");
  await until("the end on the page", () => page("chat", { script: "document.querySelectorAll('.end.completed').length === 1" }));
  await desk.changes.refresh();
  assert.deepEqual(desk.changes.files.map(({ path }) => path), ["wordcount/stats.py", "wordcount/text.py"]);
});

export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension<Inside>("journeyman.journeyman");
  if (!extension) throw new Error("the extension is not there");
  await runAll(await extension.activate());
}
