// The extension as people get it: installed from its file into a real VS Code, with the daemon it brings.
//   node vsix.mjs CACHE PYTHON VSIX     PYTHON has what the daemon needs
// The daemon's own wheel is installed where the extension would install it, over the packages PYTHON has: the same ones,
// by the same list. With JOURNEYMAN_TEST_INSTALL=1 the extension installs all of it itself, from the index, which takes minutes.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { editor, shots } from "./editor.mjs";
import { chat } from "./page.mjs";

const INSTALLS_MS = 12 * 60_000;

const [cache, python, vsix] = process.argv.slice(2);
const byItself = process.env.JOURNEYMAN_TEST_INSTALL === "1";
const { window, finish } = await editor({ cache, deadlineMs: 15 * 60_000, vsix: resolve(vsix), prepare: byItself ? undefined : bring });
try {
  if (byItself) await install();
  await finish(await (await window("installed.js", resolve(import.meta.dirname, "probe"))).over);
} catch (error) {
  console.error(error);
  await finish(1);
}

/** As a person does it: in a window without a suite, where questions are asked. */
async function install() {
  const { page } = await window();
  await page.getByRole("tab", { name: "Journeyman" }).first().click();
  const frame = await chat(page);
  await frame.locator("#trouble [data-command='journeyman.install']").click();
  await page.screenshot({ path: join(shots, "install.png") });
  await page.locator(".monaco-dialog-box .monaco-button").filter({ hasText: "Install" }).click();
  await frame.locator("#trouble").waitFor({ state: "hidden", timeout: INSTALLS_MS });
  await page.close();
}

function bring(root) {
  const bundled = join(root, "extensions", readdirSync(join(root, "extensions")).find((name) => name.startsWith("journeyman.")), "bundled");
  const wheel = join(bundled, readdirSync(bundled).find((name) => name.endsWith(".whl")));
  const own = join(root, "user/User/globalStorage/journeyman.journeyman/venv");
  mkdirSync(join(own, ".."), { recursive: true });
  const asked = (program, ...args) => execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const packages = (program) => asked(program, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))");
  asked(python, "-m", "venv", "--without-pip", own);
  writeFileSync(join(packages(join(own, "bin/python")), "requirements.pth"), `${packages(python)}\n`);
  asked(python, "-m", "pip", "--python", join(own, "bin/python"), "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", wheel);
}
