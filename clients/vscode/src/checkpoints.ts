/** Going back: which checkpoint, what of it, what that would do, and only then doing it. */
import * as vscode from "vscode";

import { refused } from "./daemon/calls";
import type { Daemon } from "./daemon/daemon";
import type { RewindParams, RewindResult } from "./protocol.gen";
import { Methods } from "./protocol.gen";
import { confirmed } from "./says";

type Scope = NonNullable<RewindParams["scope"]>;

const SCOPES: { label: string; description: string; scope: Scope }[] = [
  { label: "Files", description: "The conversation stays as it is", scope: "files" },
  { label: "Conversation", description: "The files stay as they are", scope: "conversation" },
  { label: "Both", description: "As it was then", scope: "both" },
];

export async function goBack(daemon: Daemon, chatId: string): Promise<RewindResult | undefined> {
  const { items } = await daemon.request(Methods.checkpointList, { chatId, limit: 200 });
  if (!items.length) return void vscode.window.showInformationMessage("This chat has no checkpoint yet; the first run makes one.");
  const picks = items.map((each) => ({
    label: each.title || each.kind,
    description: new Date(each.createdAt).toLocaleTimeString(),
    detail: each.kind === "start" ? "Before the run" : `${each.files} ${each.files === 1 ? "file" : "files"} changed`,
    id: each.id,
  }));
  const chosen = await vscode.window.showQuickPick(picks, { title: "Go back to how it was after …", matchOnDetail: true });
  if (!chosen) return undefined;
  const what = await vscode.window.showQuickPick(SCOPES, { title: `Go back to “${chosen.label}”: what?` });
  if (!what) return undefined;
  const wanted = { chatId, checkpointId: chosen.id, scope: what.scope };
  const preview = await daemon.request(Methods.checkpointPreview, wanted);
  if (!(await confirmed(`Go back to “${chosen.label}”?`, told(preview), "Go Back"))) return undefined;
  const done = await daemon.request(Methods.checkpointRestore, wanted);
  void offerUndo(daemon, chatId, done);
  return done;
}

export async function undoRewind(daemon: Daemon, chatId: string): Promise<void> {
  const done = await daemon.request(Methods.checkpointUndo, { chatId });
  void vscode.window.showInformationMessage(`The rewind was taken back. ${told(done)}`);
}

async function offerUndo(daemon: Daemon, chatId: string, done: RewindResult): Promise<void> {
  const undo = "Take it back";
  const chosen = await vscode.window.showInformationMessage(`It is as it was. ${told(done)}`, undo);
  if (chosen !== undo) return;
  await undoRewind(daemon, chatId).catch((error: unknown) => vscode.window.showErrorMessage(refused(error).sentence));
}

export function told(result: RewindResult): string {
  const parts = [`${result.filesTotal} ${result.filesTotal === 1 ? "file" : "files"} as before`];
  if (result.messagesHidden) parts.push(`${result.messagesHidden} messages taken back`);
  if (result.messagesShown) parts.push(`${result.messagesShown} messages back`);
  if (result.keptTotal) parts.push(`${result.keptTotal} left as they are (${result.kept.slice(0, 3).map((each) => each.path).join(", ")})`);
  return `${parts.join("; ")}.`;
}
