/** What a model may write, and what of it reaches the page. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { markdown, settled } from "../../src/webview/markdown";

const LIVE = /<(?!\/?(p|a|em|strong|code|pre|ul|ol|li|h[1-6]|blockquote|hr|br|figure|figcaption|button|div|table|thead|tbody|tr|th|td|s)\b)[a-z!/]/i;

const hostile: [what: string, text: string][] = [
  ["a script", "<script>alert(1)</script>"],
  ["an image with a handler", "<img src=x onerror=alert(1)>"],
  ["an svg", "<svg/onload=alert(1)>"],
  ["a frame", '<iframe src="https://example.org"></iframe>'],
  ["an unclosed tag", "<img src=x onerror=alert(1)//"],
  ["html in a heading", "# <b onmouseover=alert(1)>x</b>"],
  ["html in a table", "| a |\n|---|\n| <script>1</script> |"],
  ["a fence that names markup", "```<script>\nx\n```"],
  ["a fence with a quote in its name", '```js"onclick="alert(1)\nx\n```'],
  ["a javascript link", "[x](javascript:alert(1))"],
  ["a javascript link in disguise", "[x](JaVaScRiPt&#58;alert(1))"],
  ["a data link", "[x](data:text/html,<script>1</script>)"],
  ["a vbscript link", "[x](vbscript:msgbox(1))"],
  ["a file link", "[x](file:///etc/passwd)"],
  ["a command link", "[x](command:workbench.action.terminal.new)"],
  ["an autolink", "<javascript:alert(1)>"],
  ["a link that breaks out of its attribute", '[x](https://example.org/"onclick="alert(1))'],
  ["a title that breaks out", `[x](https://example.org/ "a' onclick='alert(1)")`],
  ["an image", "![x](https://example.org/track.png)"],
  ["a reference to an image", "![x][r]\n\n[r]: https://example.org/track.png"],
];

for (const [what, text] of hostile) {
  test(`harmless: ${what}`, () => {
    const shown = markdown(text).text;
    assert.doesNotMatch(shown, LIVE);
    assert.doesNotMatch(shown, /<[^>]*\son\w+\s*=/i);
    assert.doesNotMatch(shown, /<img|\shref="(?!#")/i);
    for (const [, href] of shown.matchAll(/data-href="([^"]*)"/g)) assert.match(href!, /^(https?:|mailto:)/);
  });
}

test("links only ask: where they lead is shown", () => {
  const shown = markdown("[docs](https://example.org/a?b=1&c=2)").text;
  assert.match(shown, /<a href="#" role="link" data-href="https:\/\/example.org\/a\?b=1&amp;c=2" title="https/);
});

test("code is shown as it is, with its language", () => {
  assert.match(markdown("```python\nif a < b:\n    pass\n```").text, /<figcaption>python.*<code>if a &lt; b:\n {4}pass\n<\/code>/s);
});

const pieces: [what: string, text: string, done: string][] = [
  ["one paragraph is open", "one two", ""],
  ["a paragraph is done when the next has begun", "one\n\ntwo", "one\n\n"],
  ["an empty line alone may be followed by anything", "one\n\n", ""],
  ["a list goes on behind an empty line", "- one\n\n- two", ""],
  ["an ordered list as well", "1. one\n\n2. two", ""],
  ["a fence is open until it is closed", "```\na\n\nb", ""],
  ["and done behind it", "```\na\n\nb\n```\n\nc", "```\na\n\nb\n```\n\n"],
  ["a longer fence holds a shorter one", "````\n```\n\na\n````\n\nb", "````\n```\n\na\n````\n\n"],
  ["indented lines belong to what is above", "- a\n\n  b", ""],
];

for (const [what, text, done] of pieces) test(`settled: ${what}`, () => assert.equal(text.slice(0, settled(text)), done));

test("a long text that is written piece by piece looks as it does in one", () => {
  const text = Array.from({ length: 200 }, (_, n) => `Paragraph ${n} with *words* and \`code\`.\n\n\`\`\`js\nlet a${n} = "<b>";\n\n// more\n\`\`\`\n\n`).join("");
  let shown = "";
  let rest = "";
  for (let at = 0; at < text.length; at += 7) {
    rest += text.slice(at, at + 7);
    const cut = settled(rest);
    shown += markdown(rest.slice(0, cut)).text;
    rest = rest.slice(cut);
  }
  assert.equal(shown + markdown(rest).text, markdown(text).text);
});
