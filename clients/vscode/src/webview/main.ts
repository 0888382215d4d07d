/** The page of the chat: takes the state and what happens to it, draws once a frame, says what the person does. */
import type { Along, FromPage, Surroundings, ToPage } from "../chat/messages";
import { type ChatState, apply } from "../chat/state";
import { permission, queued, todo, usage } from "./cards";
import { Composer } from "./composer";
import { html } from "./html";
import { Log } from "./log";

interface Kept {
  draft?: string;
}
declare function acquireVsCodeApi(): { postMessage(message: FromPage): void; getState(): Kept | undefined; setState(kept: Kept): void };

const editor = acquireVsCodeApi();
const by = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const log = new Log(by("log"));
const composer = new Composer(say, editor.getState()?.draft ?? "", (draft) => editor.setState({ draft }));
let state: ChatState | undefined;
let asked = "";
let planned = "";
let waiting = false;
let painted = false;

function say(message: FromPage): void {
  editor.postMessage(message);
}

addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
  switch (data.type) {
    case "state":
      if (state?.chat.id !== data.state?.chat.id) log.clear();
      state = data.state;
      return soon();
    case "events":
      for (const event of data.events) if (state) apply(state, event);
      return soon();
    case "surroundings":
      return surround(data.surroundings);
    case "refused":
      return composer.refused(data.text, data.sentence);
    case "offers":
      return composer.offers(data.serial, data.items);
    case "focus":
      return composer.focus();
  }
});

function soon(): void {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    log.draw(state);
    plan();
    asks();
    queue();
    composer.running(state?.run !== undefined, state?.run?.phase ?? "", state?.resumable !== undefined);
    by("usage").textContent = usage(state?.usage);
    if (!painted) requestAnimationFrame(() => say({ type: "painted" })); // what was drawn is painted by then
    painted = true;
  });
}

function plan(): void {
  const items = state?.todo.items ?? [];
  const markup = items.map((item) => todo(item)).join("");
  if (markup === planned) return;
  planned = markup;
  const root = by<HTMLDetailsElement>("plan");
  root.hidden = !items.length;
  const counted = items.filter((item) => item.status !== "dropped");
  const current = items.find((item) => item.status === "in_progress");
  root.querySelector("summary")!.textContent = `Plan ${counted.filter((item) => item.status === "done").length}/${counted.length}${current ? ` · ${current.content}` : ""}`;
  root.querySelector("ul")!.innerHTML = markup;
}

function asks(): void {
  const markup = (state?.permissions ?? []).map((each) => permission(each)).join("");
  if (markup === asked) return; // what is being typed there stays
  asked = markup;
  by("asks").innerHTML = markup;
}

function queue(): void {
  const items = state?.queue ?? [];
  by("queue").hidden = !items.length;
  by("queue").innerHTML = items.length ? html`<h3>Waiting</h3><ul>${items.map((item) => queued(item))}</ul>`.text : "";
}

function surround(told: Surroundings): void {
  composer.surroundings(told.model, told.mode, told.along);
  const trouble = by("trouble");
  trouble.hidden = !told.trouble;
  trouble.innerHTML = html`<p>${told.trouble}</p><div class="actions">${told.remedies.map((each) => html`<button type="button" data-act="command" data-command="${each.command}">${each.title}</button>`)}</div>`.text;
}

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const link = target.closest<HTMLElement>("a[data-href]");
  if (link) {
    event.preventDefault();
    return say({ type: "link", href: link.dataset.href! });
  }
  const button = target.closest<HTMLElement>("button[data-act]");
  if (button) act(button);
});

document.addEventListener("change", ({ target }) => {
  if (target instanceof HTMLInputElement && target.dataset.act === "todo") say({ type: "todo", id: target.dataset.id!, done: target.checked });
});

function act(button: HTMLElement): void {
  const { act: what, id = "", option = "", path = "", command = "" } = button.dataset;
  switch (what) {
    case "copy":
      return say({ type: "copy", text: button.closest("figure")?.querySelector("code")?.textContent ?? "" });
    case "permission": {
      const feedback = button.closest(".ask")?.querySelector<HTMLInputElement>(".feedback")?.value ?? "";
      return say({ type: "permission", permissionId: id, optionId: option, feedback });
    }
    case "unqueue":
      return say({ type: "unqueue", itemId: id });
    case "leave":
      return say({ type: "leave", id: id as Along["id"] });
    case "whole":
      return say({ type: "whole", messageId: id });
    case "file":
      return say({ type: "file", path });
    case "command":
      return say({ type: "command", command });
    case "earlier":
      return say({ type: "earlier" });
  }
}

say({ type: "ready" });
