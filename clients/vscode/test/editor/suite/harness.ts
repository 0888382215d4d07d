/** What the suite is made of: tests in order, waiting for what is announced, and questions to the window. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";

import type { ActiveChat, Moved } from "../../../src/chat/active";
import type { Inside } from "../../../src/extension";
import type { Event } from "../../../src/protocol.gen";

export const ROOT = process.env.JOURNEYMAN_TEST_ROOT!;
export const RECORDINGS = process.env.JOURNEYMAN_TEST_RECORDINGS!;
/** What the first window tells the second: the chat to open, and when to end. */
export const SECOND = { chat: join(ROOT, "second-chat"), leave: join(ROOT, "second-leave") };
const PATIENCE_MS = 120_000;
const LOOK_MS = 50;

export type Test = (inside: Inside) => Promise<void>;
const tests: [string, Test][] = [];

export function test(name: string, body: Test): void {
  tests.push([name, body]);
}

export async function runAll(inside: Inside): Promise<void> {
  const wanted = new RegExp(process.env.JOURNEYMAN_TEST_PATTERN || ".");
  const failed: string[] = [];
  for (const [name, body] of tests) {
    if (!wanted.test(name)) continue;
    const since = Date.now();
    try {
      await within(body(inside), name);
      console.log(`ok    ${name} (${Date.now() - since} ms)`);
    } catch (error) {
      failed.push(name);
      console.log(`FAIL  ${name}: ${(error as Error).stack ?? String(error)}`);
    }
  }
  assert.deepEqual(failed, []);
}

/** Until `holds`, looked at whenever the source says that something happened and now and then besides. */
export async function until<T>(what: string, holds: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await holds();
    if (value) return value;
    assert.ok(Date.now() < deadline, `it did not come about: ${what}`);
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

/** The next event of the active chat that fits; call it before what brings the event about. */
export function event(chat: ActiveChat, fits: (event: Event) => boolean): Promise<Event> {
  return new Promise((resolve) => {
    const listening = chat.onDidMove(({ events }: Moved) => {
      const found = events?.find(fits);
      if (!found) return;
      listening.dispose();
      resolve(found);
    });
  });
}

let asked = 0;

/** Ask the window around the editor; see page.mjs. */
export async function page<T = unknown>(what: string, more: Record<string, unknown> = {}): Promise<T> {
  const id = ++asked;
  console.log(`journeyman-asks:${JSON.stringify({ id, what, ...more })}`);
  const file = join(ROOT, "answers", `${id}.json`);
  const answer = await until(`an answer to ${what}`, () => {
    if (!existsSync(file)) return undefined;
    const text = readFileSync(file, "utf8");
    return text.endsWith("}") ? (JSON.parse(text) as { value: T; error?: string }) : undefined;
  });
  if (answer.error) throw new Error(`${what}: ${answer.error}`);
  return answer.value;
}

export async function file(path: string, projectId: string): Promise<string> {
  const uri = vscode.Uri.from({ scheme: "journeyman", authority: projectId, path: `/${path}` });
  return Buffer.from(await vscode.workspace.fs.readFile(uri)).toString();
}

function within<T>(work: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`${what} took too long`)), 2 * PATIENCE_MS);
    work.then(resolve, reject).finally(() => clearTimeout(deadline));
  });
}
