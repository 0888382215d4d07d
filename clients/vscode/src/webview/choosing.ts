/** The list below what is being named in the box: moved through and chosen from by key, read out by name. */
import type { FromPage } from "../chat/messages";
import type { Offer, Wanted } from "../chat/offering";
import { taken, wanted } from "../chat/offering";
import { html } from "./html";

const NAMES = { file: "Files", command: "Commands" } as const;

export class Choosing {
  private serial = 0;
  private offers: Offer[] = [];
  private at = 0;
  private of: Wanted | undefined;

  constructor(
    private readonly text: HTMLTextAreaElement,
    private readonly list: HTMLElement,
    private readonly say: (message: FromPage) => void,
    private readonly changed: () => void,
  ) {
    text.addEventListener("blur", () => this.close());
    text.addEventListener("click", () => this.look());
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    list.addEventListener("click", ({ target }) => {
      const option = (target as HTMLElement).closest<HTMLElement>("[role=option]");
      if (option) this.take(Number(option.dataset.at));
    });
  }

  /** What is written, or where the cursor is, is other now. */
  look(): void {
    this.of = this.text.selectionStart === this.text.selectionEnd ? wanted(this.text.value, this.text.selectionStart) : undefined;
    this.serial++;
    if (!this.of) return this.close();
    this.say({ type: "offer", kind: this.of.kind, part: this.of.part, serial: this.serial });
  }

  /** An answer; one to what is no longer asked is let by. */
  show(serial: number, offers: Offer[]): void {
    if (serial !== this.serial || !this.of) return;
    this.offers = offers;
    this.at = 0;
    this.draw();
  }

  /** Whether the key was for the list. */
  key(event: KeyboardEvent): boolean {
    if (!this.offers.length || event.isComposing) return false;
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp":
        this.at = (this.at + (event.key === "ArrowDown" ? 1 : this.offers.length - 1)) % this.offers.length;
        this.draw();
        return true;
      case "Enter":
      case "Tab":
        if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return false;
        this.take(this.at);
        return true;
      case "Escape":
        this.close();
        return true;
      default:
        return false;
    }
  }

  close(): void {
    this.serial++;
    this.of = undefined;
    this.offers = [];
    this.draw();
  }

  private take(at: number): void {
    const offer = this.offers[at];
    if (!offer || !this.of) return;
    const [text, cursor] = taken(this.text.value, this.text.selectionStart, this.of, offer);
    this.text.value = text;
    this.text.setSelectionRange(cursor, cursor);
    this.close();
    this.changed();
    this.look(); // a directory was chosen: what is in it
  }

  private draw(): void {
    const shown = this.offers.length > 0;
    this.list.hidden = !shown;
    this.list.setAttribute("aria-label", this.of ? NAMES[this.of.kind] : "");
    this.list.innerHTML = this.offers
      .map((offer, at) => html`<li role="option" id="offer-${at}" data-at="${at}" aria-selected="${at === this.at ? "true" : "false"}"><span class="label">${offer.label}</span> <span class="detail">${offer.detail}</span></li>`)
      .join("");
    if (shown) this.text.setAttribute("aria-activedescendant", `offer-${this.at}`);
    else this.text.removeAttribute("aria-activedescendant");
    this.list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }
}
