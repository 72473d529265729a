import { Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';

/** Reads a field, and moves behind it; or returns Incomplete. */
export type ReadField = (c: Cursor) => unknown;
/** Reads an object; if it is not whole, it has the fields up to the first that is incomplete. */
type Row = new (c: Cursor) => object;

const MAX_FIELDS = 12;

/** Comes after the last field. */
function end(c: Cursor): typeof Incomplete {
  c.isWhole = true;
  return Incomplete;
}

/** Makes what reads a struct of up to 12 fields, or returns undefined for more of them, or none. */
export function rowOf(names: readonly string[], reads: readonly ReadField[]): Row | undefined {
  const { length } = names;
  if (length === 0 || length > MAX_FIELDS) return undefined;
  const padding = Array<undefined>(MAX_FIELDS - length);
  return unrolled(...([Incomplete, ...names, ...padding, ...reads, end] as Parameters<typeof unrolled>));
}

/**
 * perf: struct without generated code. With a call and a name of its own for each field V8 inlines the calls, and a
 * constructor gives the objects their final shape; a loop over them takes several times as long. They are parameters,
 * because these are known to be initialized.
 */
// prettier-ignore
function unrolled(none: unknown, n0: string, n1: string, n2: string, n3: string, n4: string, n5: string, n6: string, n7: string, n8: string, n9: string, n10: string, n11: string, f0: ReadField, f1: ReadField, f2: ReadField, f3: ReadField, f4: ReadField, f5: ReadField, f6: ReadField, f7: ReadField, f8: ReadField, f9: ReadField, f10: ReadField, f11: ReadField, f12: ReadField): Row {
  function Row(this: Record<string, unknown>, c: Cursor): void {
    let v = f0(c);
    if (typeof v === 'symbol' && v === none) return; this[n0] = v;
    v = f1(c); if (typeof v === 'symbol' && v === none) return; this[n1] = v;
    v = f2(c); if (typeof v === 'symbol' && v === none) return; this[n2] = v;
    v = f3(c); if (typeof v === 'symbol' && v === none) return; this[n3] = v;
    v = f4(c); if (typeof v === 'symbol' && v === none) return; this[n4] = v;
    v = f5(c); if (typeof v === 'symbol' && v === none) return; this[n5] = v;
    v = f6(c); if (typeof v === 'symbol' && v === none) return; this[n6] = v;
    v = f7(c); if (typeof v === 'symbol' && v === none) return; this[n7] = v;
    v = f8(c); if (typeof v === 'symbol' && v === none) return; this[n8] = v;
    v = f9(c); if (typeof v === 'symbol' && v === none) return; this[n9] = v;
    v = f10(c); if (typeof v === 'symbol' && v === none) return; this[n10] = v;
    v = f11(c); if (typeof v === 'symbol' && v === none) return; this[n11] = v;
    f12(c);
  }
  // They are plain objects.
  Object.defineProperty(Row, 'prototype', { value: Object.prototype });
  return Row as unknown as Row;
}
