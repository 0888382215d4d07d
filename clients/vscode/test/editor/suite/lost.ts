import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { send } from "../../../src/desk";
import { Methods } from "../../../src/protocol.gen";
import { recording } from "./control";
import { ROOT, event, page, test, until } from "./harness";

test("the daemon is killed in the middle of a run: it is found again, and nothing is missing or comes twice", async ({ desk }) => {
  const chatId = desk.chat.id!;
  await desk.daemon.request(Methods.modelSelect, { chatId, model: recording("long") });
  const from = { epoch: desk.chat.state!.epoch, seq: desk.chat.state!.seq };
  const taken: number[] = [];
  const watching = desk.chat.onDidMove(({ events }) => taken.push(...(events ?? []).filter((each) => each.durable).map((each) => each.seq)));
  const states: string[] = [];
  const listening = desk.daemon.onDidChangeState((state) => states.push(state));
  const begun = event(desk.chat, ({ kind, data }) => kind === "tool/output" && String(data.text).includes("begun"));
  await send(desk, "Wait for something long, once more.", "queue");
  await begun;
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  process.kill(Number(readFileSync(join(ROOT, "daemon", "daemon.lock"), "utf8")), "SIGKILL");
  await until("the connection is missed", () => states.includes("reconnecting"));
  await until("it is back", () => desk.daemon.state === "ready");
  assert.equal((await ended).data.stopReason, "interrupted");
  await until("it can be carried on", () => desk.chat.state!.resumable);
  await until("the page offers it", () => page("chat", { script: "document.getElementById('send').textContent === 'Carry on' && document.getElementById('trouble').hidden" }));

  const stored: number[] = [];
  for (let after = from; ; ) {
    const answer = await desk.daemon.request(Methods.agentEvents, { chatId, after });
    if (!answer.events.length) break;
    stored.push(...answer.events.map((each) => each.seq));
    after = answer.next;
  }
  await until("all of them came", () => taken.length >= stored.length);
  assert.deepEqual(taken, stored);
  watching.dispose();
  listening.dispose();
});
