import { describe, expect, test } from 'vitest';
import { renderCaret } from '../src/sql-caret.js';

describe('renderCaret', () => {
  test.each([
    ['select x', 8, 'LINE 1: select x\n               ^'],
    ['select x', 1, 'LINE 1: select x\n        ^'],
    ['select', 7, 'LINE 1: select\n              ^'],
    ['select', 99, 'LINE 1: select\n              ^'],
    ['', 1, 'LINE 1: \n        ^'],
    ['select 1,\n  bad\nfrom t', 13, 'LINE 2:   bad\n          ^'],
    ['select 1,\r\n  bad\r\nfrom t', 14, 'LINE 2:   bad\n          ^'],
    ['a\rb\rbad', 5, 'LINE 3: bad\n        ^'],
    ["select '😀', bad", 13, "LINE 1: select '😀', bad\n                    ^"],
    ['\tselect\tbad', 9, 'LINE 1:     select    bad\n                      ^'],
    ['a\u001bb bad', 5, 'LINE 1: a b bad\n            ^'],
    ['a\n\nb', 3, 'LINE 2: \n        ^'],
  ])('points into %j at %d', (sql, position, rendered) => {
    expect(renderCaret(sql, position)).toBe(rendered);
  });

  test('cuts a long line on both sides of the place', () => {
    const sql = `${'x'.repeat(500)} bad ${'y'.repeat(500)}`;
    const [line = '', caret = ''] = renderCaret(sql, 502).split('\n');
    expect(line.length).toBeLessThan(130);
    expect(line).toMatch(/^LINE 1: \.\.\.x+ bad y+\.\.\.$/);
    expect(line.slice(caret.length - 1)).toMatch(/^bad/);
  });
});
