import type { InlineRead, ValueReader } from '../types/wire-type.js';

/** What the decoder of rows needs to know of a column. */
export interface RowColumn {
  /** Data of the peer's choosing, like every name: it never becomes code. */
  readonly name: string;
  /** For messages: `int4`, or `type 600`. */
  readonly typeName: string;
  readonly read: ValueReader;
  /** What generated source may have in place of a call of `read`. */
  readonly inline: InlineRead | undefined;
}

/**
 * Where each name of a row stands, in the order in which the names first appear: of two columns of one name the last
 * gives the value.
 */
export function indexByName(columns: readonly RowColumn[]): ReadonlyMap<string, number> {
  return new Map(columns.map(({ name }, index) => [name, index]));
}
