// Bundles the extension and the chat's page; with --tests what tests them, too.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const shared = { bundle: true, logLevel: "warning", target: "es2022" };
const node = { ...shared, platform: "node", external: ["vscode"] };
const minify = process.argv.includes("--release");

await Promise.all([
  build({ ...node, minify, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", format: "cjs" }),
  build({ ...shared, minify, entryPoints: ["src/webview/main.ts"], outfile: "dist/chat.js", platform: "browser", format: "iife" }),
  build({ ...shared, minify, entryPoints: ["src/webview/chat.css"], outfile: "dist/chat.css" }),
]);
if (process.argv.includes("--tests")) {
  const entryPoints = readdirSync("test/unit").filter((name) => name.endsWith(".test.ts")).map((name) => `test/unit/${name}`);
  await build({ ...node, entryPoints, outdir: ".build/unit", format: "cjs" });
  await build({ ...node, entryPoints: ["index", "second", "installed", "bench"].map((name) => `test/editor/suite/${name}.ts`), outdir: ".build/editor/suite", format: "cjs" });
}
