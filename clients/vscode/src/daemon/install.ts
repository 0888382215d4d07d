/**
 * Installs the daemon into an environment of this extension's own, once the person has agreed. What is installed comes
 * with the extension: the daemon itself, and the versions and hashes of everything it needs.
 */
import { execFile } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import * as vscode from "vscode";

import { installedAt } from "./find";
import { type Step, steps } from "./steps";

const STEP_MS = 15 * 60_000;

/** True once it is there. Asks first; says what went wrong in one sentence. */
export async function install(own: string, bundled: string, log: vscode.LogOutputChannel): Promise<boolean> {
  const wheel = (await readdir(bundled).catch(() => /* a copy without one */ [])).find((name) => name.endsWith(".whl"));
  if (!wheel) {
    void vscode.window.showErrorMessage("This build of the extension brings no daemon: install Journeyman yourself and set journeyman.path.");
    return false;
  }
  const go = "Install";
  const detail = `This makes a Python environment in ${own} and installs the daemon this extension brings, and the packages it needs from the Python Package Index, into it. Nothing else on this machine is changed. It needs Python 3.11 or newer.`;
  if ((await vscode.window.showInformationMessage("Install the Journeyman daemon?", { modal: true, detail }, go)) !== go) return false;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Installing Journeyman", cancellable: true },
    async (progress, token) => {
      try {
        await mkdir(own, { recursive: true });
        for (const step of steps(await python(log), own, bundled, wheel)) {
          progress.report({ message: step.says });
          await run(step, log, token);
        }
        log.info(`installed ${installedAt(own)}`);
        return true;
      } catch (error) {
        if (!token.isCancellationRequested) {
          void vscode.window.showErrorMessage(`Journeyman was not installed: ${(error as Error).message} The log has the rest.`);
        }
        return false;
      }
    },
  );
}

async function python(log: vscode.LogOutputChannel): Promise<string> {
  for (const command of ["python3", "python3.13", "python3.12", "python3.11"]) {
    const fits = { says: "", command, args: ["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"] };
    if (await run(fits, log).then(() => true, () => false)) return command;
  }
  throw new Error("There is no Python 3.11 or newer with venv on PATH.");
}

function run({ command, args }: Step, log: vscode.LogOutputChannel, token?: vscode.CancellationToken): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { timeout: STEP_MS, maxBuffer: 16 << 20 }, (error, out, said) => {
      const words = `${out}${said}`.trim();
      if (words) log.info(words);
      if (!error) return resolve();
      reject(new Error(said.trim().split("\n").at(-1) || `${command} ended with ${error.code ?? "an error"}.`));
    });
    token?.onCancellationRequested(() => child.kill());
  });
}
