/**
 * The one chat this window looks at: followed over any number of connections, so that nothing is missing and nothing
 * comes twice. Who shows something of the chat listens here and asks the daemon nothing about it.
 */
import * as vscode from "vscode";

import { pages } from "../daemon/calls";
import type { Daemon } from "../daemon/daemon";
import type { Event, Run, RunContext } from "../protocol.gen";
import { Methods } from "../protocol.gen";
import type { Mode } from "../settings";
import { type ChatState, apply, fromMessages, opened } from "./state";

export type Delivery = "queue" | "steer" | "interrupt";

/** `undefined` events: the state is another one altogether. */
export interface Moved {
  state: ChatState | undefined;
  events?: Event[];
}

export class ActiveChat implements vscode.Disposable {
  state: ChatState | undefined;
  private readonly moved = new vscode.EventEmitter<Moved>();
  readonly onDidMove = this.moved.event;
  private readonly decided = new vscode.EventEmitter<void>();
  /** The changes of this chat are others now. */
  readonly onDidChangeChanges = this.decided.event;
  private early: Event[] | undefined;
  private readonly heard: vscode.Disposable[];
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly daemon: Daemon) {
    this.heard = [
      daemon.on(Methods.agentEvent, (event) => this.hear(event)),
      daemon.on(Methods.changesDidChange, ({ chatId }) => chatId === this.id && this.decided.fire()),
      daemon.onDidChangeState((state) => state === "ready" && void this.follow().catch(() => undefined)), // it ended again
    ];
  }

  get id(): string | undefined {
    return this.state?.chat.id;
  }

  /** `elseNone`: only where no chat is open by the time it is this one's turn. */
  open(chatId: string, elseNone = false): Promise<void> {
    return this.inTurn(async () => {
      const left = this.id;
      if (elseNone && left) return;
      const chat = await this.daemon.request(Methods.chatGet, { chatId });
      if (left && left !== chatId) this.daemon.tell(Methods.agentUnsubscribe, { chatId: left });
      await this.subscribe(chat.id, async () => {
        const answer = await this.daemon.request(Methods.agentSubscribe, { chatId, after: "tail", snapshot: true });
        return opened(chat, answer);
      });
    });
  }

  close(): void {
    const left = this.id;
    if (!left) return;
    this.state = undefined;
    this.moved.fire({ state: undefined });
    this.decided.fire();
    this.daemon.tell(Methods.agentUnsubscribe, { chatId: left });
  }

  /** Answers once the daemon has accepted it. */
  async send(prompt: string, delivery: Delivery, mode: Mode, model: string | undefined, context: RunContext): Promise<Run> {
    const chatId = this.id;
    if (!chatId) throw new Error("There is no chat to say this in.");
    const clientRunId = crypto.randomUUID();
    return this.daemon.request(Methods.agentRun, { chatId, prompt, delivery, mode, model, context, clientRunId, wait: "accepted" });
  }

  async stop(): Promise<void> {
    const run = this.state?.run;
    if (run) await this.daemon.request(Methods.agentCancel, { runId: run.runId });
  }

  /** The whole conversation instead of its last part. */
  async loadEarlier(): Promise<void> {
    const chatId = this.id;
    if (!chatId) return;
    const messages = await pages((cursor) => this.daemon.request(Methods.chatMessages, { chatId, cursor, limit: 200 }));
    const state = this.state;
    if (state?.chat.id !== chatId) return;
    const known = new Map(state.entries.map((entry) => [entry.id, entry]));
    const all = fromMessages(messages).map((entry) => {
      const later = known.get(entry.id);
      known.delete(entry.id);
      return later ?? entry;
    });
    this.state = { ...state, entries: [...all, ...known.values()], earlier: false };
    this.moved.fire({ state: this.state });
  }

  dispose(): void {
    for (const each of this.heard) each.dispose();
    this.moved.dispose();
    this.decided.dispose();
  }

  /** Go on behind the last event that was taken; from a new snapshot where the log has lost it. */
  private follow(): Promise<void> {
    return this.inTurn(async () => {
      const known = this.state;
      if (!known) return;
      await this.subscribe(known.chat.id, async () => {
        const after = { epoch: known.epoch, seq: known.seq };
        const answer = await this.daemon.request(Methods.agentSubscribe, { chatId: known.chat.id, after });
        return answer.gap ? opened(known.chat, answer) : known;
      });
    });
  }

  private async subscribe(chatId: string, ask: () => Promise<ChatState>): Promise<void> {
    this.early = [];
    try {
      const state = await ask();
      const early = this.early.filter((event) => event.chatId === chatId && apply(state, event));
      const same = state === this.state;
      this.state = state;
      this.moved.fire(same ? { state, events: early } : { state });
      this.decided.fire();
    } finally {
      this.early = undefined;
    }
  }

  private hear(event: Event): void {
    if (this.early) this.early.push(event);
    else if (this.state && apply(this.state, event)) this.moved.fire({ state: this.state, events: [event] });
  }

  /** One change of what is followed at a time. */
  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.turn.then(act, act);
    this.turn = done.catch(() => undefined); // who asked is told; the next one has its turn all the same
    return done;
  }
}
