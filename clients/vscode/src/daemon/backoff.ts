/** How long to wait before connecting again, and when to stop and ask the person. */
const WAITS_MS = [200, 500, 1000, 2000, 5000, 10_000];

export class Backoff {
  private failures = 0;

  /** Milliseconds until the next attempt; undefined once it has failed too often. */
  next(): number | undefined {
    return WAITS_MS[this.failures++];
  }

  reset(): void {
    this.failures = 0;
  }
}
