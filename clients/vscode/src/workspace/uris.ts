/** Names of files in workspaces: `journeyman://PROJECT/path`, and with `?before=CHAT` as the chat found them. */
import * as vscode from "vscode";

export const SCHEME = "journeyman";

export interface Place {
  projectId: string;
  path: string;
  before?: string;
}

export function uriOf(projectId: string, path: string, before?: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, authority: projectId, path: `/${path}`, query: before ? `before=${before}` : "" });
}

export function placeOf(uri: vscode.Uri): Place {
  const before = new URLSearchParams(uri.query).get("before") ?? undefined;
  return { projectId: uri.authority, path: uri.path.replace(/^\/+/, "") || ".", before };
}
