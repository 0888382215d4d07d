/** Looking at what runs in a workspace: its ports, forwarded through the daemon and opened in the browser. */
import * as vscode from "vscode";

import type { Daemon } from "../daemon/daemon";
import type { Port } from "../protocol.gen";
import { Methods } from "../protocol.gen";

const OTHER = "Another port…";

export async function previewPort(daemon: Daemon, projectId: string): Promise<void> {
  const port = await picked((await daemon.request(Methods.workspacePorts, { projectId })).items);
  if (port === undefined) return;
  // Not inside the editor: the link's cookie is for pages of its own site only, and a frame of the editor's is none.
  await vscode.env.openExternal(vscode.Uri.parse(await forwarded(daemon, projectId, port), true));
}

/** A link on this machine, with a token. */
export async function forwarded(daemon: Daemon, projectId: string, port: number): Promise<string> {
  return (await daemon.request(Methods.workspaceForward, { projectId, port })).url;
}

async function picked(ports: readonly Port[]): Promise<number | undefined> {
  const items = ports.map((each) => ({
    label: `$(globe) ${each.port}`,
    description: each.process ?? "",
    detail: each.listening ? "Listening" : each.expected ? "Expected; nothing listens yet" : "Nothing listens yet",
    port: each.port,
  }));
  const chosen = await vscode.window.showQuickPick([...items, { label: OTHER, port: 0 }], { title: "Preview a port of the workspace" });
  if (!chosen) return undefined;
  if (chosen.label !== OTHER) return chosen.port;
  const typed = await vscode.window.showInputBox({
    title: "Preview a port",
    prompt: "Number of the port in the workspace",
    validateInput: (text) => (/^\d{1,5}$/.test(text) && +text > 0 && +text < 65536 ? undefined : "A number from 1 to 65535."),
  });
  return typed === undefined ? undefined : Number(typed);
}
