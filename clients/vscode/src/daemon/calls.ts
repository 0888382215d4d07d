/** Requests with the types of the contract. Everything that asks the daemon takes a `Caller`, and no more of it. */
import type { DaemonNotifications, ErrorData, Requests } from "../protocol.gen";
import { ErrorCodes } from "../protocol.gen";

export type Method = keyof Requests;
export type Params<M extends Method> = Requests[M]["params"];
export type Result<M extends Method> = Requests[M]["result"];
export type Told = keyof DaemonNotifications;

export interface Caller {
  request<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
}

/** A refusal of the daemon: a sentence, what to do, and what it is for programs. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly code: number,
    readonly data: Partial<ErrorData>,
  ) {
    super(message);
  }

  get sentence(): string {
    return this.data.hint ? `${this.message} ${this.data.hint}` : this.message;
  }

  /** The state this client was behind of, where that is why it was refused. */
  get current(): unknown {
    return this.code === ErrorCodes.CONTENT_MODIFIED ? this.data.current : undefined;
  }
}

export function refused(error: unknown): Refused {
  if (error instanceof Refused) return error;
  const told = error as { code?: unknown; message?: unknown; data?: unknown };
  const data = (told.data ?? {}) as Partial<ErrorData>;
  return new Refused(String(told.message ?? error), typeof told.code === "number" ? told.code : 0, data);
}

/** All items of a list that comes in pages; at most `most` of them. */
export async function pages<T>(next: (cursor?: string) => Promise<{ items: T[]; nextCursor?: string }>, most = 5000): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await next(cursor);
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor && items.length < most);
  return items;
}
