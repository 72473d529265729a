const TAB_COLUMNS = 4;
/** Longer lines are cut around the place, as in psql. */
const MAX_LINE_CODE_POINTS = 100;

/**
 * Shows a place in SQL: the line it is in, and a `^` under it.
 *
 * @param sql - The text, with any kind of line break.
 * @param position - 1-based, in code points, as the server counts. Past the end it shows the end.
 * @returns Two lines. Tabs are shown as four spaces, long lines are cut on both sides.
 */
export function renderCaret(sql: string, position: number): string {
  const at = offsetOfCodePoint(sql, position - 1);
  const lineStart = Math.max(sql.lastIndexOf('\n', at - 1), sql.lastIndexOf('\r', at - 1)) + 1;
  const rest = sql.slice(lineStart);
  const lineEnd = rest.search(/[\r\n]/);
  const line = Array.from(lineEnd === -1 ? rest : rest.slice(0, lineEnd));
  const column = Math.min(Array.from(sql.slice(lineStart, at)).length, line.length);

  const from = line.length > MAX_LINE_CODE_POINTS ? Math.max(0, column - MAX_LINE_CODE_POINTS / 2) : 0;
  const before = show(line.slice(from, column));
  const after = show(line.slice(column, from + MAX_LINE_CODE_POINTS));
  const label = `LINE ${lineNumber(sql, lineStart)}: ${from > 0 ? '...' : ''}`;
  const cut = from + MAX_LINE_CODE_POINTS < line.length ? '...' : '';
  return `${label}${before}${after}${cut}\n${' '.repeat(label.length + columnsOf(before))}^`;
}

function show(codePoints: readonly string[]): string {
  return codePoints.map(printable).join('');
}

function printable(character: string): string {
  if (character === '\t') return ' '.repeat(TAB_COLUMNS);
  // Other control characters could move the terminal's cursor.
  return character < ' ' || character === '\u007f' ? ' ' : character;
}

function columnsOf(text: string): number {
  return Array.from(text).length;
}

function lineNumber(sql: string, lineStart: number): number {
  return sql.slice(0, lineStart).split(/\r\n|\r|\n/).length;
}

/** The UTF-16 offset of the code point with the given 0-based index, or the end. */
function offsetOfCodePoint(text: string, index: number): number {
  let offset = 0;
  for (let left = index; left > 0 && offset < text.length; left--) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}
