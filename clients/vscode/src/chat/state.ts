/**
 * A chat as it is shown: events folded into one state. The extension and the page of the chat run this same code, so
 * that the page can be made anew at any time. Everything is bounded, and every event may come twice.
 */
import type { Chat, ChatMessage, Event, Permission, QueueItem, Run, Snapshot, SubscribeResult, TodoItem, Usage } from "../protocol.gen";

export const OUTPUT_CHARACTERS = 20_000;
export const TEXT_CHARACTERS = 200_000;
export const ENTRIES_MAX = 2_000;

export interface MessageEntry {
  type: "message";
  id: string;
  role: "user" | "assistant";
  text: string;
  reasoning: string;
  streaming: boolean;
  cut: boolean;
}

export interface ToolEntry {
  type: "tool";
  id: string;
  name: string;
  title: string;
  arguments: string;
  output: string;
  status: "running" | "ok" | "failed";
  seconds?: number;
  /** The stored message that has all of the output. */
  messageId?: string;
  cut: boolean;
}

export interface NoticeEntry {
  type: "notice";
  id: string;
  level: "info" | "warning" | "error";
  message: string;
}

export interface EndEntry {
  type: "end";
  id: string;
  status: Run["status"];
  stopReason?: string;
  summary: string;
  files: string[];
  added: number;
  removed: number;
}

export type Entry = MessageEntry | ToolEntry | NoticeEntry | EndEntry;

export interface OpenRun {
  runId: string;
  phase: string;
  model?: string;
}

export interface ChatState {
  chat: Chat;
  epoch: string;
  seq: number;
  entries: Entry[];
  /** Whether there is more before the first entry. */
  earlier: boolean;
  todo: { rev: number; items: TodoItem[] };
  run?: OpenRun;
  /** The newest run that a crash or a shutdown ended. */
  resumable?: string;
  queue: QueueItem[];
  permissions: Permission[];
  /** Of the run that goes on, or else of the chat. */
  usage?: Usage;
}

export function opened(chat: Chat, subscribed: SubscribeResult): ChatState {
  const state: ChatState = {
    chat,
    epoch: subscribed.epoch,
    seq: subscribed.head,
    entries: [],
    earlier: false,
    todo: { rev: 0, items: [] },
    queue: [],
    permissions: subscribed.permissions,
  };
  if (subscribed.snapshot) restore(state, subscribed.snapshot);
  const run = subscribed.runs.find((each) => each.status === "running");
  if (run) state.run = { runId: run.runId, phase: "" };
  return state;
}

function restore(state: ChatState, snapshot: Snapshot): void {
  state.todo = { rev: snapshot.todo.rev, items: snapshot.todo.items };
  state.queue = snapshot.queue;
  state.usage = snapshot.usage;
  state.permissions = snapshot.permissions;
  state.earlier = snapshot.messages > snapshot.recent.length;
  state.entries = fromMessages(snapshot.recent);
  const last = snapshot.runs.at(-1);
  if (last) {
    resumability(state, last.runId, last.status, last.stopReason);
    if (last.status !== "running" && last.status !== "queued") {
      put(state, { type: "end", id: last.runId, status: last.status, stopReason: last.stopReason, summary: last.summary, ...last.changes });
    }
  }
}

/** Stored messages as entries: what the snapshot and the pages of history hold. */
export function fromMessages(messages: readonly ChatMessage[]): Entry[] {
  const entries: Entry[] = [];
  const calls = new Map<string, ToolEntry>();
  for (const message of messages) {
    if (message.rewound) continue;
    if (message.role === "tool") {
      const [text, cut] = bounded(message.text, OUTPUT_CHARACTERS);
      const call: ToolEntry = calls.get(message.toolCallId ?? "") ?? tool(message.toolCallId ?? message.id, message.toolName ?? "tool", "");
      Object.assign(call, { status: message.ok === false ? "failed" : "ok", output: text, cut: cut || !!message.truncated, messageId: message.id });
      if (!calls.has(call.id)) entries.push(call);
      continue;
    }
    const [text, cut] = bounded(message.text, TEXT_CHARACTERS);
    if (text || message.role === "user") {
      entries.push({ type: "message", id: message.id, role: message.role, text, reasoning: "", streaming: false, cut: cut || !!message.truncated });
    }
    for (const each of message.toolCalls) {
      const call = tool(each.id, each.name, titleOf(each.name, each.arguments), JSON.stringify(each.arguments, null, 2));
      calls.set(each.id, call);
      entries.push(call);
    }
  }
  return entries;
}

/** False where the event changes nothing: it came before, or is of another chat. */
export function apply(state: ChatState, event: Event): boolean {
  if (event.chatId !== state.chat.id || event.epoch !== state.epoch) return false;
  if (event.durable) {
    if (event.seq <= state.seq) return false;
    state.seq = event.seq;
  } else if (event.seq < state.seq) return false;
  fold(state, event, event.data as Record<string, never>);
  if (state.entries.length > ENTRIES_MAX) {
    state.entries.splice(0, state.entries.length - ENTRIES_MAX);
    state.earlier = true;
  }
  return true;
}

