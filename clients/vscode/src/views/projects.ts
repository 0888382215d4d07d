/** Projects and the chats in them, newest first. */
import * as vscode from "vscode";

import { pages } from "../daemon/calls";
import type { Daemon } from "../daemon/daemon";
import type { Chat, Project, WorkspaceStatus } from "../protocol.gen";
import { Methods } from "../protocol.gen";

export type ProjectNode = Project | Chat;

export class ProjectsView implements vscode.TreeDataProvider<ProjectNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ProjectNode | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly states = new Map<string, WorkspaceStatus>();
  private readonly parts: vscode.Disposable[];

  constructor(
    private readonly daemon: Daemon,
    private readonly current: () => { projectId?: string; chatId?: string },
  ) {
    this.parts = [
      vscode.window.createTreeView("journeyman.projects", { treeDataProvider: this }),
      daemon.onDidChangeState((state) => state === "ready" && this.refresh()),
      daemon.on(Methods.workspaceDidChangeStatus, (status) => {
        this.states.set(status.projectId, status);
        this.refresh();
      }),
    ];
  }

  refresh(): void {
    this.changed.fire(undefined);
  }

  async getChildren(node?: ProjectNode): Promise<ProjectNode[]> {
    if (this.daemon.state !== "ready" || (node && "projectId" in node)) return [];
    try {
      if (node) return await pages((cursor) => this.daemon.request(Methods.chatList, { projectId: node.id, cursor }), 500);
      const listed = await this.daemon.request(Methods.workspaceList, {});
      for (const status of listed.items) this.states.set(status.projectId, status);
      return await pages((cursor) => this.daemon.request(Methods.projectList, { cursor }), 500);
    } catch {
      return []; // the connection ended; it is drawn again when it is back
    }
  }

  getTreeItem(node: ProjectNode): vscode.TreeItem {
    return "projectId" in node ? this.chatItem(node) : this.projectItem(node);
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
    this.changed.dispose();
  }

  private projectItem(project: Project): vscode.TreeItem {
    const mine = project.id === this.current().projectId;
    const item = new vscode.TreeItem(project.name, mine ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed);
    const state = this.states.get(project.id);
    item.id = project.id;
    item.contextValue = "project";
    item.iconPath = new vscode.ThemeIcon(mine ? "folder-active" : "folder-library");
    item.description = [mine && "this folder", state?.state].filter(Boolean).join(" · ");
    item.tooltip = [project.name, state?.message, project.commands.test && `Tests: ${project.commands.test}`].filter(Boolean).join("\n");
    return item;
  }

  private chatItem(chat: Chat): vscode.TreeItem {
    const open = chat.id === this.current().chatId;
    const item = new vscode.TreeItem(chat.title);
    item.id = chat.id;
    item.contextValue = "chat";
    item.iconPath = new vscode.ThemeIcon(open ? "comment-discussion" : "comment");
    item.description = open ? "open" : new Date(chat.updatedAt).toLocaleDateString();
    item.command = { title: "Open", command: "journeyman.openProjectChat", arguments: [chat] };
    return item;
  }
}
