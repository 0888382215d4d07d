/** The conversation on the page: draws what changed, keeps what the person opened, and stays at the end if they are there. */
import type { ChatState, Entry, MessageEntry } from "../chat/state";
import { card, thought } from "./cards";
import { html } from "./html";
import { markdown, settled } from "./markdown";

const NEAR_PX = 40;

export class Log {
  private readonly drawn = new Map<string, { entry: Entry; element: HTMLElement }>();
  private writing: { id: string; done: number } | undefined;

  /** Whether the end stays in sight; until the person scrolls away from it. */
  private following = true;

  constructor(private readonly root: HTMLElement) {
    root.addEventListener("scroll", () => (this.following = root.scrollHeight - root.scrollTop - root.clientHeight < NEAR_PX));
    new ResizeObserver(() => this.follow()).observe(root);
  }

  draw(state: ChatState | undefined): void {
    if (!state?.entries.length) return this.empty(state);
    const wanted = new Set<string>();
    let before: HTMLElement | null = this.header(state.earlier);
    for (const entry of state.entries) {
      const key = `${entry.type}:${entry.id}`;
      wanted.add(key);
      before = this.place(key, entry, before);
    }
    for (const [key, { element }] of this.drawn) {
      if (wanted.has(key)) continue;
      element.remove();
      this.drawn.delete(key);
    }
    this.follow();
  }

  clear(): void {
    this.drawn.clear();
    this.writing = undefined;
    this.following = true;
    this.root.replaceChildren();
  }

  private follow(): void {
    if (this.following) this.root.scrollTop = this.root.scrollHeight;
  }

  private empty(state: ChatState | undefined): void {
    this.clear();
    this.root.innerHTML = html`<div class="empty"><h2>${state ? state.chat.title : "Journeyman"}</h2><p>It works in a workspace of its own. Your folder stays as it is until you bring changes into it.</p></div>`.text;
  }

  private header(earlier: boolean): HTMLElement | null {
    this.root.querySelector(".empty")?.remove();
    const known = this.root.querySelector<HTMLElement>(".earlier");
    if (!earlier) known?.remove();
    else if (!known) this.root.insertAdjacentHTML("afterbegin", '<button type="button" class="link earlier" data-act="earlier">Show what came before</button>');
    return this.root.querySelector<HTMLElement>(".earlier");
  }

  private place(key: string, entry: Entry, before: HTMLElement | null): HTMLElement {
    const known = this.drawn.get(key);
    let element = known?.element;
    if (known && known.entry !== entry && this.write(known.element, entry)) known.entry = entry;
    else if (!known || known.entry !== entry) {
      const made = fragment(card(entry).text);
      if (entry.type === "message" && entry.streaming) this.writing = undefined;
      if (element) keepOpen(element, made);
      element?.replaceWith(made);
      element = made;
      this.drawn.set(key, { entry, element: made });
    }
    const expected: ChildNode | null = before ? before.nextSibling : this.root.firstChild;
    if (expected !== element) this.root.insertBefore(element!, expected);
    return element!;
  }

  /** Only the end of a text that is being written; false where the whole entry has to be drawn. */
  private write(element: HTMLElement, entry: Entry): boolean {
    if (entry.type !== "message" || !entry.streaming) return false;
    const text = element.querySelector<HTMLElement>(":scope > .text");
    if (!text) return false;
    if (this.writing?.id !== entry.id) {
      this.writing = { id: entry.id, done: 0 };
      text.innerHTML = '<div class="live"></div>';
    }
    const live = text.querySelector<HTMLElement>(":scope > .live")!;
    const rest = entry.text.slice(this.writing.done);
    const cut = settled(rest);
    if (cut) {
      live.insertAdjacentHTML("beforebegin", markdown(rest.slice(0, cut)).text);
      this.writing.done += cut;
    }
    live.innerHTML = markdown(rest.slice(cut)).text;
    this.think(element, entry);
    return true;
  }

  private think(element: HTMLElement, entry: MessageEntry): void {
    const shown = element.querySelector<HTMLElement>(":scope > .thought > pre");
    if (shown) shown.textContent = entry.reasoning;
    else element.insertAdjacentHTML("afterbegin", (thought(entry) || "").toString());
  }
}

function fragment(markup: string): HTMLElement {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content.firstElementChild as HTMLElement;
}

function keepOpen(old: HTMLElement, made: HTMLElement): void {
  if (old instanceof HTMLDetailsElement && made instanceof HTMLDetailsElement) made.open = old.open;
  const inner = old.querySelector<HTMLDetailsElement>("details");
  const madeInner = made.querySelector<HTMLDetailsElement>("details");
  if (inner && madeInner) madeInner.open = inner.open;
}
