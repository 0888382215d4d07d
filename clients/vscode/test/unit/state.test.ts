/** Events folded into the state of a chat: in order, twice, too many, too long, and of kinds nobody knows. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { type ChatState, ENTRIES_MAX, OUTPUT_CHARACTERS, type ToolEntry, apply, opened } from "../../src/chat/state";
import type { Chat, Event, SubscribeResult } from "../../src/protocol.gen";

const chat: Chat = { id: "c", projectId: "p", title: "t", cwd: ".", createdAt: "", updatedAt: "" };
const subscribed: SubscribeResult = { epoch: "e", head: 0, oldest: 1, runs: [], permissions: [] };

function scene() {
  const state = opened(chat, subscribed);
  let seq = 0;
  const make = (kind: string, data: Record<string, unknown>, more: Partial<Event> = {}): Event =>
    ({ chatId: "c", epoch: "e", seq: more.durable === false ? seq : ++seq, ts: "", kind, data, durable: true, ...more }) as Event;
  const happen = (kind: string, data: Record<string, unknown> = {}, more: Partial<Event> = {}) => apply(state, make(kind, data, more));
  const delta = (text: string, channel = "text") => happen("message/delta", { text, channel }, { durable: false, itemId: "m1" });
  return { state, make, happen, delta };
}

const tool = (state: ChatState) => state.entries.find((entry) => entry.type === "tool") as ToolEntry;

test("deltas become a message, which the whole one replaces", () => {
  const { state, happen, delta } = scene();
  happen("run/started", { model: "m" }, { runId: "r" });
  delta("Hel");
  delta("lo");
  delta("why", "reasoning");
  assert.deepEqual(state.entries, [{ type: "message", id: "m1", role: "assistant", text: "Hello", reasoning: "why", streaming: true, cut: false }]);
  happen("message/completed", { messageId: "m1", role: "assistant", text: "Hello!", toolCalls: [] });
  assert.deepEqual(state.entries, [{ type: "message", id: "m1", role: "assistant", text: "Hello!", reasoning: "why", streaming: false, cut: false }]);
  delta("late");
  assert.equal((state.entries[0] as { text: string }).text, "Hello!");
});

test("an event that comes twice, or out of another log, changes nothing", () => {
  const { state, make } = scene();
  const first = make("notice", { level: "info", message: "one" });
  const second = make("notice", { level: "info", message: "two" });
  assert.ok(apply(state, first));
  assert.ok(apply(state, second));
  const before = structuredClone(state);
  for (const event of [first, second, { ...second, epoch: "other", seq: 9 }, { ...second, chatId: "other", seq: 9 }]) assert.equal(apply(state, event), false);
  assert.deepEqual(state, before);
});

test("a tool call from its start to its end", () => {
  const { state, happen } = scene();
  happen("tool/started", { callId: "t", name: "terminal", title: "terminal make", arguments: { command: "make" } });
  happen("tool/output", { callId: "t", text: "a\n" }, { durable: false });
  happen("tool/output", { callId: "t", text: "b\n" }, { durable: false });
  assert.equal(tool(state).output, "a\nb\n");
  happen("tool/finished", { callId: "t", name: "terminal", ok: false, seconds: 1.5, text: "exit 2", truncated: true, messageId: "m" });
  assert.deepEqual({ ...tool(state), arguments: "" }, { type: "tool", id: "t", name: "terminal", title: "terminal make", arguments: "", output: "exit 2", status: "failed", seconds: 1.5, messageId: "m", cut: true });
});

test("output without an end costs no more than its last part", () => {
  const { state, happen } = scene();
  happen("tool/started", { callId: "t", name: "terminal", title: "t", arguments: {} });
  for (let n = 0; n < 1000; n++) happen("tool/output", { callId: "t", text: `${n}`.padStart(1000, ".") }, { durable: false });
  assert.equal(tool(state).output.length, OUTPUT_CHARACTERS);
  assert.ok(tool(state).output.endsWith("999"));
});

test("ten thousand deltas and three thousand notices stay bounded", () => {
  const { state, happen, delta } = scene();
  for (let n = 0; n < 10_000; n++) delta("word ");
  assert.equal((state.entries[0] as { text: string }).text.length, 50_000);
  for (let n = 0; n < 3_000; n++) happen("notice", { message: `${n}` });
  assert.equal(state.entries.length, ENTRIES_MAX);
  assert.ok(state.earlier);
});

test("nothing runs and nothing is written after the end of a run", () => {
  const { state, happen, delta } = scene();
  happen("run/started", {}, { runId: "r" });
  happen("run/phase", { phase: "execute" }, { runId: "r" });
  assert.deepEqual(state.run, { runId: "r", phase: "execute", model: undefined });
  delta("half");
  happen("tool/started", { callId: "t", name: "terminal", title: "t", arguments: {} });
  happen("run/finished", { status: "failed", stopReason: "interrupted", summary: "It was cut off.", changes: { files: ["a"], added: 1, removed: 2 } }, { runId: "r" });
  assert.equal(state.run, undefined);
  assert.equal(state.resumable, "r");
  assert.ok(state.entries.every((entry) => !(entry.type === "message" && entry.streaming) && !(entry.type === "tool" && entry.status === "running")));
  assert.deepEqual(state.entries.at(-1), { type: "end", id: "r", status: "failed", stopReason: "interrupted", summary: "It was cut off.", files: ["a"], added: 1, removed: 2 });
  happen("run/started", {}, { runId: "r2" });
  assert.equal(state.resumable, undefined);
});

test("questions come and go", () => {
  const { state, happen } = scene();
  happen("permission/requested", { id: "q" });
  happen("permission/requested", { id: "q" });
  assert.equal(state.permissions.length, 1);
  happen("permission/resolved", { id: "q" });
  assert.equal(state.permissions.length, 0);
});

test("a kind nobody knows is let by", () => {
  const { state, happen } = scene();
  const before = structuredClone(state);
  assert.ok(happen("weather/changed", { sunny: true }));
  assert.deepEqual(state, { ...before, seq: 1 });
});

test("a snapshot, and what comes after it and is in it already", () => {
  const message = { id: "m", chatId: "c", role: "assistant" as const, text: "Look.", toolCalls: [{ id: "t", name: "read", arguments: { path: "a.py" } }], createdAt: "" };
  const observed = { id: "o", chatId: "c", role: "tool" as const, text: "x = 1", toolCalls: [], toolCallId: "t", toolName: "read", ok: true, createdAt: "" };
  const usage = { modelCalls: 1, complete: false, atLeast: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, costUsd: 0 }, context: {} };
  const snapshot = { todo: { chatId: "c", rev: 2, items: [] }, messages: 9, recent: [message, observed], queue: [], runs: [], usage, permissions: [] };
  const state = opened(chat, { ...subscribed, snapshot });
  assert.ok(state.earlier);
  assert.deepEqual(state.entries.map((entry) => entry.type), ["message", "tool"]);
  assert.equal(tool(state).title, "read a.py");
  assert.equal(tool(state).status, "ok");
  apply(state, { chatId: "c", epoch: "e", seq: 1, ts: "", kind: "message/completed", data: { messageId: "m", role: "assistant", text: "Look.", toolCalls: [] }, durable: true });
  assert.equal(state.entries.length, 2);
});
