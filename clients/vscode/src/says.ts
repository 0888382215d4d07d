/** How this extension speaks: one sentence and what to do next, in one place. */
import * as vscode from "vscode";

import { refused } from "./daemon/calls";

/** Run what a person asked for; a refusal is told, and nothing is thrown into nowhere. */
export async function told<T>(log: vscode.LogOutputChannel, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    const refusal = refused(error);
    log.error(refusal.data.incidentId ? `${refusal.sentence} (incident ${refusal.data.incidentId})` : refusal.sentence);
    void vscode.window.showErrorMessage(refusal.sentence);
    return undefined;
  }
}

export async function confirmed(question: string, detail: string, yes: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) === yes;
}
