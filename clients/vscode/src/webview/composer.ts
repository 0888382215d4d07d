/** The box one writes in: sending, steering and stopping, and nothing written is ever lost. */
import type { Along, FromPage } from "../chat/messages";
import type { Delivery } from "../chat/active";
import type { Offer } from "../chat/offering";
import { Choosing } from "./choosing";
import { html } from "./html";

const PHASES: Record<string, string> = { workspace: "getting the workspace", plan: "planning", execute: "working", verify: "verifying" };
const MODES: Record<string, string> = { "plan+execute": "Plan and do", execute: "Do", plan: "Plan only" };
const by = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

export class Composer {
  private readonly text = by<HTMLTextAreaElement>("text");
  private readonly delivery = by<HTMLSelectElement>("delivery");
  private readonly stop = by<HTMLButtonElement>("stop");
  private readonly send = by<HTMLButtonElement>("send");
  private readonly choosing: Choosing;
  private resumable = false;
  private busy = false;

  constructor(
    private readonly say: (message: FromPage) => void,
    draft: string,
    private readonly keep: (draft: string) => void,
  ) {
    this.text.value = draft;
    this.choosing = new Choosing(this.text, by("offers"), say, () => this.changed());
    this.text.addEventListener("input", () => {
      this.changed();
      this.choosing.look();
    });
    this.text.addEventListener("keydown", (event) => {
      if (this.choosing.key(event)) return event.preventDefault();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.send.addEventListener("click", () => this.submit());
    this.stop.addEventListener("click", () => {
      this.stop.disabled = true;
      this.stop.textContent = "Stopping";
      say({ type: "stop" });
    });
    by("mode").addEventListener("click", () => say({ type: "mode" }));
    by("model").addEventListener("click", () => say({ type: "model" }));
    this.changed();
  }

  focus(): void {
    this.text.focus();
  }

  running(busy: boolean, phase: string, resumable: boolean): void {
    if (busy && !this.busy) this.delivery.value = "steer";
    this.busy = busy;
    this.resumable = resumable && !busy;
    by("running").hidden = !busy;
    if (!busy) this.stop.disabled = false;
    if (!this.stop.disabled) this.stop.textContent = phase ? `Stop ${PHASES[phase] ?? phase}` : "Stop";
    this.text.placeholder = busy ? "Tell it something while it works" : "Ask Journeyman";
    this.changed();
  }

  offers(serial: number, items: Offer[]): void {
    this.choosing.show(serial, items);
  }

  surroundings(model: string, mode: string, along: Along[]): void {
    by("along").hidden = !along.length;
    by("along").innerHTML = along
      .map(({ id, label, optional }) => html`<li>${label}${optional && html`<button type="button" class="quiet" data-act="leave" data-id="${id}" aria-label="Leave out ${label}">✕</button>`}</li>`)
      .join("");
    by("model").textContent = model;
    by("mode").textContent = MODES[mode] ?? mode;
  }

  refused(text: string, sentence: string): void {
    if (text && !this.text.value) this.text.value = text;
    by("refused").hidden = !sentence;
    by("refused").textContent = sentence;
    this.changed();
  }

  private submit(): void {
    const text = this.text.value.trim();
    if (!text) {
      if (this.resumable) this.say({ type: "resume" });
      return;
    }
    this.say({ type: "send", text, delivery: this.busy ? (this.delivery.value as Delivery) : "queue" });
    this.text.value = "";
    this.choosing.close();
    this.refused("", "");
  }

  private changed(): void {
    const written = this.text.value.trim() !== "";
    this.send.textContent = !written && this.resumable ? "Carry on" : "Send";
    this.send.disabled = !written && !this.resumable;
    this.keep(this.text.value);
  }
}
