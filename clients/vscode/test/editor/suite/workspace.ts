import assert from "node:assert/strict";
import * as vscode from "vscode";

import { Methods } from "../../../src/protocol.gen";
import { forwarded } from "../../../src/workspace/ports";
import { file, page, test, until } from "./harness";

const at = (projectId: string, path: string) => vscode.Uri.from({ scheme: "journeyman", authority: projectId, path: `/${path}` });

test("the workspace is a folder: look, write, move, delete", async ({ desk }) => {
  const { fs } = vscode.workspace;
  const { projectId } = desk.chat.state!.chat;
  const names = (await fs.readDirectory(at(projectId, ""))).map(([name, type]) => `${name}:${type}`);
  assert.ok(names.includes("wordcount:2") && names.includes("sample.txt:1"), names.join());
  await fs.createDirectory(at(projectId, "made/here"));
  await fs.writeFile(at(projectId, "made/here/ä ö.txt"), Buffer.from("Grüße\n"));
  assert.equal((await fs.stat(at(projectId, "made/here/ä ö.txt"))).size, 8);
  assert.equal(await file("made/here/ä ö.txt", projectId), "Grüße\n");
  await fs.rename(at(projectId, "made/here/ä ö.txt"), at(projectId, "made/moved.txt"));
  await assert.rejects(Promise.resolve(fs.stat(at(projectId, "made/here/ä ö.txt"))), /FileNotFound|not exist|EntryNotFound/i);
  await assert.rejects(Promise.resolve(fs.delete(at(projectId, "made"))));
  await fs.delete(at(projectId, "made"), { recursive: true });
  await assert.rejects(Promise.resolve(fs.stat(at(projectId, "made"))));
});

test("what happens in the workspace reaches an open document", async ({ desk }) => {
  const { projectId } = desk.chat.state!.chat;
  await vscode.workspace.fs.writeFile(at(projectId, "seen.txt"), Buffer.from("one"));
  const document = await vscode.workspace.openTextDocument(at(projectId, "seen.txt"));
  await vscode.window.showTextDocument(document);
  const terminal = await vscode.commands.executeCommand<vscode.Terminal>("journeyman.openTerminal");
  terminal.sendText("printf two > seen.txt");
  await until("the file", async () => (await file("seen.txt", projectId)) === "two");
  await until("the document", () => document.getText() === "two");
  terminal.dispose();
});

test("a terminal runs inside, and a port of it can be looked at", async ({ desk }) => {
  const { projectId } = desk.chat.state!.chat;
  const terminal = await vscode.commands.executeCommand<vscode.Terminal>("journeyman.openTerminal");
  terminal.sendText("echo inside-$((6*7)) $PWD > said.txt; cat said.txt");
  await until("the file", async () => (await file("said.txt", projectId).catch(() => "")).startsWith("inside-42 /workspace"));
  await page("see", { selector: ".xterm-rows", text: "inside-42 /workspace" });
  await page("shot", { name: "terminal" });
  terminal.sendText("python3 -m http.server 8765 --bind 127.0.0.1");
  await until("something listens", async () => {
    const { items } = await desk.daemon.request(Methods.workspacePorts, { projectId });
    return items.some(({ port, listening }) => port === 8765 && listening);
  });
  assert.match(await page<string>("visit", { url: await forwarded(desk.daemon, projectId, 8765) }), /said\.txt/);
  terminal.dispose();
  await until("it ends with its terminal", async () => {
    const now = await desk.daemon.request(Methods.workspacePorts, { projectId });
    return !now.items.some(({ port, listening }) => port === 8765 && listening);
  });
  await desk.daemon.request(Methods.workspaceUnforward, { projectId, port: 8765 });
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
});
