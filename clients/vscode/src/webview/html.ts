/** Text as HTML. Every value that is put between the pieces of markup is escaped, unless it is markup of ours. */
export class Markup {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

type Value = string | number | Markup | false | undefined | readonly Markup[];

export function html(pieces: TemplateStringsArray, ...values: Value[]): Markup {
  let text = pieces[0]!;
  values.forEach((value, index) => {
    if (value instanceof Markup) text += value.text;
    else if (Array.isArray(value)) text += value.join("");
    else if (value !== false && value !== undefined) text += escaped(String(value));
    text += pieces[index + 1]!;
  });
  return new Markup(text);
}
