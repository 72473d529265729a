import { Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import type { DecodeAt } from './layout.js';

/** What reads and makes the objects of a struct. */
interface Assembler {
  readonly decode: DecodeAt<object>;
  readonly Row: new (...values: unknown[]) => object;
}
type Twelve<T> = readonly [T, T, T, T, T, T, T, T, T, T, T, T];

/**
 * Makes what decodes a struct of up to 12 fields, or returns undefined for more of them, or none.
 *
 * perf: struct without generated code. Fields and values in variables of their own let V8 inline the calls, and a
 * constructor gives the objects their final shape; a loop over names and values takes half as long again.
 *
 * @param struct - Its `stop` saves the values up to the first that is Incomplete.
 */
// prettier-ignore
export function assemblerOf(
  fields: readonly DecodeAt<unknown>[],
  names: readonly string[],
  struct: { stop(c: Cursor, values: unknown[]): typeof Incomplete },
): Assembler | undefined {
  const count = fields.length;
  if (count === 0 || count > 12) return undefined;
  const [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = fields as unknown as Twelve<DecodeAt<unknown>>;
  const [n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11] = names as Twelve<string>;
  function Row(this: Record<string, unknown>, a?: unknown, b?: unknown, c?: unknown, d?: unknown, e?: unknown, g?: unknown, h?: unknown, i?: unknown, j?: unknown, k?: unknown, l?: unknown, m?: unknown): void {
    this[n0] = a;
    if (count === 1) return;
    this[n1] = b;
    if (count === 2) return;
    this[n2] = c;
    if (count === 3) return;
    this[n3] = d;
    if (count === 4) return;
    this[n4] = e;
    if (count === 5) return;
    this[n5] = g;
    if (count === 6) return;
    this[n6] = h;
    if (count === 7) return;
    this[n7] = i;
    if (count === 8) return;
    this[n8] = j;
    if (count === 9) return;
    this[n9] = k;
    if (count === 10) return;
    this[n10] = l;
    if (count === 11) return;
    this[n11] = m;
  }
  // They are plain objects.
  Object.defineProperty(Row, 'prototype', { value: Object.prototype });
  const Made = Row as unknown as Assembler['Row'];
  return {
    Row: Made,
    decode: (z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown, k: unknown, l: unknown, m: unknown;
      return (a = f0(z)) === Incomplete || (count > 1 && ((b = f1(z)) === Incomplete || (count > 2 && ((c = f2(z)) === Incomplete || (count > 3 && ((d = f3(z)) === Incomplete || (count > 4 && ((e = f4(z)) === Incomplete || (count > 5 && ((g = f5(z)) === Incomplete || (count > 6 && ((h = f6(z)) === Incomplete || (count > 7 && ((i = f7(z)) === Incomplete || (count > 8 && ((j = f8(z)) === Incomplete || (count > 9 && ((k = f9(z)) === Incomplete || (count > 10 && ((l = f10(z)) === Incomplete || (count > 11 && ((m = f11(z)) === Incomplete))))))))))))))))))))))
        ? struct.stop(z, [a, b, c, d, e, g, h, i, j, k, l, m])
        : new Made(a, b, c, d, e, g, h, i, j, k, l, m);
    },
  };
}
