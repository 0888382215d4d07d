/** Files and commands that are named in the box: offered, chosen by key, and readable for who does not see the list. */
import assert from "node:assert/strict";
import * as vscode from "vscode";

import { page, test, until } from "./harness";

const chat = <T>(script: string) => page<T>("chat", { script });
const offered = () => chat<string[]>("[...document.querySelectorAll('#offers:not([hidden]) [role=option]')].map((each) => each.textContent.trim())");
const written = () => chat<string>("document.getElementById('text').value");
const chosen = () => chat<string>("document.getElementById(document.getElementById('text').getAttribute('aria-activedescendant'))?.textContent.trim()");

test("an @ offers files, and one is chosen by key", async ({ view }) => {
  await view.focus();
  await until("the box has the focus", () => chat("document.activeElement.id === 'text'"));
  await page("write", { text: "Look at @te" });
  await until("files are offered", async () => (await offered()).length > 0);
  const files = await offered();
  assert.deepEqual([...files].sort(), ["__init__.py tests/", "test_command.py tests/", "test_stats.py tests/", "test_text.py tests/", "text.py wordcount/"]);
  const { roles, nameless } = await page<{ roles: string[]; nameless: string[] }>("names");
  assert.ok(roles.includes("listbox") && roles.includes("option"), roles.join());
  assert.deepEqual(nameless, []);
  await page("shot", { name: "naming" });
  assert.equal(await chosen(), files[0]);
  await page("write", { keys: files.slice(files.indexOf("text.py wordcount/")).map(() => "ArrowUp") });
  assert.equal(await chosen(), "text.py wordcount/");
  await page("write", { keys: ["Enter"] });
  assert.equal(await written(), "Look at @wordcount/text.py ");
  assert.deepEqual(await offered(), []);
});

test("what is offered is refused by key, and nothing is written", async () => {
  await page("write", { text: "@sta" });
  await until("a file is offered", async () => (await offered()).length > 0);
  await page("write", { keys: ["Escape"] });
  assert.deepEqual(await offered(), []);
  assert.equal(await written(), "@sta");
});

test("a / offers the project's commands", async ({ desk }) => {
  const uri = vscode.Uri.from({ scheme: "journeyman", authority: desk.chat.state!.chat.projectId, path: "/.agents/commands/look.md" });
  await vscode.workspace.fs.writeFile(uri, Buffer.from("---\ndescription: Look at a file.\nargument-hint: FILE\n---\nLook at $1.\n"));
  await page("write", { text: "/lo" });
  await until("the command is offered", async () => (await offered()).length > 0);
  assert.deepEqual(await offered(), ["/look FILE Look at a file."]);
  await page("write", { keys: ["Tab"] });
  assert.equal(await written(), "/look ");
  await page("write", { text: "" });
  await vscode.workspace.fs.delete(uri);
});
