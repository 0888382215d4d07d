/** Where the `journeyman` program is: configured, in the folder's environment, on PATH, or installed by us. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

export interface Places {
  /** The setting; empty for none. */
  configured: string;
  /** Folders that are open, where they are trusted. */
  folders: readonly string[];
  /** The value of PATH. */
  path: string;
  home: string;
  /** Where this extension installs. */
  own: string;
}

export type Found = { command: string } | { missing: string };

export const PROGRAM = "journeyman";

/** In the order in which they are tried. A configured program is the only one that is. */
export function candidates(places: Places): string[] {
  if (places.configured) return [expanded(places.configured, places)];
  return [
    ...places.folders.map((folder) => join(folder, ".venv", "bin", PROGRAM)),
    ...places.path.split(delimiter).filter(isAbsolute).map((directory) => join(directory, PROGRAM)),
    installedAt(places.own),
  ];
}

export function installedAt(own: string): string {
  return join(own, "venv", "bin", PROGRAM);
}

export async function find(places: Places): Promise<Found> {
  for (const command of candidates(places)) {
    if (await executable(command)) return { command };
  }
  return {
    missing: places.configured
      ? `There is no program at ${places.configured}, where the setting journeyman.path says it is.`
      : "The Journeyman daemon is not installed on this machine, or not on PATH.",
  };
}

function expanded(path: string, places: Places): string {
  const first = places.folders[0];
  return path.replace(/^~(?=\/)/, places.home).replaceAll("${workspaceFolder}", first ?? "${workspaceFolder}");
}

async function executable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(() => true, () => false);
}
