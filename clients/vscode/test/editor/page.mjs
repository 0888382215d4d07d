// What the suite, which runs inside the editor, asks of the window around it: pictures, and what is really on the page.
import { join } from "node:path";

const ASKED = "journeyman-asks:";

/** Answers whether a line of the log was a question; `tell` brings the answer back, `another` opens a window. */
export function answers(page, shots, tell, another) {
  /** Another window on the same folder, and so on the same daemon; `of: "second"` asks it. */
  let second;
  const window = (of) => (of === "second" ? second.page : page);
  const does = {
    open: async () => void (second = await another("second.js")),
    /** Once its tests have ended, and with them what the editor ran for it. */
    close: async () => {
      await second.over;
      await second.page.close();
    },
    shot: async ({ name, of }) => {
      await window(of).waitForTimeout(400); // a theme fades in
      await window(of).screenshot({ path: join(shots, `${name}.png`) });
    },
    /** Evaluates in the chat's frame. */
    chat: async ({ script, of }) => (await chat(window(of))).evaluate(script),
    type: async ({ text }) => {
      const frame = await chat(page);
      await frame.locator("#text").fill(text);
      await frame.locator("#text").press("Enter");
    },
    /** Writes without sending, and presses keys there. */
    write: async ({ text, keys = [] }) => {
      const box = (await chat(page)).locator("#text");
      if (text !== undefined) await box.fill(text);
      for (const key of keys) await box.press(key);
    },
    /** Until it is to be read in the window itself. */
    see: async ({ selector, text }) => page.locator(selector).filter({ hasText: text }).first().waitFor(),
    click: async ({ selector, of }) => (await chat(window(of))).locator(selector).first().click(),
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
    /** Bytes of the window's JavaScript that are in use. */
    heap: async () => {
      const session = await page.context().newCDPSession(page);
      await session.send("HeapProfiler.collectGarbage");
      const { usedSize } = await session.send("Runtime.getHeapUsage");
      await session.detach();
      return usedSize;
    },
    /** Look at every frame the chat draws from now on, and say what they were. */
    frames: async () => (await chat(page)).evaluate(watchFrames),
    framesDrawn: async () => (await chat(page)).evaluate("window.framesDrawn()"),
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

/** In the chat's page. */
function watchFrames() {
  const since = performance.now();
  const gaps = [];
  let last = since;
  let going = true;
  const look = (now) => {
    gaps.push(now - last);
    last = now;
    if (going) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.framesDrawn = () => {
    going = false;
    const dropped = gaps.reduce((sum, gap) => sum + Math.max(0, Math.round((gap * 60) / 1000) - 1), 0);
    return { ms: performance.now() - since, frames: gaps.length, dropped, longest: Math.max(0, ...gaps) };
  };
}

export async function chat(page) {
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
  const nodes = await treeOf(frame);
  const controls = ["button", "textbox", "combobox", "checkbox", "link", "log", "listbox", "option"];
  const found = nodes.filter((node) => !node.ignored && controls.includes(node.role?.value));
  return { controls: found.length, roles: [...new Set(found.map((node) => node.role.value))], nameless: found.filter((node) => !node.name?.value).map((node) => node.role.value) };
}

/** The tree of just this frame, which shares its process with the window or not. */
async function treeOf(frame) {
  const context = frame.page().context();
  let place = frame;
  let session;
  while (!(session = await context.newCDPSession(place).catch(() => undefined))) place = place.parentFrame() ?? frame.page();
  const { frameTree } = await session.send("Page.getFrameTree");
  const all = [];
  for (const frameId of idsOf(frameTree)) all.push((await session.send("Accessibility.getFullAXTree", { frameId })).nodes);
  return all.find((nodes) => nodes.some((node) => node.role?.value === "log" && node.name?.value === "Conversation")) ?? [];
}

function idsOf({ frame, childFrames = [] }) {
  return [frame.id, ...childFrames.flatMap(idsOf)];
}
