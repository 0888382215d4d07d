export function wrap(text, width) {
  const lines = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.length + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += word + ' ';
  }
  return lines.join('\n');
}
