import type { Contender } from '../../kit/contender.js';

/** The rows of a result, without names, in a form that does not depend on the classes that a client has for values. */
export type Cells = readonly (readonly unknown[])[];

/** Bytes become Buffers: what is compared is their content. */
export function cells(rows: Iterable<Iterable<unknown>>): Cells {
  return Array.from(rows, (row) =>
    Array.from(row, (value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
  );
}

/** A contender that decodes a result again and again, and drops its rows at the end of each. */
export function decodeContender<R>(
  name: string,
  rows: number,
  pass: () => R,
  toCells: (result: R) => Cells,
): Contender {
  return {
    name,
    check: () => toCells(pass()),
    run: (count) => {
      for (let done = 0; done < count; done += rows) pass();
    },
  };
}
