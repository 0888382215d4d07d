/** What the second window does by itself: open the chat the first one names, and stay until it is told to leave. */
import { existsSync, readFileSync } from "node:fs";
import * as vscode from "vscode";

import { open } from "../../../src/desk";
import type { Inside } from "../../../src/extension";
import { SECOND, until } from "./harness";

export async function run(): Promise<void> {
  const { desk, view } = await vscode.extensions.getExtension<Inside>("journeyman.journeyman")!.activate();
  await open(desk, readFileSync(SECOND.chat, "utf8"));
  await view.focus();
  await until("the first window is done with this one", () => existsSync(SECOND.leave));
}
