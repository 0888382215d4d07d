/** The process between the editor and the daemon: started, listened to, and never silent about why it failed. */
import { type ChildProcess, spawn } from "node:child_process";

const LINES_KEPT = 5;

export interface Bridge {
  process: ChildProcess;
  /** The newest lines it said on stderr. */
  lastWords(): string;
}

/** Rejects with a sentence where the program cannot be started. */
export function startBridge(command: string, cwd: string | undefined): Promise<Bridge> {
  return new Promise((resolve, reject) => {
    const process = spawn(command, ["stdio"], { cwd, stdio: "pipe" });
    const said: string[] = [];
    process.stderr.on("data", (piece: Buffer) => {
      said.push(...piece.toString().split("\n").filter((line) => line.trim()));
      said.splice(0, Math.max(0, said.length - LINES_KEPT));
    });
    process.once("error", (error) => reject(new Error(`${command} cannot be started: ${error.message}.`)));
    process.once("spawn", () => resolve({ process, lastWords: () => said.join(" ").replace(/^journeyman: /, "") }));
  });
}
