/** The chat's page in the side bar: shows the state of the active chat, and hands on what the person does there. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

import type { ActiveChat } from "./active";
import { Batch } from "./batch";
import type { FromPage, Surroundings, ToPage } from "./messages";
import { page } from "./page";

export const CHAT_VIEW = "journeyman.chat";

export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  private view: vscode.WebviewView | undefined;
  private ready = false;
  private toldLast = "";
  private readonly batch = new Batch((events) => this.post({ type: "events", events }));
  private readonly moved: vscode.Disposable;
  private readonly said = new vscode.EventEmitter<FromPage>();
  readonly onDidSay = this.said.event;
  private readonly painted = new vscode.EventEmitter<void>();
  /** The page shows the chat: for measurements. */
  readonly onDidPaint = this.painted.event;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly chat: ActiveChat,
    private readonly surroundings: () => Surroundings,
  ) {
    this.moved = chat.onDidMove(({ state, events }) => {
      if (!this.ready) return;
      if (events) return this.batch.add(events);
      this.batch.clear();
      this.post({ type: "state", state });
    });
  }

  get visible(): boolean {
    return this.view?.visible ?? false;
  }

  badge(count: number): void {
    if (this.view) this.view.badge = count ? { value: count, tooltip: `${count} waiting for your answer` } : undefined;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.ready = false;
    const assets = vscode.Uri.joinPath(this.extension, "dist");
    view.webview.options = { enableScripts: true, enableForms: false, localResourceRoots: [assets], enableCommandUris: false };
    view.webview.onDidReceiveMessage((message: FromPage) => this.hear(message));
    view.onDidDispose(() => {
      this.view = undefined;
      this.ready = false;
    });
    const at = (name: string) => view.webview.asWebviewUri(vscode.Uri.joinPath(assets, name)).toString();
    view.webview.html = page({
      nonce: randomBytes(18).toString("base64url"),
      source: view.webview.cspSource,
      script: at("chat.js"),
      style: at("chat.css"),
    });
  }

  /** The model, the mode or the connection are others now. */
  refresh(): void {
    if (!this.ready) return;
    const surroundings = this.surroundings();
    const told = JSON.stringify(surroundings);
    if (told === this.toldLast) return;
    this.toldLast = told;
    this.post({ type: "surroundings", surroundings });
  }

  post(message: ToPage): void {
    void this.view?.webview.postMessage(message);
  }

  async focus(): Promise<void> {
    await vscode.commands.executeCommand(`${CHAT_VIEW}.focus`);
    this.post({ type: "focus" });
  }

  dispose(): void {
    this.moved.dispose();
    this.said.dispose();
    this.painted.dispose();
  }

  private hear(message: FromPage): void {
    if (message.type === "painted") return this.painted.fire();
    if (message.type !== "ready") return this.said.fire(message);
    // A page that was hidden is made anew: it gets everything, and events only after that.
    this.ready = true;
    this.batch.clear();
    this.toldLast = "";
    this.refresh();
    this.post({ type: "state", state: this.chat.state });
  }
}
