/** A model's markdown as HTML that cannot do anything: no HTML of its own, no images, links that only ask. */
import MarkdownIt from "markdown-it";

import { Markup, escaped } from "./html";

const SAFE_LINK = /^(https?:\/\/|mailto:)/i;

const renderer = new MarkdownIt({ html: false, linkify: false, breaks: false, typographer: false });
renderer.validateLink = (url) => SAFE_LINK.test(url.trim());
renderer.disable("image");

renderer.renderer.rules.link_open = (tokens, index) => {
  const href = String(tokens[index]!.attrGet("href") ?? "");
  return `<a href="#" role="link" data-href="${escaped(href)}" title="${escaped(href)}">`;
};
renderer.renderer.rules.fence = (tokens, index) => code(tokens[index]!.content, tokens[index]!.info.trim().split(/\s/)[0] ?? "");
renderer.renderer.rules.code_block = (tokens, index) => code(tokens[index]!.content, "");
renderer.renderer.rules.table_open = () => '<div class="wide"><table>';
renderer.renderer.rules.table_close = () => "</table></div>";

function code(content: string, language: string): string {
  const label = language ? escaped(language) : "code";
  return `<figure class="code"><figcaption>${label}<button type="button" class="quiet" data-act="copy">Copy</button></figcaption><pre tabindex="0"><code>${escaped(content)}</code></pre></figure>`;
}

export function markdown(text: string): Markup {
  return new Markup(renderer.render(text));
}

/**
 * Where a text that is still being written can be cut: what is before that place will not look different whatever
 * follows. So only the rest is rendered again with every piece.
 */
export function settled(text: string): number {
  let place = 0;
  let fence = "";
  let at = 0;
  for (const line of text.split("\n")) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (!fence && mark) fence = mark;
    else if (fence && mark && mark.startsWith(fence) && line.trim() === mark) fence = "";
    at += line.length + 1;
    // A list or a quotation may go on behind an empty line; a line that begins something new ends it.
    const next = text.slice(at, at + 4);
    if (!fence && !line.trim() && next && /^[^\s\-*+>\d|]/.test(next)) place = at;
  }
  return Math.min(place, text.length);
}
