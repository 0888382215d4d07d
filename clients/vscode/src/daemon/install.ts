/** Installs the daemon into an environment of this extension's own, once the person has agreed. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";

import { installedAt } from "./find";

const PACKAGE = "journeyman";
const STEP_MS = 10 * 60_000;

/** True once it is there. Asks first; says what went wrong in one sentence. */
export async function install(own: string, log: vscode.LogOutputChannel): Promise<boolean> {
  const go = "Install";
  const detail = `This makes a Python environment in ${own} and installs the package “${PACKAGE}” into it with pip. Nothing else on this machine is changed. It needs Python 3.11 or newer.`;
  if ((await vscode.window.showInformationMessage("Install the Journeyman daemon?", { modal: true, detail }, go)) !== go) return false;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "Installing Journeyman", cancellable: true },
    async (progress, token) => {
      try {
        await mkdir(own, { recursive: true });
        const environment = join(own, "venv");
        progress.report({ message: "making an environment" });
        await run(await python(log), ["-m", "venv", environment], log, token);
        progress.report({ message: "downloading" });
        const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--upgrade", PACKAGE];
        await run(join(environment, "bin", "python"), pip, log, token);
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
  for (const name of ["python3", "python3.13", "python3.12", "python3.11"]) {
    const fits = ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 11))"];
    if (await run(name, fits, log).then(() => true, () => false)) return name;
  }
  throw new Error("There is no Python 3.11 or newer on PATH.");
}

function run(command: string, args: string[], log: vscode.LogOutputChannel, token?: vscode.CancellationToken): Promise<void> {
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
