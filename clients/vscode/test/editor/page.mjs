// What the suite, which runs inside the editor, asks of the window around it: pictures, and what is really on the page.
import { join } from "node:path";

const ASKED = "journeyman-asks:";

/** Answers whether a line of the log was a question; `tell` brings the answer back. */
export function answers(page, shots, tell) {
  const does = {
    shot: async ({ name }) => {
      await page.waitForTimeout(400); // a theme fades in
      await page.screenshot({ path: join(shots, `${name}.png`) });
    },
    /** Evaluates in the chat's frame. */
    chat: async ({ script }) => (await chat(page)).evaluate(script),
    type: async ({ text }) => {
      const frame = await chat(page);
      await frame.locator("#text").fill(text);
      await frame.locator("#text").press("Enter");
    },
    click: async ({ selector }) => (await chat(page)).locator(selector).first().click(),
    press: async ({ key }) => page.keyboard.press(key),
    resize: async ({ width, height }) => page.setViewportSize({ width, height }),
    /** Drag the edge of the side bar. */
    widen: async ({ to }) => {
      const box = await page.locator(".part.sidebar").boundingBox();
      await page.mouse.move(box.x + box.width, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(to, box.y + box.height / 2, { steps: 4 });
      await page.mouse.up();
      await page.mouse.move(to + 300, box.y + box.height - 40);
    },
    /** What a browser shows at a link. */
    visit: async ({ url }) => {
      const other = await page.context().browser().newPage();
      await other.goto(url);
      const text = await other.locator("body").innerText();
      await other.close();
      return text;
    },
    names: async () => nameless(await chat(page)),
  };
  return (line) => {
    const at = line.indexOf(ASKED);
    if (at < 0) return false;
    const { id, what, ...more } = JSON.parse(line.slice(at + ASKED.length));
    does[what](more).then((value) => tell(id, { value: value ?? null }), (error) => tell(id, { error: String(error) }));
    return true;
  };
}

async function chat(page) {
  for (let attempt = 0; attempt < 300; attempt++) {
    for (const frame of page.frames()) {
      if (await frame.locator("#composer").count().catch(() => 0)) return frame;
    }
    await page.waitForTimeout(100);
  }
  throw new Error("the chat's page is not there");
}

/** Controls a screen reader would have no name for, by chromium's own accessibility tree. */
async function nameless(frame) {
  const session = await frame.page().context().newCDPSession(frame).catch(() => frame.page().context().newCDPSession(frame.page()));
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const controls = ["button", "textbox", "combobox", "checkbox", "link", "log"];
  const found = nodes.filter((node) => !node.ignored && controls.includes(node.role?.value));
  return { controls: found.length, roles: [...new Set(found.map((node) => node.role.value))], nameless: found.filter((node) => !node.name?.value).map((node) => node.role.value) };
}
