/** The plan as a tree with checkboxes. Every edit says which revision it is of, and is done again on a newer one. */
import * as vscode from "vscode";

import type { ActiveChat } from "../chat/active";
import type { Daemon } from "../daemon/daemon";
import type { TodoItem } from "../protocol.gen";
import { type Edit, edited } from "./planning";

const ICONS: Record<NonNullable<TodoItem["status"]>, string> = {
  pending: "circle-large-outline",
  in_progress: "play-circle",
  done: "pass",
  dropped: "circle-slash",
};

export class PlanView implements vscode.TreeDataProvider<TodoItem>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<TodoItem>;
  private readonly moved: vscode.Disposable;

  constructor(
    private readonly daemon: Daemon,
    private readonly chat: ActiveChat,
    told: (act: () => Promise<unknown>) => Promise<unknown>,
  ) {
    this.view = vscode.window.createTreeView("journeyman.plan", { treeDataProvider: this, manageCheckboxStateManually: true });
    this.view.onDidChangeCheckboxState(({ items }) =>
      told(async () => {
        for (const [item, state] of items) await this.check(item.id, state === vscode.TreeItemCheckboxState.Checked);
      }),
    );
    let shown: unknown;
    this.moved = chat.onDidMove(({ state }) => {
      if (state?.todo === shown) return;
      shown = state?.todo;
      this.counted();
      this.changed.fire(undefined);
    });
  }

  getChildren(item?: TodoItem): TodoItem[] {
    return item ? [] : (this.chat.state?.todo.items ?? []);
  }

  getTreeItem(item: TodoItem): vscode.TreeItem {
    const status = item.status ?? "pending";
    const shown = new vscode.TreeItem(item.content);
    shown.id = item.id;
    shown.contextValue = "todo";
    shown.iconPath = new vscode.ThemeIcon(ICONS[status]);
    shown.description = { in_progress: "in progress", dropped: "dropped", pending: "", done: "" }[status];
    shown.tooltip = [item.content, item.check && `Check: ${item.check}`, item.evidence && `Evidence: ${item.evidence}`].filter(Boolean).join("\n");
    shown.accessibilityInformation = { label: `${item.content}, ${status.replace("_", " ")}` };
    shown.checkboxState = status === "done" ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked;
    return shown;
  }

  check(id: string, done: boolean): Promise<void> {
    return this.edit({ id, status: done ? "done" : "pending" });
  }

  async add(): Promise<void> {
    const content = await vscode.window.showInputBox({ title: "Add to the plan", prompt: "What is to be done" });
    if (content?.trim()) await this.edit({ add: content.trim() });
  }

  async rephrase(item: TodoItem): Promise<void> {
    const content = await vscode.window.showInputBox({ title: "Edit", value: item.content });
    if (content?.trim()) await this.edit({ id: item.id, content: content.trim() });
  }

  drop(item: TodoItem): Promise<void> {
    return this.edit({ id: item.id, status: "dropped" });
  }

  dispose(): void {
    this.moved.dispose();
    this.view.dispose();
    this.changed.dispose();
  }

  private async edit(edit: Edit): Promise<void> {
    const state = this.chat.state;
    if (!state) return;
    try {
      await edited(this.daemon, state.chat.id, state.todo, edit);
    } finally {
      this.changed.fire(undefined);
    }
  }

  private counted(): void {
    const items = (this.chat.state?.todo.items ?? []).filter((item) => item.status !== "dropped");
    this.view.description = items.length ? `${items.filter((item) => item.status === "done").length}/${items.length}` : "";
  }
}
