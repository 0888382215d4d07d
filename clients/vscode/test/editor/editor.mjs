// A real VS Code for tests and measurements: its own server, windows in chromium, and a daemon with a data directory of
// its own. Everything lies below one temporary directory, and is gone when it is over.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

import { answers } from "./page.mjs";

export const extension = resolve(import.meta.dirname, "../..");
export const project = resolve(extension, "../..");
export const shots = join(extension, ".build/editor/shots");

const BROWSER = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const OPENS_MS = 120_000;

/** `folder` is copied, `vsix` installed, then `prepare` is called; `settings` and `env` are added to what every test has. */
export async function editor({ cache, deadlineMs, folder = "examples/wordcount", vsix, prepare, settings = {}, env = {} }) {
  const root = mkdtempSync(join(tmpdir(), "jmv-"));
  const code = join(cache, "node_modules/code-server/lib/vscode");
  const node = join(cache, "node/bin/node");
  const { chromium } = createRequire(join(cache, "package.json"))("playwright-core");
  mkdirSync(shots, { recursive: true });
  mkdirSync(join(root, "answers"));
  const opened = join(root, basename(folder));
  cpSync(resolve(project, folder), opened, { recursive: true });
  preferences(root, settings);
  const places = ["--server-data-dir", join(root, "data"), "--user-data-dir", join(root, "user"), "--extensions-dir", join(root, "extensions")];
  const port = await free();
  const surroundings = {
    ...process.env,
    JOURNEYMAN_DATA_DIR: join(root, "daemon"), JOURNEYMAN_RUNTIME_DIR: join(root, "run"), JOURNEYMAN_CONFIG: join(root, "config.toml"),
    JOURNEYMAN_SANDBOX: "bubblewrap", JOURNEYMAN_OBJECTS: "local",
    JOURNEYMAN_MODEL: `replay/${join(project, "examples/recordings/wordcount.jsonl")}`,
    JOURNEYMAN_TEST_ROOT: root, JOURNEYMAN_TEST_RECORDINGS: join(extension, "test/editor/recordings"),
    ...env,
  };
  const program = join(code, "out/server-main.js");
  if (vsix) await ended(spawn(node, [program, ...places, "--accept-server-license-terms", "--install-extension", vsix], { env: surroundings, stdio: ["ignore", "ignore", "inherit"] }));
  await prepare?.(root);
  const server = spawn(node, [
    program, "--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--accept-server-license-terms",
    "--enable-smoke-test-driver", ...places, "--disable-telemetry", "--disable-workspace-trust", "--force-disable-user-env",
  ], { env: surroundings, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let browser;

  async function finish(status) {
    clearTimeout(deadline);
    await browser?.close().catch(() => undefined);
    end(-server.pid, "SIGKILL");
    end(daemonOf(root), "SIGTERM");
    if (process.env.JOURNEYMAN_TEST_KEEP) console.log(`kept ${root}`);
    else {
      await new Promise((done) => setTimeout(done, 1500)); // the daemon writes its last words there
      rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 300 });
    }
    process.exit(status);
  }
  const deadline = setTimeout(() => {
    console.error("the editor's tests did not end in time");
    void finish(1);
  }, deadlineMs);

  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void finish(1));

  await listening(server);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: BROWSER });
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 } });
  context.setDefaultTimeout(OPENS_MS);

  /** A window on the folder that runs a suite, with an extension under development; answers how it ended. Without a suite it is a person's. */
  async function window(suite, developed = extension) {
    const page = await context.newPage();
    const over = Promise.withResolvers();
    page.on("crash", () => over.reject(new Error("the window crashed")));
    const remember = (id, result) => writeFileSync(join(root, "answers", `${id}.json`), JSON.stringify(result));
    const answer = answers(page, shots, remember, window);
    await page.exposeFunction("codeAutomationExit", over.resolve);
    await page.exposeFunction("codeAutomationLog", (_kind, args) => {
      for (const line of args) if (!answer(String(line))) console.log(String(line));
    });
    const remote = (path) => `vscode-remote://127.0.0.1:${port}${path}`;
    const payload = suite ? [["extensionDevelopmentPath", remote(developed)], ["extensionTestsPath", remote(join(extension, ".build/editor/suite", suite))], ["skipWelcome", "true"]] : [];
    await page.goto(`http://127.0.0.1:${port}/?folder=${opened}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
    return { page, over: over.promise };
  }
  return { root, window, finish };
}

function preferences(root, more) {
  const settings = JSON.stringify({
    "workbench.startupEditor": "none", "chat.disableAIFeatures": true, "security.workspace.trust.enabled": false,
    "workbench.editor.enablePreview": true, "telemetry.telemetryLevel": "off",
    "window.autoDetectColorScheme": false, "editor.minimap.enabled": false, "terminal.integrated.gpuAcceleration": "off", "workbench.secondarySideBar.defaultVisibility": "hidden",
    ...more,
  });
  // Settings of the browser's own user lie in the browser; the server hands these on as the machine's.
  for (const place of ["user/User", "data/data/Machine"]) {
    mkdirSync(join(root, place), { recursive: true });
    writeFileSync(join(root, place, "settings.json"), settings);
  }
}

function listening(server) {
  let said = "";
  return new Promise((done, fail) => {
    const hear = (piece) => ((said += piece), said.includes("Extension host agent listening") && done());
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.once("exit", (status) => fail(new Error(`VS Code's server ended with ${status}: ${said}`)));
  });
}

function ended(child) {
  return new Promise((done, fail) => child.once("exit", (status) => (status === 0 ? done() : fail(new Error(`${child.spawnargs.join(" ")} ended with ${status}`)))));
}

function daemonOf(root) {
  try {
    return Number(readFileSync(join(root, "daemon/daemon.lock"), "utf8"));
  } catch {
    return 0; // there is none
  }
}

function end(pid, signal) {
  if (!pid) return;
  try {
    process.kill(pid, signal);
  } catch { /* it has ended */ }
}

function free() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: found } = probe.address();
      probe.close(() => done(found));
    });
  });
}
