/**
 * A table as prettier prints it.
 *
 * @param {readonly (readonly string[])[]} rows the first one is the heading; all are of one length
 */
export function markdownTable(rows) {
  const [heading, ...body] = rows;
  const widths = heading.map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
