/** Which project the open folder is: made of it the first time, remembered for this folder after that. */
import { basename } from "node:path";
import * as vscode from "vscode";

import type { Caller } from "./daemon/calls";
import { refused } from "./daemon/calls";
import { Methods } from "./protocol.gen";

const PROJECT = "project";
const CHAT = "chat";
const MODEL = "model";

export class Projects {
  private making: Promise<string> | undefined;

  constructor(
    private readonly daemon: Caller,
    private readonly memory: vscode.Memento,
    private readonly anywhere: vscode.Memento,
  ) {}

  /** The folder's project; undefined where it has none yet. */
  get known(): string | undefined {
    return this.memory.get<string>(PROJECT);
  }

  get lastChat(): string | undefined {
    return this.memory.get<string>(CHAT);
  }

  get model(): string | undefined {
    return this.anywhere.get<string>(MODEL);
  }

  async remember(found: { projectId?: string; chatId?: string; model?: string }): Promise<void> {
    if (found.projectId) await this.memory.update(PROJECT, found.projectId);
    if (found.chatId) await this.memory.update(CHAT, found.chatId);
    if (found.model) await this.anywhere.update(MODEL, found.model);
  }

  async forgetChat(): Promise<void> {
    await this.memory.update(CHAT, undefined);
  }

  /** The folder's project, made where there is none. */
  ensure(): Promise<string> {
    this.making ??= this.found().finally(() => (this.making = undefined));
    return this.making;
  }

  private async found(): Promise<string> {
    const known = this.known;
    if (known && (await this.exists(known))) return known;
    const folder = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file");
    const here = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "journeyman");
    if (here) return here.uri.authority;
    const made = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: "Copying the folder into a workspace" }, () =>
      folder
        ? this.daemon.request(Methods.projectCreate, { name: basename(folder.uri.fsPath), source: { folder: { path: folder.uri.fsPath } } })
        : this.daemon.request(Methods.projectCreate, { source: "empty" }),
    );
    for (const notice of made.notices ?? []) if (notice.level === "warning") void vscode.window.showWarningMessage(notice.message);
    await this.remember({ projectId: made.id });
    return made.id;
  }

  private async exists(projectId: string): Promise<boolean> {
    try {
      await this.daemon.request(Methods.projectGet, { projectId });
      return true;
    } catch (error) {
      if (refused(error).data.kind === "not_found") return false;
      throw error;
    }
  }
}
