/** The small parts: where the daemon is looked for, how often it is tried, what is joined for a frame, edits of a plan, hunks. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Batch } from "../../src/chat/batch";
import { page } from "../../src/chat/page";
import { Backoff } from "../../src/daemon/backoff";
import { startBridge } from "../../src/daemon/bridge";
import { Refused, pages, refused } from "../../src/daemon/calls";
import { steps } from "../../src/daemon/steps";
import { type Places, candidates, find } from "../../src/daemon/find";
import type { Event, Hunk, TodoItem } from "../../src/protocol.gen";
import { grouped, nearest } from "../../src/views/hunks";
import { after, edited } from "../../src/views/planning";

const places: Places = { configured: "", folders: ["/f"], path: "/usr/bin:relative:/opt/bin", home: "/home/ada", own: "/own" };

test("candidates: the folder's environment, PATH, our own", () => {
  assert.deepEqual(candidates(places), ["/f/.venv/bin/journeyman", "/usr/bin/journeyman", "/opt/bin/journeyman", "/own/venv/bin/journeyman"]);
});

test("candidates: a configured one is the only one", () => {
  assert.deepEqual(candidates({ ...places, configured: "~/j" }), ["/home/ada/j"]);
  assert.deepEqual(candidates({ ...places, configured: "${workspaceFolder}/j" }), ["/f/j"]);
});

test("found is what can be run; else a sentence says what is missing", async () => {
  const root = mkdtempSync(join(tmpdir(), "jmf-"));
  try {
    const program = join(root, ".venv/bin/journeyman");
    mkdirSync(join(root, ".venv/bin"), { recursive: true });
    writeFileSync(program, "");
    const here = { ...places, folders: [root], path: "", own: join(root, "own") };
    assert.match((await find(here) as { missing: string }).missing, /not installed/);
    chmodSync(program, 0o755);
    assert.deepEqual(await find(here), { command: program });
    assert.match((await find({ ...here, configured: "/no/such" }) as { missing: string }).missing, /\/no\/such/);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a program that cannot be started is a sentence, not an event nobody hears", async () => {
  await assert.rejects(startBridge("/no/such/program", undefined), /\/no\/such\/program cannot be started/);
});

test("installing: every package by its hash, the daemon from what the extension brings", () => {
  const [environment, packages, daemon] = steps("python3", "/own", "/ext/bundled", "journeyman-1-py3-none-any.whl");
  assert.deepEqual(environment!.args, ["-m", "venv", "--clear", "/own/venv"]);
  assert.deepEqual(packages!.args.slice(-3), ["--require-hashes", "-r", "/ext/bundled/runtime.txt"]);
  assert.deepEqual(daemon!.args.slice(-3), ["--no-deps", "--no-index", "/ext/bundled/journeyman-1-py3-none-any.whl"]);
});

test("the waits grow, end, and begin again after a success", () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 7 }, () => backoff.next());
  assert.deepEqual(waits, [200, 500, 1000, 2000, 5000, 10_000, undefined]);
  backoff.reset();
  assert.equal(backoff.next(), 200);
});

test("pieces of one text are joined, everything else stays as it came", () => {
  const sent: Event[][] = [];
  let due: (() => void) | undefined;
  const batch = new Batch((events) => sent.push(events), (act) => ((due = act), 1));
  const piece = (text: string, more: Partial<Event> = {}): Event => ({ chatId: "c", epoch: "e", seq: 1, ts: "", itemId: "m", kind: "message/delta", data: { text, channel: "text" }, durable: false, ...more });
  batch.add([piece("a"), piece("b")]);
  batch.add([piece("c", { itemId: "other" }), piece("d", { itemId: "other", seq: 2 }), piece("e", { durable: true }), piece("f", { durable: true })]);
  due!();
  assert.deepEqual(sent.map((events) => events.map((event) => event.data.text)), [["ab", "c", "d", "e", "f"]]);
  batch.add([piece("g")]);
  batch.clear();
  due!();
  assert.equal(sent.length, 1);
});

test("the page runs our script and nothing else", () => {
  const shown = page({ nonce: "N0", source: "https://editor", script: "https://editor/chat.js", style: "https://editor/chat.css" });
  const policy = /content="([^"]+)"/.exec(shown)![1]!;
  assert.equal(policy, "default-src 'none'; script-src 'nonce-N0'; style-src https://editor; font-src https://editor; base-uri 'none'; form-action 'none'");
  assert.equal(shown.match(/<script/g)!.length, 1);
  assert.doesNotMatch(shown, /unsafe|\son\w+=|style="/);
});

const items: TodoItem[] = [{ id: "a", content: "one" }, { id: "user-2", content: "two", status: "done" }];

test("edits of a plan", () => {
  assert.deepEqual(after(items, { id: "a", status: "done" })[0], { id: "a", content: "one", status: "done" });
  assert.deepEqual(after(items, { id: "user-2", content: "2" })[1], { id: "user-2", content: "2", status: "done" });
  assert.deepEqual(after(items, { add: "three" })[2], { id: "user-3", content: "three", status: "pending", assignee: "user" });
  assert.equal(after([...items, { id: "user-4", content: "" }].slice(1), { add: "x" }).at(-1)!.id, "user-3");
});

test("an edit is made again on what is there now, and not for ever", async () => {
  const asked: unknown[] = [];
  const stale = (rev: number) => Object.assign(new Error("behind"), { code: -32801, data: { current: { chatId: "c", rev, items } } });
  const daemon = (failures: number) => ({
    request: async (_method: string, params: unknown) => {
      asked.push(params);
      if (asked.length <= failures) throw refused(stale(asked.length + 1));
      return { chatId: "c", rev: 9, items: [] };
    },
  });
  await edited(daemon(2) as never, "c", { rev: 1, items: [] }, { id: "a", status: "done" });
  assert.deepEqual(asked.map((params) => (params as { ifRev: number }).ifRev), [1, 2, 3]);
  asked.length = 0;
  await assert.rejects(edited(daemon(99) as never, "c", { rev: 1, items: [] }, { id: "a" }), Refused);
  assert.equal(asked.length, 4);
});

test("hunks by file, and the one at a line", () => {
  const hunk = (path: string, newStart: number, newLines: number): Hunk => ({ hunkId: `${path}${newStart}`, path, kind: "edit", newStart, newLines, truncated: false, kept: true, doubtful: false, rejecting: false });
  const hunks = [hunk("a", 5, 3), hunk("b", 1, 1), hunk("a", 20, 0)];
  assert.deepEqual(grouped(hunks).map((file) => [file.path, file.hunks.length]), [["a", 2], ["b", 1]]);
  const inA = hunks.filter((each) => each.path === "a");
  assert.deepEqual([1, 6, 12, 19, 99].map((line) => nearest(inA, line)!.newStart), [5, 5, 5, 20, 20]);
  assert.equal(nearest([], 1), undefined);
});

test("pages are read to their end, and no further than wanted", async () => {
  const next = async (cursor?: string) => ({ items: [Number(cursor ?? 0)], nextCursor: Number(cursor ?? 0) < 9 ? String(Number(cursor ?? 0) + 1) : undefined });
  assert.deepEqual(await pages(next), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal((await pages(next, 3)).length, 3);
});
