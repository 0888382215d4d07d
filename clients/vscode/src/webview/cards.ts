/** What each entry of the conversation looks like. Pure: from an entry to markup. */
import type { EndEntry, Entry, MessageEntry, NoticeEntry, ToolEntry } from "../chat/state";
import type { Permission, QueueItem, TodoItem, Usage } from "../protocol.gen";
import { type Markup, html } from "./html";
import { markdown } from "./markdown";

const ENDS: Record<EndEntry["status"], string> = {
  queued: "Waiting",
  running: "Running",
  completed: "Done",
  partial: "Done in part",
  blocked: "Stuck",
  cancelled: "Stopped",
  failed: "Failed",
};
const MARKS: Record<ToolEntry["status"], string> = { running: "…", ok: "✓", failed: "✗" };
const SAID: Record<ToolEntry["status"], string> = { running: "running", ok: "done", failed: "failed" };
/** Beside the checkbox, where that does not say it. */
const PLAN_MARKS = { pending: "", in_progress: "▸", done: "", dropped: "–" } as const;

export function card(entry: Entry): Markup {
  switch (entry.type) {
    case "message":
      return message(entry);
    case "tool":
      return tool(entry);
    case "notice":
      return notice(entry);
    case "end":
      return end(entry);
  }
}

function message(entry: MessageEntry): Markup {
  const user = entry.role === "user";
  return html`<article class="message ${entry.role}" aria-label="${user ? "You" : "Journeyman"}">${thought(entry)}<div class="text">${user ? html`<p class="said">${entry.text}</p>` : markdown(entry.text)}</div>${entry.cut && whole(entry.id)}</article>`;
}

export function thought(entry: MessageEntry): Markup | false {
  return entry.reasoning !== "" && html`<details class="thought"><summary>Thinking</summary><pre tabindex="0">${entry.reasoning}</pre></details>`;
}

function tool(entry: ToolEntry): Markup {
  const time = entry.seconds === undefined ? "" : duration(entry.seconds);
  return html`<details class="tool ${entry.status}"><summary><span class="mark" aria-hidden="true">${MARKS[entry.status]}</span><span class="title">${entry.title}</span><span class="time">${time}</span><span class="hidden">${SAID[entry.status]}</span></summary>${entry.arguments && entry.arguments !== "{}" && html`<pre class="given" tabindex="0" aria-label="Arguments">${entry.arguments}</pre>`}${entry.output !== "" && html`<pre class="output" tabindex="0" aria-label="Output">${entry.output}</pre>`}${entry.cut && entry.messageId !== undefined && whole(entry.messageId)}</details>`;
}

function notice(entry: NoticeEntry): Markup {
  return html`<p class="notice ${entry.level}">${entry.message}</p>`;
}

function end(entry: EndEntry): Markup {
  const files = entry.files.map((path) => html`<li><button type="button" class="link" data-act="file" data-path="${path}">${path}</button></li>`);
  const count = `${entry.files.length} ${entry.files.length === 1 ? "file" : "files"}, +${entry.added} −${entry.removed}`;
  return html`<article class="end ${entry.status}" aria-label="End of the run"><h3>${ENDS[entry.status] ?? entry.status}</h3><div class="text">${markdown(entry.summary)}</div>${entry.files.length > 0 && html`<details class="files"><summary>${count}</summary><ul>${files}</ul></details><div class="actions"><button type="button" data-act="command" data-command="journeyman.reviewAll">Review</button><button type="button" class="second" data-act="command" data-command="journeyman.applyChanges">Bring into the folder</button></div>`}</article>`;
}

function whole(messageId: string): Markup {
  return html`<button type="button" class="link" data-act="whole" data-id="${messageId}">Show all of it in an editor</button>`;
}

export function permission(asked: Permission): Markup {
  const { subject } = asked;
  const exact = subject.command ?? subject.argv?.join(" ") ?? subject.paths?.join("\n") ?? "";
  const options = asked.options.map(
    (option) => html`<button type="button" class="${option.kind === "deny" || option.kind === "allow_run" ? "second" : ""}" data-act="permission" data-id="${asked.id}" data-option="${option.id}">${option.title}</button>`,
  );
  const question = subject.type === "question";
  return html`<article class="ask" aria-label="${question ? "A question" : "A permission"}"><h3>${question ? "It asks you" : "May it?"}</h3><p>${subject.title}</p>${!subject.title.includes(exact) && html`<pre tabindex="0">${exact}</pre>`}${subject.detail !== undefined && subject.detail !== null && html`<details><summary>What would be written</summary><pre tabindex="0">${subject.detail}</pre></details>`}${!question && html`<p class="why">It is asked because ${subject.why}.</p>`}<input class="feedback" aria-label="${question ? "Your answer" : "What to do instead"}" placeholder="${question ? "Another answer" : "What to do instead (optional)"}"><div class="actions">${options}</div></article>`;
}

export function todo(item: TodoItem): Markup {
  const status = item.status ?? "pending";
  const done = status === "done";
  const mark = PLAN_MARKS[status];
  return html`<li class="${status}"><input type="checkbox" id="todo-${item.id}" data-act="todo" data-id="${item.id}" ${done && html`checked`} ${status === "dropped" && html`disabled`}><label for="todo-${item.id}">${mark !== "" && html`<span aria-hidden="true">${mark}</span> `}${item.content}${status === "in_progress" && html`<span class="hidden"> (in progress)</span>`}</label></li>`;
}

export function queued(item: QueueItem): Markup {
  return html`<li><span class="kind">${item.kind === "steer" ? "To tell it" : "Afterwards"}</span> <span class="what">${item.prompt}</span><button type="button" class="quiet" data-act="unqueue" data-id="${item.itemId}" aria-label="Take this out of the queue">✕</button></li>`;
}

/** Tokens and cost; what a provider did not say is called unknown, never 0. */
export function usage(told: Usage | undefined): string {
  if (!told || !told.modelCalls) return "";
  const count = (exact: number | undefined | null, least: number) => (exact == null ? (least ? `≥ ${short(least)}` : "unknown") : short(exact));
  const calls = `${told.modelCalls} model ${told.modelCalls === 1 ? "call" : "calls"}`;
  const full = told.context.used && told.context.size ? `, window ${Math.round((100 * told.context.used) / told.context.size)} % full` : "";
  if (nothingToldOf(told)) return `${calls} · tokens and cost unknown${full}`;
  const cost = told.costUsd == null ? (told.atLeast.costUsd ? `≥ $${told.atLeast.costUsd.toFixed(4)}` : "cost unknown") : `$${told.costUsd.toFixed(4)}`;
  const tokens = `${count(told.inputTokens, told.atLeast.inputTokens)} in, ${count(told.outputTokens, told.atLeast.outputTokens)} out`;
  return `${calls} · tokens ${tokens} · ${cost}${full}`;
}

function nothingToldOf({ inputTokens, outputTokens, costUsd, atLeast }: Usage): boolean {
  const known = [inputTokens, outputTokens, costUsd].some((exact) => exact != null);
  return !known && !atLeast.inputTokens && !atLeast.outputTokens && !atLeast.costUsd;
}

function short(value: number): string {
  return value < 10_000 ? String(value) : `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)} k`;
}

export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
