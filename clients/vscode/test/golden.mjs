// Writes every golden message of the contract as a value of its generated type, for the compiler to judge; and one of
// each with something wrong, which it has to refuse: a check that cannot fail would prove nothing.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const here = resolve(import.meta.dirname, "..");
const golden = resolve(here, "../../protocol/golden");
const out = resolve(here, ".build/golden/golden.ts");
const tables = ["Requests", "ClientNotifications", "DaemonRequests", "DaemonNotifications"];
const types = readFileSync(resolve(here, "src/protocol.gen.ts"), "utf8");
const table = (method) => tables.find((name) => types.slice(types.indexOf(`interface ${name} {`)).split("\n}")[0].includes(`  "${method}":`));

const lines = [`import type { ${tables.join(", ")} } from "../../src/protocol.gen";`];
let count = 0;
for (const name of readdirSync(golden).sort()) {
  const { method, params, result } = JSON.parse(readFileSync(resolve(golden, name), "utf8"));
  const found = table(method);
  if (!found) throw new Error(`${name}: the generated types know no ${method}`);
  for (const [part, value] of Object.entries({ params, result })) {
    if (value === undefined) continue;
    const type = `${found}[${JSON.stringify(method)}]["${part}"]`;
    lines.push(`export const g${++count}: ${type} = ${JSON.stringify(value)};`);
    // Of an interface without fields every object is one.
    if (new RegExp(`"${method.replace("$", "\\$")}": \\{[^}]*${part}: (Empty|Done)\\b`).test(types)) continue;
    lines.push("// @ts-expect-error a field nobody knows", `export const w${count}: ${type} = ${JSON.stringify({ ...value, nobodyKnows: 1 })};`);
  }
}
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, `${lines.join("\n")}\n`);
writeFileSync(resolve(dirname(out), "tsconfig.json"), JSON.stringify({ extends: "../../tsconfig.json", include: ["golden.ts"] }));
console.log(`${count} golden values`);
