import { Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import type { DecodeAt } from './layout.js';

/** What reads and makes the objects of a struct. */
interface Assembler {
  readonly decode: DecodeAt<object>;
  readonly Row: new (...values: unknown[]) => object;
}
/** Saves a struct with the values up to the first that is Incomplete. */
type Stop = (c: Cursor, values: unknown[]) => typeof Incomplete;
/** As many as the longest arity takes; the others look at the first ones. */
type Twelve<T> = readonly [T, T, T, T, T, T, T, T, T, T, T, T];
type Row = Record<string, unknown>;
type Arity = (fields: Twelve<DecodeAt<unknown>>, names: Twelve<string>, stop: Stop) => [DecodeAt<object>, unknown];

// perf: struct without generated code. Fields and values in variables of their own let V8 inline the calls, and a
// constructor gives the objects their final shape; a loop over names and values takes twice as long.
// prettier-ignore
const arities: readonly Arity[] = [
  ([f0], [n0], stop) => {
    function R(this: Row, a: unknown): void { this[n0] = a; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown;
      return (a = f0(z)) === Incomplete
        ? stop(z, [a])
        : new Row(a);
    }, R];
  },
  ([f0, f1], [n0, n1], stop) => {
    function R(this: Row, a: unknown, b: unknown): void { this[n0] = a; this[n1] = b; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete
        ? stop(z, [a, b])
        : new Row(a, b);
    }, R];
  },
  ([f0, f1, f2], [n0, n1, n2], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete
        ? stop(z, [a, b, c])
        : new Row(a, b, c);
    }, R];
  },
  ([f0, f1, f2, f3], [n0, n1, n2, n3], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete
        ? stop(z, [a, b, c, d])
        : new Row(a, b, c, d);
    }, R];
  },
  ([f0, f1, f2, f3, f4], [n0, n1, n2, n3, n4], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; this[n4] = e; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete || (e = f4(z)) === Incomplete
        ? stop(z, [a, b, c, d, e])
        : new Row(a, b, c, d, e);
    }, R];
  },
  ([f0, f1, f2, f3, f4, f5], [n0, n1, n2, n3, n4, n5], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; this[n4] = e; this[n5] = g; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete || (e = f4(z)) === Incomplete || (g = f5(z)) === Incomplete
        ? stop(z, [a, b, c, d, e, g])
        : new Row(a, b, c, d, e, g);
    }, R];
  },
  ([f0, f1, f2, f3, f4, f5, f6], [n0, n1, n2, n3, n4, n5, n6], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; this[n4] = e; this[n5] = g; this[n6] = h; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete || (e = f4(z)) === Incomplete || (g = f5(z)) === Incomplete ||
      (h = f6(z)) === Incomplete
        ? stop(z, [a, b, c, d, e, g, h])
        : new Row(a, b, c, d, e, g, h);
    }, R];
  },
  ([f0, f1, f2, f3, f4, f5, f6, f7], [n0, n1, n2, n3, n4, n5, n6, n7], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; this[n4] = e; this[n5] = g; this[n6] = h; this[n7] = i; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete || (e = f4(z)) === Incomplete || (g = f5(z)) === Incomplete ||
      (h = f6(z)) === Incomplete || (i = f7(z)) === Incomplete
        ? stop(z, [a, b, c, d, e, g, h, i])
        : new Row(a, b, c, d, e, g, h, i);
    }, R];
  },
  ([f0, f1, f2, f3, f4, f5, f6, f7, f8], [n0, n1, n2, n3, n4, n5, n6, n7, n8], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; this[n4] = e; this[n5] = g; this[n6] = h; this[n7] = i; this[n8] = j; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete || (e = f4(z)) === Incomplete || (g = f5(z)) === Incomplete ||
      (h = f6(z)) === Incomplete || (i = f7(z)) === Incomplete || (j = f8(z)) === Incomplete
        ? stop(z, [a, b, c, d, e, g, h, i, j])
        : new Row(a, b, c, d, e, g, h, i, j);
    }, R];
  },
  ([f0, f1, f2, f3, f4, f5, f6, f7, f8, f9], [n0, n1, n2, n3, n4, n5, n6, n7, n8, n9], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown, k: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; this[n4] = e; this[n5] = g; this[n6] = h; this[n7] = i; this[n8] = j; this[n9] = k; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown, k: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete || (e = f4(z)) === Incomplete || (g = f5(z)) === Incomplete ||
      (h = f6(z)) === Incomplete || (i = f7(z)) === Incomplete || (j = f8(z)) === Incomplete ||
      (k = f9(z)) === Incomplete
        ? stop(z, [a, b, c, d, e, g, h, i, j, k])
        : new Row(a, b, c, d, e, g, h, i, j, k);
    }, R];
  },
  ([f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10], [n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown, k: unknown, l: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; this[n4] = e; this[n5] = g; this[n6] = h; this[n7] = i; this[n8] = j; this[n9] = k; this[n10] = l; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown, k: unknown, l: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete || (e = f4(z)) === Incomplete || (g = f5(z)) === Incomplete ||
      (h = f6(z)) === Incomplete || (i = f7(z)) === Incomplete || (j = f8(z)) === Incomplete ||
      (k = f9(z)) === Incomplete || (l = f10(z)) === Incomplete
        ? stop(z, [a, b, c, d, e, g, h, i, j, k, l])
        : new Row(a, b, c, d, e, g, h, i, j, k, l);
    }, R];
  },
  ([f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11], [n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11], stop) => {
    function R(this: Row, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown, k: unknown, l: unknown, m: unknown): void { this[n0] = a; this[n1] = b; this[n2] = c; this[n3] = d; this[n4] = e; this[n5] = g; this[n6] = h; this[n7] = i; this[n8] = j; this[n9] = k; this[n10] = l; this[n11] = m; }
    const Row = R as unknown as new (...values: unknown[]) => object;
    return [(z) => {
      let a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, g: unknown, h: unknown, i: unknown, j: unknown, k: unknown, l: unknown, m: unknown;
      return (a = f0(z)) === Incomplete || (b = f1(z)) === Incomplete || (c = f2(z)) === Incomplete ||
      (d = f3(z)) === Incomplete || (e = f4(z)) === Incomplete || (g = f5(z)) === Incomplete ||
      (h = f6(z)) === Incomplete || (i = f7(z)) === Incomplete || (j = f8(z)) === Incomplete ||
      (k = f9(z)) === Incomplete || (l = f10(z)) === Incomplete || (m = f11(z)) === Incomplete
        ? stop(z, [a, b, c, d, e, g, h, i, j, k, l, m])
        : new Row(a, b, c, d, e, g, h, i, j, k, l, m);
    }, R];
  },
];

/** Returns what decodes a struct, or undefined where it has more fields than there are arities, or none. */
export function assemblerOf(
  fields: readonly DecodeAt<unknown>[],
  names: readonly string[],
  stop: Stop,
): Assembler | undefined {
  const made = arities[fields.length - 1]?.(
    fields as unknown as Twelve<DecodeAt<unknown>>,
    names as Twelve<string>,
    stop,
  );
  if (made === undefined) return undefined;
  const Row = made[1] as Assembler['Row'];
  // They are plain objects.
  Object.defineProperty(Row, 'prototype', { value: Object.prototype });
  return { decode: made[0], Row };
}
