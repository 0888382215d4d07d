// What the extension costs, beside an extension that does nothing, in the same real VS Code: `make bench-vscode`.
//   node bench.mjs CACHE JOURNEYMAN [rounds]
// Nothing is asserted. The load of the machine is printed with the figures, since all of it takes the processor.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { editor, extension } from "../test/editor/editor.mjs";
import { provider } from "./provider.mjs";

const [cache, program, rounds = "5"] = process.argv.slice(2);
const LINES = 10_000;

const made = mkdtempSync(join(tmpdir(), "jmb-"));
const ours = lazily(extension, "ours");
const empty = lazily(resolve(extension, "test/editor/probe"), "probe");
const folder = join(made, "folder");
mkdirSync(folder);
writeFileSync(join(folder, "big.txt"), Array.from({ length: LINES }, (_, at) => `line ${at} as it was\n`).join(""));

const rewrite = "lines = open('big.txt').readlines(); open('big.txt', 'w').writelines(f'line {n} as it is\\n' if n // 10 % 2 else line for n, line in enumerate(lines))";
const model = await provider({
  "Rewrite it": ["terminal", { command: `python3 -c "${rewrite}"` }],
});

const { root, window, finish } = await editor({
  cache, folder, deadlineMs: 20 * 60_000,
  prepare: (root) => cpSync(empty, join(root, "extensions/journeyman-tests.probe-0.0.0"), { recursive: true }), // as one that is installed
  settings: { "journeyman.path": resolve(program) },
  env: { JOURNEYMAN_MODEL: "openai-compatible/bench", JOURNEYMAN_MODEL_BASE_URL: model.base },
});
let status = 1;
try {
  const figures = [];
  // The first window starts the daemon, which stays: it is not counted.
  for (let round = 0; round <= Number(rounds); round++) figures.push(await measured("starting", `start-${round}`));
  const chat = await measured("chatting", "chat");
  report(figures.slice(1), chat);
  status = 0;
} catch (error) {
  console.error(error);
}
model.close();
rmSync(made, { recursive: true, force: true });
await finish(status);

async function measured(what, name) {
  writeFileSync(join(root, "bench.json"), JSON.stringify({ what, answer: join(root, name) }));
  const { page, over } = await window("bench.js", ours);
  const ended = await over;
  await page.close();
  if (ended !== 0) throw new Error(`${what} did not end well`);
  return JSON.parse(readFileSync(join(root, name), "utf8"));
}

/** A copy that is not activated before it is asked for. */
function lazily(from, name) {
  const to = join(made, name);
  mkdirSync(to);
  const manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  writeFileSync(join(to, "package.json"), JSON.stringify({ ...manifest, activationEvents: [] }));
  const parts = name === "ours" ? ["dist", "media"] : ["main.js", "probe.svg"];
  for (const part of parts) cpSync(join(from, part), join(to, part), { recursive: true });
  return to;
}

function report(starts, chat) {
  const median = (key) => [...starts.map((each) => each[key])].sort((a, b) => a - b)[starts.length >> 1];
  const load = loadavg().map((each) => each.toFixed(1)).join(", ");
  const rows = [
    ["", "Journeyman", "empty extension"],
    ["`activate()`", ms(median("activate")), ms(median("emptyActivate"))],
    ["activation to ready, warm daemon", ms(median("ready")), ""],
    ["view asked for to its first paint", ms(median("paint")), ms(median("emptyPaint"))],
    [`${chat.deltas} deltas: time`, `${(chat.streamMs / 1000).toFixed(1)} s`, `idle, as long: ${(chat.idle.ms / 1000).toFixed(1)} s`],
    ["... frames drawn; not drawn in time; longest gap", gaps(chat.stream), gaps(chat.idle)],
    ["... JS heap of the window before, after, grown", `${mb(chat.heapBefore)}, ${mb(chat.heapAfter)}, ${mb(chat.heapAfter - chat.heapBefore)}`, ""],
    [`diff of ${chat.lines} lines in ${chat.hunks} hunks: listed`, ms(chat.listMs), ""],
    ["... both sides read", ms(chat.readMs), ""],
    ["... both sides shown", ms(chat.diffMs), `plain files: ${ms(chat.plainMs)}`],
    ["... one hunk accepted, and listed again", ms(chat.acceptMs), ""],
  ];
  for (const [at, row] of rows.entries()) {
    console.log(`| ${row.join(" | ")} |`);
    if (at === 0) console.log("|---|---|---|");
  }
  console.log(`\nMedians of ${starts.length} windows; load of the machine ${load}.`);
}

function gaps({ frames, dropped, longest }) {
  return `${frames}; ${dropped}; ${Math.round(longest)} ms`;
}

function ms(value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function mb(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
