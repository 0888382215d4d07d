/** A terminal in a workspace: the editor's own window around a command that runs inside. */
import { StringDecoder } from "node:string_decoder";
import * as vscode from "vscode";

import { refused } from "../daemon/calls";
import type { Daemon } from "../daemon/daemon";
import type { ExecExited } from "../protocol.gen";
import { Methods } from "../protocol.gen";

const WINDOW_BYTES = 256 * 1024;

export class WorkspaceTerminal implements vscode.Pseudoterminal {
  private readonly wrote = new vscode.EventEmitter<string>();
  private readonly ended = new vscode.EventEmitter<number | void>();
  readonly onDidWrite = this.wrote.event;
  readonly onDidClose = this.ended.event;
  private readonly decoder = new StringDecoder("utf8");
  private heard: vscode.Disposable[] = [];
  private execId: string | undefined;
  private typed = "";
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly daemon: Daemon,
    private readonly projectId: string,
  ) {}

  async open(size: vscode.TerminalDimensions | undefined): Promise<void> {
    const early: (() => void)[] = [];
    const now = (execId: string, act: () => void) => (this.execId === undefined ? early.push(() => execId === this.execId && act()) : execId === this.execId && act());
    this.heard = [
      this.daemon.on(Methods.workspaceExecOutput, ({ execId, content }) => now(execId, () => this.show(content))),
      this.daemon.on(Methods.workspaceExecExited, (exited) => now(exited.execId, () => this.exited(exited))),
      this.daemon.onDidChangeState((state) => {
        if (state !== "ready" && this.execId) this.fail("The connection to the daemon ended, and the terminal with it.");
      }),
    ];
    try {
      const { execId } = await this.daemon.request(Methods.workspaceExec, {
        projectId: this.projectId, pty: true, cols: size?.columns ?? 80, rows: size?.rows ?? 24, encoding: "base64", ackWindow: WINDOW_BYTES,
      });
      this.execId = execId;
      for (const act of early) act();
      if (this.typed) this.handleInput("");
    } catch (error) {
      this.fail(refused(error).sentence);
    }
  }

  handleInput(data: string): void {
    this.typed += data;
    const execId = this.execId;
    if (!execId || !this.typed) return;
    const content = Buffer.from(this.typed).toString("base64");
    this.typed = "";
    this.writing = this.writing
      .then(() => this.daemon.request(Methods.workspaceExecWrite, { execId, content, encoding: "base64" }))
      .catch(() => undefined); // it has ended, which is told
  }

  setDimensions({ columns, rows }: vscode.TerminalDimensions): void {
    if (this.execId) this.daemon.tell(Methods.workspaceExecResize, { execId: this.execId, cols: columns, rows });
  }

  close(): void {
    const execId = this.execId;
    this.leave();
    if (execId) this.daemon.tell(Methods.workspaceExecKill, { execId });
  }

  private show(content: string): void {
    const bytes = Buffer.from(content, "base64");
    this.wrote.fire(this.decoder.write(bytes));
    const execId = this.execId!;
    this.daemon.tell(Methods.workspaceExecAck, { execId, bytes: bytes.length });
  }

  private exited({ reason, code, message }: ExecExited): void {
    this.leave();
    if (reason !== "exited") this.wrote.fire(`\r\n${message ?? "The workspace went away, and the terminal with it."}\r\n`);
    if (reason === "exited") this.ended.fire(code ?? undefined);
  }

  private fail(sentence: string): void {
    this.leave();
    this.wrote.fire(`\r\n${sentence}\r\n`);
  }

  private leave(): void {
    this.execId = undefined;
    for (const each of this.heard) each.dispose();
    this.heard = [];
  }
}

export function terminalOptions(daemon: Daemon, projectId: string): vscode.ExtensionTerminalOptions {
  return { name: "Journeyman", pty: new WorkspaceTerminal(daemon, projectId), iconPath: new vscode.ThemeIcon("terminal") };
}
