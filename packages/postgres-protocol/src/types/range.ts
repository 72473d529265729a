/** Which bounds a range includes, as PostgreSQL writes it. */
export type RangeBounds = '[)' | '[]' | '(]' | '()';

/**
 * A range of a PostgreSQL range type: immutable, of plain fields, so that deep comparisons compare ranges.
 *
 * A bound that is `null` is unbounded, and then never included. The server brings ranges of discrete types into the
 * form `[)`: `new Range(1, 3, '[]')` as int4range comes back as `[1,4)`.
 */
export class Range<T = unknown> {
  /** `null` if it is unbounded below, or empty. */
  readonly lower: T | null;
  /** `null` if it is unbounded above, or empty. */
  readonly upper: T | null;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
  /** Holds no value at all. */
  readonly isEmpty: boolean;

  /**
   * Makes a range that is not known to be empty; whether `lower` is above `upper` is for the server to judge.
   *
   * @throws {TypeError} If `bounds` is not one of the four.
   */
  constructor(lower: T | null, upper: T | null, bounds: RangeBounds | 'empty' = '[)') {
    if (bounds !== 'empty' && !/^[[(][\])]$/.test(bounds)) {
      throw new TypeError("bounds must be '[)', '[]', '(]' or '()'");
    }
    this.isEmpty = bounds === 'empty';
    this.lower = this.isEmpty ? null : lower;
    this.upper = this.isEmpty ? null : upper;
    this.lowerInclusive = this.lower !== null && bounds.startsWith('[');
    this.upperInclusive = this.upper !== null && bounds.endsWith(']');
    Object.freeze(this);
  }

  /** Makes the range that holds nothing. */
  static empty<T = never>(): Range<T> {
    return new Range<T>(null, null, 'empty');
  }

  /** Prints the range in PostgreSQL's syntax, dates as ISO strings. */
  toString(): string {
    return rangeToText(this, (bound) => (bound instanceof Date ? bound.toISOString() : String(bound)));
  }
}

/** What a range parameter may be: a `Range`, also one of another copy of the package, or an object of its fields. */
export interface RangeLike {
  readonly lower?: unknown;
  readonly upper?: unknown;
  readonly lowerInclusive?: boolean | undefined;
  readonly upperInclusive?: boolean | undefined;
  readonly isEmpty?: boolean | undefined;
}

/** Prints a range as range_out does, with quotes around every bound that may need them. */
export function rangeToText(range: RangeLike, print: (bound: unknown) => string): string {
  if (range.isEmpty === true) return 'empty';
  const text = (bound: unknown): string => (bound === null || bound === undefined ? '' : quoted(print(bound)));
  const { lowerInclusive = true, upperInclusive = false } = range;
  return `${lowerInclusive ? '[' : '('}${text(range.lower)},${text(range.upper)}${upperInclusive ? ']' : ')'}`;
}

function quoted(bound: string): string {
  return /^[\w.:+-]+$/.test(bound) ? bound : `"${bound.replaceAll('\\', '\\\\').replaceAll('"', '""')}"`;
}