/** What comes over the wire is checked by the daemon's own types; each kind reads the fields it documents. */
function fold(state: ChatState, event: Event, data: Record<string, any>): void {
  switch (event.kind as string) {
    case "run/started":
      state.run = { runId: event.runId ?? "", phase: "", model: data.model ?? undefined };
      state.resumable = undefined;
      break;
    case "run/phase":
      if (state.run) state.run = { ...state.run, phase: String(data.phase) };
      break;
    case "run/finished":
      if (state.run?.runId === event.runId) state.run = undefined;
      settle(state);
      state.usage = data.usage ?? state.usage;
      resumability(state, event.runId ?? "", data.status, data.stopReason);
      put(state, { type: "end", id: event.runId ?? String(event.seq), status: data.status, stopReason: data.stopReason, summary: data.summary ?? "", files: data.changes?.files ?? [], added: data.changes?.added ?? 0, removed: data.changes?.removed ?? 0 });
      break;
    case "message/delta":
      delta(state, event.itemId ?? "", String(data.text ?? ""), data.channel === "reasoning");
      break;
    case "message/completed":
      completed(state, data);
      break;
    case "tool/started":
      put(state, tool(data.callId, data.name, data.title ?? data.name, JSON.stringify(data.arguments ?? {}, null, 2)));
      break;
    case "tool/output":
      change(state, data.callId, (call: ToolEntry) => {
        const [output, cut] = tail(call.output + String(data.text ?? ""), OUTPUT_CHARACTERS);
        return { ...call, output, cut: call.cut || cut };
      });
      break;
    case "tool/finished":
      change(state, data.callId, (call: ToolEntry) => {
        const [output, cut] = bounded(String(data.text ?? ""), OUTPUT_CHARACTERS);
        return { ...call, output, status: data.ok ? "ok" : "failed", seconds: data.seconds, messageId: data.messageId, cut: cut || !!data.truncated };
      });
      break;
    case "todo/changed":
      state.todo = { rev: data.rev, items: data.items };
      break;
    case "usage/updated":
      state.usage = data as Usage;
      break;
    case "workspace/changed":
      if (data.message) put(state, { type: "notice", id: `n${event.seq}`, level: "info", message: String(data.message) });
      break;
    case "permission/requested":
      state.permissions = [...state.permissions.filter((each) => each.id !== data.id), data as Permission];
      break;
    case "permission/resolved":
      state.permissions = state.permissions.filter((each) => each.id !== data.id);
      break;
    case "queue/changed":
      state.queue = data.items ?? state.queue;
      break;
    case "checkpoint/restored":
      put(state, { type: "notice", id: `n${event.seq}`, level: "info", message: data.undoes ? "The rewind was taken back." : "Went back to a checkpoint." });
      break;
    case "notice":
      put(state, { type: "notice", id: `n${event.seq}${event.durable ? "" : event.ts}`, level: data.level ?? "info", message: [data.message, data.hint].filter(Boolean).join(" ") });
      break;
    default:
      break; // a kind this client does not know
  }
}

function delta(state: ChatState, id: string, piece: string, reasoning: boolean): void {
  const at = state.entries.findLastIndex((entry) => entry.id === id);
  const known = state.entries[at];
  if (known && (known.type !== "message" || !known.streaming)) return;
  const entry: MessageEntry = known?.type === "message" ? { ...known } : { type: "message", id, role: "assistant", text: "", reasoning: "", streaming: true, cut: false };
  if (reasoning) entry.reasoning = tail(entry.reasoning + piece, OUTPUT_CHARACTERS)[0];
  else if (!entry.cut) [entry.text, entry.cut] = bounded(entry.text + piece, TEXT_CHARACTERS);
  if (known) state.entries[at] = entry;
  else state.entries.push(entry);
}

function completed(state: ChatState, data: Record<string, any>): void {
  if (data.role === "tool") return;
  const known = state.entries.find((entry) => entry.id === data.messageId);
  const reasoning = known?.type === "message" ? known.reasoning : "";
  const [text, cut] = bounded(String(data.text ?? ""), TEXT_CHARACTERS);
  if (!text && !reasoning) state.entries = state.entries.filter((entry) => entry.id !== data.messageId);
  else put(state, { type: "message", id: data.messageId, role: data.role, text, reasoning, streaming: false, cut });
}

/** Nothing streams or runs after the end of a run. */
function settle(state: ChatState): void {
  state.entries = state.entries.map((entry) => {
    if (entry.type === "message" && entry.streaming) return { ...entry, streaming: false };
    if (entry.type === "tool" && entry.status === "running") return { ...entry, status: "failed" };
    return entry;
  });
}

function resumability(state: ChatState, runId: string, status: string, reason?: string): void {
  const cutOff = status !== "completed" && (reason === "interrupted" || reason === "shutdown");
  state.resumable = cutOff ? runId : undefined;
}

function put(state: ChatState, entry: Entry): void {
  const at = state.entries.findLastIndex((each) => each.id === entry.id && each.type === entry.type);
  if (at < 0) state.entries.push(entry);
  else state.entries[at] = entry;
}

function change(state: ChatState, id: string, how: (call: ToolEntry) => ToolEntry): void {
  const at = state.entries.findLastIndex((each) => each.id === id);
  const known = state.entries[at];
  if (known?.type === "tool") state.entries[at] = how(known);
}

function tool(id: string, name: string, title: string, given = ""): ToolEntry {
  return { type: "tool", id, name, title: title || name, arguments: bounded(given, OUTPUT_CHARACTERS)[0], output: "", status: "running", cut: false };
}

function titleOf(name: string, given: Record<string, unknown>): string {
  for (const key of ["command", "path", "pattern", "args"]) {
    const value = given[key];
    if (typeof value === "string" && value.trim()) return `${name} ${value.trim().split("\n")[0]!.slice(0, 120)}`;
  }
  return name;
}

function bounded(text: string, most: number): [string, boolean] {
  return text.length > most ? [text.slice(0, most), true] : [text, false];
}

function tail(text: string, most: number): [string, boolean] {
  return text.length > most ? [text.slice(-most), true] : [text, false];
}
