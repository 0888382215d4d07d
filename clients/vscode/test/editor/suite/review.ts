import assert from "node:assert/strict";
import * as vscode from "vscode";

import { file, page, test, until } from "./harness";

const uri = (projectId: string, path: string, query = "") => vscode.Uri.from({ scheme: "journeyman", authority: projectId, path: `/${path}`, query });

test("both sides of a changed file, in the editor's own diff", async ({ desk }) => {
  await desk.changes.refresh();
  assert.deepEqual(desk.changes.files.map(({ path }) => path), ["wordcount/stats.py", "wordcount/text.py"]);
  const { id, projectId } = desk.chat.state!.chat;
  const before = await vscode.workspace.openTextDocument(uri(projectId, "wordcount/stats.py", `before=${id}`));
  const now = await vscode.workspace.openTextDocument(uri(projectId, "wordcount/stats.py"));
  assert.ok(!before.getText().includes("if not words"));
  assert.ok(now.getText().includes("if not words"));
  await vscode.commands.executeCommand("journeyman.openChange", desk.changes.files[0]);
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input as vscode.TabInputTextDiff;
  assert.ok(input instanceof vscode.TabInputTextDiff);
  assert.equal(input.original.query, `before=${id}`);
  await page("shot", { name: "diff-default" });
});

test("all changes in one editor", async ({ desk }) => {
  await vscode.commands.executeCommand("journeyman.reviewAll");
  assert.equal(desk.changes.files.length, 2);
  await page("shot", { name: "review-all" });
});

test("a change is edited before it is accepted", async ({ desk }) => {
  const { projectId } = desk.chat.state!.chat;
  const document = await vscode.workspace.openTextDocument(uri(projectId, "wordcount/stats.py"));
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, 0, 0), "# looked at by a person\n");
  assert.ok(await vscode.workspace.applyEdit(edit));
  assert.ok(await document.save());
  assert.match(await file("wordcount/stats.py", projectId), /^# looked at by a person\n/);
});

test("rejecting takes a hunk back in the workspace, accepting counts from it", async ({ desk }) => {
  const { projectId } = desk.chat.state!.chat;
  await desk.changes.refresh();
  const text = desk.changes.files.find(({ path }) => path === "wordcount/text.py")!;
  assert.ok((await file("wordcount/text.py", projectId)).includes("LETTERS"));
  await vscode.commands.executeCommand("journeyman.rejectChange", text.hunks[0]);
  await until("the hunk taken back", async () => !(await file("wordcount/text.py", projectId)).includes("LETTERS"));
  await until("one file left", () => desk.changes.files.length === 1);
  const shown = await vscode.workspace.openTextDocument(uri(projectId, "wordcount/text.py"));
  await until("the open document has it too", () => !shown.getText().includes("LETTERS"));
});

test("what was not rejected is brought into the folder", async ({ desk }) => {
  await vscode.commands.executeCommand("journeyman.applyChanges");
  const folder = vscode.workspace.workspaceFolders![0]!.uri;
  const read = async (path: string) => {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder, path));
    return document.getText();
  };
  await until("the change in the folder", async () => (await read("wordcount/stats.py")).includes("if not words"));
  assert.ok(!(await read("wordcount/text.py")).includes("LETTERS"));
  await vscode.commands.executeCommand("journeyman.acceptAll");
  await until("nothing to decide", () => desk.changes.files.length === 0);
  await vscode.commands.executeCommand("workbench.action.files.saveAll");
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
});
