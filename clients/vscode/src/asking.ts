/**
 * What runs wait for the person to answer. A question of the chat that is shown is a card there; any other is a
 * notification, once. Answered elsewhere, it disappears here.
 */
import * as vscode from "vscode";

import { refused } from "./daemon/calls";
import type { Daemon } from "./daemon/daemon";
import type { Permission } from "./protocol.gen";
import { Methods } from "./protocol.gen";

export class Asking implements vscode.Disposable {
  readonly pending = new Map<string, Permission>();
  private readonly moved = new vscode.EventEmitter<void>();
  readonly onDidChange = this.moved.event;
  private readonly told = new Set<string>();
  private readonly parts: vscode.Disposable[];

  constructor(
    private readonly daemon: Daemon,
    /** Whether a chat's card is before the person's eyes. */
    private readonly seen: (chatId: string) => boolean,
    private readonly notifies: () => boolean,
  ) {
    daemon.answer(Methods.permissionRequest, (permission, token) => {
      this.add(permission);
      // The answer is given by `permission/reply`; then the daemon takes this request back.
      return new Promise((resolve) => token.onCancellationRequested(() => resolve({})));
    });
    this.parts = [
      daemon.on(Methods.permissionDidResolve, ({ id }) => {
        if (this.pending.delete(id)) this.moved.fire();
      }),
      daemon.onDidChangeState((state) => {
        if (state !== "ready") return;
        this.pending.clear(); // what still waits is asked again
        this.moved.fire();
      }),
    ];
  }

  async reply(permissionId: string, optionId: string, feedback: string): Promise<void> {
    try {
      await this.daemon.request(Methods.permissionReply, { permissionId, optionId, feedback: feedback || undefined });
    } catch (error) {
      const refusal = refused(error);
      if (refusal.data.kind !== "conflict") throw error;
      void vscode.window.showInformationMessage(refusal.message);
    }
  }

  /** One after the other, for who uses no mouse and no chat. */
  async walk(): Promise<void> {
    if (!this.pending.size) return void vscode.window.showInformationMessage("Nothing waits for your answer.");
    for (const permission of [...this.pending.values()]) {
      const items = permission.options.map((option) => ({ label: option.title, id: option.id }));
      const chosen = await vscode.window.showQuickPick(items, { title: permission.subject.title, placeHolder: permission.subject.why, ignoreFocusOut: true });
      if (!chosen) return;
      await this.reply(permission.id, chosen.id, "");
    }
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
    this.moved.dispose();
  }

  private add(permission: Permission): void {
    this.pending.set(permission.id, permission);
    this.moved.fire();
    if (this.told.has(permission.id)) return;
    this.told.add(permission.id);
    const before = vscode.window.state.focused && this.seen(permission.chatId);
    if (!before && this.notifies()) void this.notify(permission);
  }

  private async notify(permission: Permission): Promise<void> {
    const question = permission.subject.type === "question";
    const text = `Journeyman asks: ${permission.subject.title}${question ? "" : ` (${permission.subject.why})`}`;
    const chosen = await vscode.window.showWarningMessage(text, ...permission.options.map((option) => ({ title: option.title, id: option.id })));
    if (!chosen || !this.pending.has(permission.id)) return;
    await this.reply(permission.id, chosen.id, "").catch((error: unknown) => vscode.window.showErrorMessage(refused(error).sentence));
  }
}
