/** Events for the page, a frame's worth at a time, with the pieces of one text joined. */
import type { Event } from "../protocol.gen";

export const FRAME_MS = 16;

export class Batch {
  private waiting: Event[] = [];
  private timer: unknown;

  constructor(
    private readonly send: (events: Event[]) => void,
    private readonly later: (act: () => void) => unknown = (act) => setTimeout(act, FRAME_MS),
  ) {}

  add(events: readonly Event[]): void {
    for (const event of events) {
      const last = this.waiting.at(-1);
      if (last && joins(last, event)) {
        this.waiting[this.waiting.length - 1] = { ...last, data: { ...last.data, text: `${last.data.text}${event.data.text}` } };
      } else this.waiting.push(event);
    }
    this.timer ??= this.later(() => this.flush());
  }

  flush(): void {
    this.timer = undefined;
    const events = this.waiting;
    this.waiting = [];
    if (events.length) this.send(events);
  }

  /** What waits is in the state that is sent instead. */
  clear(): void {
    this.waiting = [];
  }
}

function joins(first: Event, second: Event): boolean {
  const passing = !first.durable && !second.durable && first.kind === second.kind;
  const same = first.itemId === second.itemId && first.data.channel === second.data.channel && first.seq === second.seq;
  return passing && same && (first.kind === "message/delta" || first.kind === "tool/output");
}
