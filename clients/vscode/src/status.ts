/** The status bar: what the daemon does, the run that goes on and its cancelling, and the model. */
import * as vscode from "vscode";

import type { ActiveChat } from "./chat/active";
import type { Daemon, DaemonState } from "./daemon/daemon";

const STATES: Record<DaemonState, [icon: string, words: string]> = {
  starting: ["loading~spin", "connecting"],
  ready: ["pass", "connected"],
  reconnecting: ["sync~spin", "connecting again"],
  missing: ["warning", "the daemon is not installed"],
  failed: ["error", "no connection"],
  stopped: ["circle-slash", "stopped"],
};
const PHASES: Record<string, string> = { workspace: "getting the workspace", plan: "planning", execute: "working", verify: "verifying" };

export class Status implements vscode.Disposable {
  readonly main = vscode.window.createStatusBarItem("journeyman.status", vscode.StatusBarAlignment.Left, 10);
  readonly model = vscode.window.createStatusBarItem("journeyman.model", vscode.StatusBarAlignment.Right, 90);
  private readonly parts: vscode.Disposable[];

  constructor(
    private readonly daemon: Daemon,
    private readonly chat: ActiveChat,
    private readonly waiting: () => number,
    private readonly modelName: () => string,
  ) {
    this.main.name = "Journeyman";
    this.model.name = "Journeyman Model";
    this.model.command = "journeyman.pickModel";
    this.parts = [this.main, this.model, daemon.onDidChangeState(() => this.draw()), chat.onDidMove(() => this.draw())];
    this.draw();
    this.main.show();
  }

  draw(): void {
    const { state, problem, version } = this.daemon;
    const run = this.chat.state?.run;
    const [icon, words] = STATES[state];
    const asks = this.waiting();
    this.main.backgroundColor = undefined;
    if (state !== "ready") this.shown(`$(${icon}) Journeyman`, `Journeyman: ${words}. ${problem}`, "journeyman.status");
    else if (asks) {
      this.shown(`$(question) Journeyman asks`, `${asks} waiting for your answer`, "journeyman.permissions");
      this.main.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    } else if (run) this.shown(`$(sync~spin) Journeyman ${this.progress()}`, `${this.doing(run.phase)} Click to stop.`, "journeyman.stopRun");
    else this.shown("$(comment-discussion) Journeyman", `Journeyman ${version} is ${words}.`, "journeyman.openChat");
    this.model.text = `$(hubot) ${short(this.modelName())}`;
    this.model.tooltip = `Model of the next run: ${this.modelName()}`;
    if (state === "ready" && this.modelName()) this.model.show();
    else this.model.hide();
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
  }

  private shown(text: string, tooltip: string, command: string): void {
    this.main.text = text;
    this.main.tooltip = tooltip;
    this.main.command = command;
    this.main.accessibilityInformation = { label: tooltip };
  }

  private progress(): string {
    const items = (this.chat.state?.todo.items ?? []).filter((item) => item.status !== "dropped");
    return items.length ? `${items.filter((item) => item.status === "done").length}/${items.length}` : "";
  }

  private doing(phase: string): string {
    return `Journeyman is ${PHASES[phase] ?? "working"}.`;
  }
}

/** The last part of a model's name, which is what tells it from others. */
export function short(model: string): string {
  return model.split("/").at(-1) ?? model;
}
