/** The suite, as the editor starts it. */
import * as vscode from "vscode";

import type { Inside } from "../../../src/extension";
import { runAll } from "./harness";
import "./activation";
import "./run";
import "./review";
import "./workspace";
import "./naming";
import "./control";
import "./saved";
import "./lost";
import "./together";
import "./beside";
import "./looks";

export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension<Inside>("journeyman.journeyman");
  if (!extension) throw new Error("the extension is not there");
  await runAll(await extension.activate());
}
