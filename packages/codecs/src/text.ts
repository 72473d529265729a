import { decodeUtf8 } from '@millrace/read-buffer';

const chars = String.fromCharCode;

/**
 * Decodes UTF-8 like `decodeUtf8`, faster where the text is short and ASCII.
 *
 * perf: struct; each byte is loaded once, and one call makes the string. Reading the bytes in a loop first, to see
 * whether they are ASCII, takes half as long again.
 */
// prettier-ignore
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  const n = end - start;
  if (n > 2 && n < 11) {
    const a = bytes[start] ?? 0, b = bytes[start + 1] ?? 0, c = bytes[start + 2] ?? 0;
    let all = a | b | c;
    if (n === 3 && all < 128) return chars(a, b, c);
    const d = bytes[start + 3] ?? 0;
    all |= d;
    if (n === 4 && all < 128) return chars(a, b, c, d);
    const e = bytes[start + 4] ?? 0;
    all |= e;
    if (n === 5 && all < 128) return chars(a, b, c, d, e);
    const f = bytes[start + 5] ?? 0;
    all |= f;
    if (n === 6 && all < 128) return chars(a, b, c, d, e, f);
    const g = bytes[start + 6] ?? 0;
    all |= g;
    if (n === 7 && all < 128) return chars(a, b, c, d, e, f, g);
    const h = bytes[start + 7] ?? 0;
    all |= h;
    if (n === 8 && all < 128) return chars(a, b, c, d, e, f, g, h);
    const i = bytes[start + 8] ?? 0;
    all |= i;
    if (n === 9 && all < 128) return chars(a, b, c, d, e, f, g, h, i);
    const j = bytes[start + 9] ?? 0;
    if (n === 10 && (all | j) < 128) return chars(a, b, c, d, e, f, g, h, i, j);
  }
  return decodeUtf8(bytes, start, end);
}
