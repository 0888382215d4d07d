import assert from "node:assert/strict";
import * as vscode from "vscode";

import { openNew, send } from "../../../src/desk";
import { Methods } from "../../../src/protocol.gen";
import { recording } from "./control";
import { event, file, page, test, until } from "./harness";

test("what is saved in the folder is what the next run works on, and the chat says so", async ({ desk }) => {
  await openNew(desk);
  const { id: chatId, projectId } = desk.chat.state!.chat;
  await desk.daemon.request(Methods.modelSelect, { chatId, model: recording("hostile") });
  const folder = vscode.workspace.workspaceFolders![0]!.uri;
  await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(folder, "later.txt"), Buffer.from("made afterwards\n"));
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  await send(desk, "Look at what is there.", "queue");
  await ended;
  assert.equal(await file("later.txt", projectId), "made afterwards\n");
  await until("the chat says so", () => page("chat", { script: "[...document.querySelectorAll('.notice')].some((each) => each.textContent.includes('Brought from the folder: later.txt'))" }));
  await desk.changes.refresh();
  assert.deepEqual(desk.changes.files, []);
});
