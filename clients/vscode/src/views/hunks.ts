/** Hunks by file, and where one is. Pure. */
import type { Hunk } from "../protocol.gen";

export interface ChangedFile {
  path: string;
  hunks: Hunk[];
}

export function grouped(hunks: readonly Hunk[]): ChangedFile[] {
  const files = new Map<string, ChangedFile>();
  for (const hunk of hunks) {
    const file = files.get(hunk.path) ?? { path: hunk.path, hunks: [] };
    file.hunks.push(hunk);
    files.set(hunk.path, file);
  }
  return [...files.values()];
}

export function sizeOf(hunk: Hunk): string {
  return hunk.kind === "edit" ? `+${hunk.newLines ?? 0} −${hunk.oldLines ?? 0}` : hunk.kind;
}

/** The change at a line of the file as it is now (from 1), or the nearest one. */
export function nearest(hunks: readonly Hunk[], line: number): Hunk | undefined {
  let best: Hunk | undefined;
  let least = Infinity;
  for (const hunk of hunks) {
    const first = hunk.newStart ?? 1;
    const last = first + Math.max((hunk.newLines ?? 1) - 1, 0);
    const distance = line < first ? first - line : line > last ? line - last : 0;
    if (distance < least) [best, least] = [hunk, distance];
  }
  return best;
}
