// Runs the suite inside a real VS Code: its own server, a real window in chromium, a real daemon with a recorded model.
//   node run.mjs CACHE JOURNEYMAN [pattern]     CACHE is what install.sh prints, JOURNEYMAN the daemon's program
// The exit code is the suite's. What it took pictures of lies in .build/editor/shots.
import { delimiter, dirname, resolve } from "node:path";

import { editor } from "./editor.mjs";

const [cache, program, pattern = ""] = process.argv.slice(2);
const { window, finish } = await editor({
  cache,
  deadlineMs: 15 * 60_000,
  settings: { "journeyman.path": resolve(program) },
  env: {
    JOURNEYMAN_TEST_PROGRAM: resolve(program), JOURNEYMAN_TEST_PATTERN: pattern,
    // Where the editor loses sight of its settings for a moment, the daemon is found all the same.
    PATH: [dirname(resolve(program)), process.env.PATH].join(delimiter),
  },
});
try {
  await finish(await (await window("index.js")).over);
} catch (error) {
  console.error(error);
  await finish(1);
}
