/** What is measured inside the editor: bench/bench.mjs opens the windows and writes the table. Nothing is asserted. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import * as vscode from "vscode";

import { openNew, send } from "../../../src/desk";
import type { Inside } from "../../../src/extension";
import type { Event } from "../../../src/protocol.gen";
import { uriOf } from "../../../src/workspace/uris";
import { ROOT, event, page, until } from "./harness";

const DELTAS = 10_000;
const AT_ONCE = 20;
const PAUSE_MS = 10;

interface Frames {
  ms: number;
  frames: number;
  /** Frames of 60 a second that were not drawn in time. */
  dropped: number;
  longest: number;
}

const ours = () => vscode.extensions.getExtension<Inside>("journeyman.journeyman")!;
const probe = () => vscode.extensions.getExtension<{ shown(): Promise<void> }>("journeyman-tests.probe")!;

async function timed(act: () => unknown): Promise<number> {
  const since = performance.now();
  await act();
  return performance.now() - since;
}

async function starting(): Promise<object> {
  const emptyActivate = await timed(() => probe().activate());
  const since = performance.now();
  const { desk, view } = await ours().activate();
  const activate = performance.now() - since;
  await new Promise<void>((done) => {
    if (desk.daemon.state === "ready") done();
    else desk.daemon.onDidChangeState((state) => state === "ready" && done());
  });
  const ready = performance.now() - since;
  const emptyPaint = await timed(() => probe().exports.shown());
  const painted = new Promise<void>((done) => view.onDidPaint(done));
  const paint = await timed(async () => {
    void view.focus();
    await painted;
  });
  return { emptyActivate, activate, ready, emptyPaint, paint };
}

/** As the connection hands them on, a few hundred a second more than any model writes: the daemon itself joins what comes faster. */
async function streamed(chat: { hear(event: Event): void }, chatId: string, epoch: string, seq: number): Promise<void> {
  for (let at = 1; at <= DELTAS; at++) {
    const text = at === DELTAS ? "THE-END" : at % 30 === 29 ? "end.\n\n" : at % 11 === 0 ? "`code` " : "word ";
    chat.hear({ chatId, epoch, seq, ts: "", itemId: "streamed", kind: "message/delta", data: { text, channel: "text" }, durable: false });
    if (at % AT_ONCE === 0) await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

async function copied(uri: vscode.Uri, at: number): Promise<vscode.Uri> {
  const to = vscode.Uri.file(join(ROOT, `side-${at}.txt`));
  await vscode.workspace.fs.writeFile(to, await vscode.workspace.fs.readFile(uri));
  return to;
}

async function chatting(): Promise<object> {
  const { desk, view } = await ours().activate();
  desk.mode = "execute";
  await openNew(desk);
  await view.focus();
  const heap = () => page<number>("heap");
  const heapBefore = await heap();
  const { chat } = desk.chat.state!;
  const { projectId } = chat;
  await page("frames");
  console.log("measuring deltas");
  const streamMs = await timed(async () => {
    await streamed(desk.chat as unknown as { hear(event: Event): void }, chat.id, desk.chat.state!.epoch, desk.chat.state!.seq);
    await until("all of it is on the page", () => page("chat", { script: "document.querySelector('#log').textContent.includes('THE-END')" }));
  });
  const stream = await page<Frames>("framesDrawn");
  console.log(`measured in ${Math.round(streamMs)} ms`);
  const heapAfter = await heap();
  await page("frames");
  await new Promise((done) => setTimeout(done, streamMs));
  const idle = await page<Frames>("framesDrawn");

  const rewritten = event(desk.chat, ({ kind }) => kind === "run/finished");
  console.log("measuring a diff");
  await send(desk, "Rewrite it.", "queue");
  await rewritten;
  const listMs = await timed(() => desk.changes.refresh());
  const hunks = desk.changes.all();
  const lines = hunks.reduce((sum, hunk) => sum + (hunk.newLines ?? 0), 0);
  console.log(`listed ${hunks.length} hunks in ${Math.round(listMs)} ms`);
  const file = desk.changes.files[0]!;
  const shown = () => page("see", { selector: ".monaco-diff-editor .view-line", text: "as it is" });
  const plain = await Promise.all([uriOf(projectId, file.path, chat.id), uriOf(projectId, file.path)].map(copied));
  const plainMs = await timed(async () => {
    await vscode.commands.executeCommand("vscode.diff", plain[0], plain[1], "plain files");
    await shown();
  });
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  const readMs = await timed(() => Promise.all([vscode.workspace.fs.readFile(uriOf(projectId, file.path, chat.id)), vscode.workspace.fs.readFile(uriOf(projectId, file.path))]));
  const diffMs = await timed(async () => {
    await desk.changes.show(file);
    await shown();
  });
  console.log(`shown in ${Math.round(diffMs)} ms`);
  const acceptMs = await timed(() => desk.changes.accept([hunks[0]!]));
  return { heapBefore, heapAfter, deltas: DELTAS, streamMs, stream, idle, listMs, plainMs, readMs, diffMs, acceptMs, hunks: hunks.length, lines };
}

export async function run(): Promise<void> {
  const { what, answer } = JSON.parse(readFileSync(join(ROOT, "bench.json"), "utf8")) as { what: string; answer: string };
  writeFileSync(answer, JSON.stringify(await (what === "starting" ? starting() : chatting())));
}
