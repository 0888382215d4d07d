/** Cards: whatever is in an entry is text on the page. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Entry } from "../../src/chat/state";
import type { Permission, Usage } from "../../src/protocol.gen";
import { card, duration, permission, queued, todo, usage } from "../../src/webview/cards";

const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;

const entries: Entry[] = [
  { type: "message", id: EVIL, role: "user", text: EVIL, reasoning: EVIL, streaming: false, cut: true },
  { type: "message", id: EVIL, role: "assistant", text: EVIL, reasoning: EVIL, streaming: false, cut: true },
  { type: "tool", id: EVIL, name: EVIL, title: EVIL, arguments: EVIL, output: EVIL, status: "failed", seconds: 1, messageId: EVIL, cut: true },
  { type: "notice", id: EVIL, level: "warning", message: EVIL },
  { type: "end", id: EVIL, status: "completed", summary: EVIL, files: [EVIL], added: 1, removed: 2 },
];

function harmless(shown: string): void {
  assert.doesNotMatch(shown, /<script|<img/i);
  assert.doesNotMatch(shown, /<[^>"]*("[^"]*"[^>"]*)*\son\w+=/i);
}

for (const entry of entries) test(`harmless: ${entry.type}`, () => harmless(card(entry).text));

test("harmless: plan, queue and questions", () => {
  harmless(todo({ id: EVIL, content: EVIL, status: "in_progress" }).text);
  harmless(queued({ itemId: EVIL, kind: "run", runId: EVIL, prompt: EVIL, truncated: false, rev: 1, createdAt: "" }).text);
  const asked = { id: EVIL, chatId: "c", runId: "r", callId: "t", subject: { type: "edit", title: EVIL, why: EVIL, rules: [], cwd: EVIL, paths: [EVIL], detail: EVIL }, options: [{ id: EVIL, title: EVIL, kind: "deny" }], state: "pending", createdAt: "", expiresAt: "" } satisfies Permission;
  harmless(permission(asked).text);
});

test("a status of a later daemon is shown by its name", () => {
  assert.match(card({ type: "end", id: "r", status: "parked" as never, summary: "", files: [], added: 0, removed: 0 }).text, /<h3>parked<\/h3>/);
});

const none = { modelCalls: 2, complete: false, atLeast: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, costUsd: 0 }, context: {} } satisfies Usage;
const usages: [Usage | undefined, string][] = [
  [undefined, ""],
  [none, "2 model calls · tokens and cost unknown"],
  [{ ...none, atLeast: { ...none.atLeast, inputTokens: 12_345, outputTokens: 10, costUsd: 0.5 } }, "2 model calls · tokens ≥ 12.3 k in, ≥ 10 out · ≥ $0.5000"],
  [{ ...none, modelCalls: 1, inputTokens: 250_000, outputTokens: 0, costUsd: 0, context: { used: 50, size: 200 } }, "1 model call · tokens 250 k in, 0 out · $0.0000, window 25 % full"],
];
for (const [told, words] of usages) test(`usage: ${words || "none"}`, () => assert.equal(usage(told), words));

for (const [seconds, words] of [[0.04, "40 ms"], [1.24, "1.2 s"], [125, "2 min 5 s"]] as const) test(`duration: ${words}`, () => assert.equal(duration(seconds), words));
