/** Where what the box offers comes from: the folder's files as the editor finds them, or else the workspace's, and the project's commands. */
import * as vscode from "vscode";

import { pages, refused } from "../daemon/calls";
import type { Daemon } from "../daemon/daemon";
import { Methods } from "../protocol.gen";
import type { Offer, OfferKind } from "./offering";
import { ranked } from "./offering";

const FILES_MAX = 20_000;
const FRESH_MS = 10_000;
const LEFT_OUT = "**/{node_modules,.git,.venv,__pycache__,dist,build,target}/**";

export interface Asked {
  /** The project of the chat, or of the folder; undefined where there is none yet. */
  projectId: string | undefined;
  /** Whether that project is the folder's own. */
  own: boolean;
  /** What the agent made or changed: it may not be in the folder. */
  changed: readonly string[];
}

export class Offers {
  private listed: { at: number; files: Promise<string[]> } | undefined;

  constructor(private readonly daemon: Daemon) {}

  async of(kind: OfferKind, part: string, asked: Asked): Promise<Offer[]> {
    return kind === "command" ? this.commands(part, asked.projectId) : this.files(part, asked);
  }

  private async commands(part: string, projectId: string | undefined): Promise<Offer[]> {
    if (!projectId) return [];
    const { commands } = await this.daemon.request(Methods.projectExtensions, { projectId });
    const byName = new Map(commands.map((command) => [command.name, command]));
    return ranked(byName.keys(), part).map((name) => {
      const { description, argumentHint, origin } = byName.get(name)!;
      return { label: `/${name}${argumentHint ? ` ${argumentHint}` : ""}`, detail: origin === "user" ? `${description} (yours)` : description, text: `/${name}` };
    });
  }

  private async files(part: string, { projectId, own, changed }: Asked): Promise<Offer[]> {
    const folder = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file");
    if (folder && own) return named(ranked(new Set([...open(folder), ...changed, ...(await this.inFolder(folder))]), part));
    return projectId ? this.inWorkspace(projectId, part) : [];
  }

  private inFolder(folder: vscode.WorkspaceFolder): Promise<string[]> {
    const now = Date.now();
    if (!this.listed || now - this.listed.at > FRESH_MS) {
      const found = vscode.workspace.findFiles(new vscode.RelativePattern(folder, "**/*"), LEFT_OUT, FILES_MAX);
      this.listed = { at: now, files: Promise.resolve(found).then((uris) => uris.map((uri) => vscode.workspace.asRelativePath(uri, false)).sort()) };
    }
    return this.listed.files;
  }

  /** A directory at a time, as it is written: the workspace may be large, and somewhere else. */
  private async inWorkspace(projectId: string, part: string): Promise<Offer[]> {
    const at = part.lastIndexOf("/") + 1;
    const directory = part.slice(0, at);
    try {
      const items = await pages((cursor) => this.daemon.request(Methods.workspaceReadDirectory, { projectId, path: directory || ".", cursor }), FILES_MAX);
      const names = items.map(({ name, stat }) => directory + name + (stat.kind === "directory" ? "/" : ""));
      return named(ranked(names, part.slice(at)));
    } catch (error) {
      if (refused(error).data.kind === "not_found" || refused(error).data.kind === "path_refused") return []; // no such directory is being named
      throw error;
    }
  }
}

/** What is open comes first, what is in front before the rest. */
function open(folder: vscode.WorkspaceFolder): string[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).map((tab) => (tab.input instanceof vscode.TabInputText ? tab.input.uri : undefined));
  const uris = [vscode.window.activeTextEditor?.document.uri, ...tabs];
  return uris.flatMap((uri) => (uri?.scheme === "file" && vscode.workspace.getWorkspaceFolder(uri) === folder ? [vscode.workspace.asRelativePath(uri, false)] : []));
}

function named(paths: readonly string[]): Offer[] {
  return paths.map((path) => {
    const at = path.lastIndexOf("/", path.length - 2) + 1;
    return { label: path.slice(at), detail: path.slice(0, at), text: `@${path}` };
  });
}
