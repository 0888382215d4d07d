// Runs the suite inside a real VS Code: its own server, a real window in chromium, a real daemon with a recorded model.
//   node run.mjs CACHE JOURNEYMAN [pattern]     CACHE is what install.sh prints, JOURNEYMAN the daemon's program
// The exit code is the suite's. What it took pictures of lies in .build/editor/shots.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { answers } from "./page.mjs";

const [cache, journeyman, pattern = ""] = process.argv.slice(2);
const extension = resolve(import.meta.dirname, "../..");
const project = resolve(extension, "../..");
const code = join(cache, "node_modules/code-server/lib/vscode");
const { chromium } = createRequire(join(cache, "package.json"))("playwright-core");
const DEADLINE_MS = 15 * 60_000;

const root = mkdtempSync(join(tmpdir(), "jmv-"));
const shots = join(extension, ".build/editor/shots");
mkdirSync(shots, { recursive: true });
mkdirSync(join(root, "answers"));
cpSync(join(project, "examples/wordcount"), join(root, "wordcount"), { recursive: true });
mkdirSync(join(root, "user/User"), { recursive: true });
writeFileSync(join(root, "user/User/settings.json"), JSON.stringify({
  "workbench.startupEditor": "none", "chat.disableAIFeatures": true, "security.workspace.trust.enabled": false,
  "journeyman.path": resolve(journeyman), "workbench.editor.enablePreview": true, "telemetry.telemetryLevel": "off",
  "window.autoDetectColorScheme": false, "editor.minimap.enabled": false, "workbench.secondarySideBar.defaultVisibility": "hidden",
}));
// Settings of the browser's own user lie in the browser; the server hands these on as the machine's.
mkdirSync(join(root, "data/data/Machine"), { recursive: true });
cpSync(join(root, "user/User/settings.json"), join(root, "data/data/Machine/settings.json"));

const port = await free();
const env = {
  ...process.env,
  JOURNEYMAN_DATA_DIR: join(root, "daemon"), JOURNEYMAN_RUNTIME_DIR: join(root, "run"), JOURNEYMAN_CONFIG: join(root, "config.toml"),
  JOURNEYMAN_SANDBOX: "bubblewrap", JOURNEYMAN_OBJECTS: "local",
  JOURNEYMAN_MODEL: `replay/${join(project, "examples/recordings/wordcount.jsonl")}`,
  JOURNEYMAN_TEST_ROOT: root, JOURNEYMAN_TEST_PROGRAM: resolve(journeyman), JOURNEYMAN_TEST_PATTERN: pattern, JOURNEYMAN_TEST_RECORDINGS: join(extension, "test/editor/recordings"),
};
const node = join(cache, "node/bin/node");
const server = spawn(node, [
  join(code, "out/server-main.js"), "--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--accept-server-license-terms",
  "--enable-smoke-test-driver", "--server-data-dir", join(root, "data"), "--user-data-dir", join(root, "user"), "--extensions-dir", join(root, "extensions"),
  "--disable-telemetry", "--disable-workspace-trust",
], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
let said = "";
const listening = new Promise((done, fail) => {
  const hear = (piece) => ((said += piece), said.includes("Extension host agent listening") && done());
  server.stdout.on("data", hear);
  server.stderr.on("data", hear);
  server.once("exit", (status) => fail(new Error(`VS Code's server ended with ${status}: ${said}`)));
});

let browser;
let status = 1;
const stop = (why) => {
  console.error(why);
  finish(1);
};
const deadline = setTimeout(() => stop("the editor's tests did not end in time"), DEADLINE_MS);
try {
  await listening;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
  const page = await browser.newPage({ viewport: { width: 1360, height: 860 } });
  const answer = answers(page, shots, (id, result) => writeFileSync(join(root, "answers", `${id}.json`), JSON.stringify(result)));
  status = await new Promise((done) => {
    void page.exposeFunction("codeAutomationExit", done);
    page.on("crash", () => stop("the window crashed"));
    void page.exposeFunction("codeAutomationLog", (_kind, args) => {
      for (const line of args) if (!answer(String(line))) console.log(String(line));
    }).then(() => {
      const remote = (path) => `vscode-remote://127.0.0.1:${port}${path}`;
      const payload = [["extensionDevelopmentPath", remote(extension)], ["extensionTestsPath", remote(join(extension, ".build/editor/suite/index.js"))], ["skipWelcome", "true"]];
      return page.goto(`http://127.0.0.1:${port}/?folder=${join(root, "wordcount")}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
    });
  });
} catch (error) {
  console.error(error);
}
clearTimeout(deadline);
await finish(status);

async function finish(exit) {
  await browser?.close().catch(() => undefined);
  try {
    process.kill(-server.pid, "SIGKILL");
  } catch { /* it has ended */ }
  try {
    process.kill(Number(readFileSync(join(root, "daemon/daemon.lock"), "utf8")), "SIGTERM");
  } catch { /* there is none */ }
  if (!process.env.JOURNEYMAN_TEST_KEEP) await new Promise((done) => setTimeout(done, 1500));
  if (!process.env.JOURNEYMAN_TEST_KEEP) rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 300 });
  else console.log(`kept ${root}`);
  process.exit(exit);
}

function free() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: found } = probe.address();
      probe.close(() => done(found));
    });
  });
}
