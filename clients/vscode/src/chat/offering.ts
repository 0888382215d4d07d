/** What can be completed in the box: `@` names a file, a `/` at the beginning one of the commands. Pure; both sides use it. */

export type OfferKind = "file" | "command";

export interface Wanted {
  kind: OfferKind;
  /** Where the text that is replaced begins, its sign included. */
  from: number;
  /** What is written of the name. */
  part: string;
}

export interface Offer {
  label: string;
  detail: string;
  /** What is written in place of what was wanted. */
  text: string;
}

export const OFFERS_MAX = 30;

/** What is being named where the cursor is. */
export function wanted(text: string, cursor: number): Wanted | undefined {
  const before = text.slice(0, cursor);
  const command = /^\/([\w-]*)$/.exec(before);
  if (command) return { kind: "command", from: 0, part: command[1]! };
  const file = /(?:^|[\s(])@([^\s@]*)$/.exec(before);
  return file ? { kind: "file", from: cursor - file[1]!.length - 1, part: file[1]! } : undefined;
}

/** The text with the offer in it, and where the cursor is then. */
export function taken(text: string, cursor: number, of: Wanted, offer: Offer): [text: string, cursor: number] {
  const rest = text.slice(cursor);
  const space = /^[\s,.;:)?!]/.test(rest) || offer.text.endsWith("/") ? "" : " ";
  const written = text.slice(0, of.from) + offer.text + space;
  return [written + rest, written.length];
}

/** The best matches, in the order they are given where they are as good: a name that begins so, one that has it, a path that has it. */
export function ranked(paths: Iterable<string>, part: string, most = OFFERS_MAX): string[] {
  const sought = part.toLowerCase();
  const found: string[][] = [[], [], [], []];
  for (const path of paths) {
    const place = rank(path.toLowerCase(), sought);
    if (place !== undefined && found[place]!.length < most) found[place]!.push(path);
  }
  return found.flat().slice(0, most);
}

function rank(path: string, sought: string): number | undefined {
  const name = path.slice(path.lastIndexOf("/", path.length - 2) + 1);
  if (name.startsWith(sought)) return 0;
  if (name.includes(sought)) return 1;
  if (path.includes(sought)) return 2;
  let at = 0;
  for (const character of path) if (character === sought[at]) at++;
  return at === sought.length ? 3 : undefined;
}
