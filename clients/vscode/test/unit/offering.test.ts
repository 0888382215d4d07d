/** What is being named where the cursor is, what fits it, and what is written then. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { type Wanted, ranked, taken, wanted } from "../../src/chat/offering";

const cases: [text: string, found: Wanted | undefined][] = [
  ["", undefined],
  ["@", { kind: "file", from: 0, part: "" }],
  ["see @src/a", { kind: "file", from: 4, part: "src/a" }],
  ["(@a", { kind: "file", from: 1, part: "a" }],
  ["line\n@b", { kind: "file", from: 5, part: "b" }],
  ["ada@example.org", undefined],
  ["see @a b", undefined],
  ["@@", undefined],
  ["/", { kind: "command", from: 0, part: "" }],
  ["/re-view", { kind: "command", from: 0, part: "re-view" }],
  ["/review x", undefined],
  ["and /review", undefined],
  ["/usr/bin", undefined],
];
for (const [text, found] of cases) test(`named in ${JSON.stringify(text)}`, () => assert.deepEqual(wanted(text, text.length), found));

test("only what is before the cursor counts", () => {
  assert.deepEqual(wanted("@ab cd", 2), { kind: "file", from: 0, part: "a" });
});

const offer = (text: string) => ({ label: text, detail: "", text });

test("what is chosen takes the place of what was written of it", () => {
  assert.deepEqual(taken("see @te", 7, wanted("see @te", 7)!, offer("@src/text.py")), ["see @src/text.py ", 17]);
  assert.deepEqual(taken("@te, please", 3, wanted("@te", 3)!, offer("@text.py")), ["@text.py, please", 8]);
  assert.deepEqual(taken("@te please", 3, wanted("@te", 3)!, offer("@text.py")), ["@text.py please", 8]);
  assert.deepEqual(taken("@s", 2, wanted("@s", 2)!, offer("@src/")), ["@src/", 5]);
});

test("names that begin so come first, then names and paths that have it, then letters in that order", () => {
  const paths = ["lib/other.py", "test/a.py", "a/context.py", "text.py", "tidy/exact"];
  assert.deepEqual(ranked(paths, "te"), ["text.py", "a/context.py", "test/a.py", "lib/other.py", "tidy/exact"]);
  assert.deepEqual(ranked(paths, "TEXT"), ["text.py", "a/context.py", "tidy/exact"]);
  assert.deepEqual(ranked(paths, ""), paths);
  assert.deepEqual(ranked(["src/", "docs/"], "s"), ["src/", "docs/"]);
});

test("no more than wanted, the best of them", () => {
  const many = Array.from({ length: 100 }, (_, at) => `a${at}/xb`);
  assert.deepEqual(ranked([...many, "b"], "b", 3), ["b", "a0/xb", "a1/xb"]);
});
