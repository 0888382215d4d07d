/** Says that a run has ended, once, to who is not looking. */
import * as vscode from "vscode";

import type { ActiveChat } from "./chat/active";
import type { Event } from "./protocol.gen";

const KEPT = 200;

export class Notices implements vscode.Disposable {
  private readonly told: string[] = [];
  private readonly moved: vscode.Disposable;

  constructor(
    chat: ActiveChat,
    private readonly notifies: () => boolean,
    private readonly open: () => void,
  ) {
    this.moved = chat.onDidMove(({ events }) => events?.forEach((event) => this.hear(event)));
  }

  dispose(): void {
    this.moved.dispose();
  }

  private hear(event: Event): void {
    if (event.kind !== "run/finished" || !event.runId || this.told.includes(event.runId)) return;
    this.told.push(event.runId);
    this.told.splice(0, Math.max(0, this.told.length - KEPT));
    if (vscode.window.state.focused || !this.notifies()) return;
    void this.say(String(event.data.status), String(event.data.summary ?? ""));
  }

  private async say(status: string, summary: string): Promise<void> {
    const first = summary.split("\n")[0]?.slice(0, 200) ?? "";
    const show = "Show";
    const say = status === "completed" ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
    if ((await say(`Journeyman: ${first || `the run ended (${status}).`}`, show)) === show) this.open();
  }
}
