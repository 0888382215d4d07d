/** Two windows on one daemon: what is done in one is seen in the other. The second one is driven as a person would. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";

import { openNew, send } from "../../../src/desk";
import { Methods } from "../../../src/protocol.gen";
import { recording } from "./control";
import { SECOND, event, page, test, until } from "./harness";

const second = { of: "second" };
const there = <T>(script: string) => page<T>("chat", { ...second, script });
const both = (script: string) => Promise.all([page<unknown>("chat", { script }), there<unknown>(script)]);
const said = "[...document.querySelectorAll('.message.user .said')].map((each) => each.textContent).join('|')";

test("two windows show one chat, and what is said in one is written in both", async ({ desk, view }) => {
  await view.focus();
  await openNew(desk);
  const chatId = desk.chat.id!;
  await desk.daemon.request(Methods.modelSelect, { chatId, model: recording("push") });
  desk.mode = "execute";
  const asked = event(desk.chat, ({ kind }) => kind === "permission/requested");
  await send(desk, "Push it, both of you.", "queue");
  await asked;
  writeFileSync(SECOND.chat, chatId);
  await page("open");
  await until("the same words in both", async () => (await both(said)).every((words) => words === "Push it, both of you."));
});

test("a permission that is answered in one window disappears in the other", async ({ desk }) => {
  const cards = "document.querySelectorAll('.ask').length";
  await until("a card in both", async () => (await both(cards)).every((count) => count === 1));
  await page("shot", { ...second, name: "second-window" });
  const resolved = event(desk.chat, ({ kind }) => kind === "permission/resolved");
  const ended = event(desk.chat, ({ kind }) => kind === "run/finished");
  await page("click", { ...second, selector: ".ask [data-option=deny]" });
  assert.equal((await resolved).data.state, "denied");
  await until("no card in either", async () => (await both(cards)).every((count) => count === 0));
  await until("nothing waits", () => desk.asking.pending.size === 0);
  await desk.chat.stop().catch(() => undefined);
  await ended;
  await until("the end in both", async () => (await both("document.querySelectorAll('.end').length")).every((count) => count === 1));
});

test("a plan that is edited in one window is edited in the other", async ({ desk }) => {
  const chatId = desk.chat.id!;
  const checked = "document.querySelectorAll('#plan li.done input:checked').length";
  await desk.daemon.request(Methods.todoUpdate, { chatId, ifRev: desk.chat.state!.todo.rev, items: [{ id: "one", content: "Look at both windows" }, { id: "two", content: "Close one" }] });
  await until("the plan in both", async () => (await both("document.querySelectorAll('#plan li').length")).every((count) => count === 2));
  await desk.plan.check("one", true);
  await until("checked here and there", async () => (await both(checked)).every((count) => count === 1));
  await page("click", { ...second, selector: "#todo-two" });
  await until("checked there and here", async () => (await both(checked)).every((count) => count === 2));
  assert.deepEqual(desk.chat.state!.todo.items.map(({ status }) => status), ["done", "done"]);
  writeFileSync(SECOND.leave, "");
  await page("close");
});
