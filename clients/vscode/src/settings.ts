/** The few settings there are, typed. */
import * as vscode from "vscode";

import type { AgentRunParams } from "./protocol.gen";

export type Mode = NonNullable<AgentRunParams["mode"]>;

const section = () => vscode.workspace.getConfiguration("journeyman");

export const settings = {
  get path(): string {
    return section().get<string>("path", "").trim();
  },
  get mode(): Mode {
    return section().get<Mode>("mode", "plan+execute");
  },
  get notifies(): boolean {
    return section().get<string>("notifications") !== "never";
  },
};
