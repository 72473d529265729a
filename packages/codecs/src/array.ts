import { type Codec, type Incomplete, isIncomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { LimitError, checkInteger, wrongType } from './errors.js';
import { type CopyOf, type DecodeAt, type EncodeTo, Layout, layoutOf } from './layout.js';
import { Fixed } from './numbers.js';
import { checkLength } from './sized.js';

const DEFAULT_MAX_COUNT = 2 ** 24;
/** Where items may take no bytes at all, nothing else stops a count. */
const DEFAULT_MAX_EMPTY_COUNT = 2 ** 16;

/** Options of {@link array}. */
export interface ArrayOptions {
  /**
   * The most items that a prefix may announce. Default 16,777,216, or 65,536 where an item may take no bytes. All arrays
   * of a value together may have 65,536 items that take none, and if this is more, as many.
   */
  readonly maxCount?: number | undefined;
}

/** Items of one kind, with a count that is fixed or comes before them. */
export class List<T> extends Layout<T[]> {
  declare readonly item: Layout<T>;
  /** The count where there is no prefix. */
  declare readonly fixedCount: number;
  declare readonly prefix: Layout<number> | undefined;
  declare decodeAt: DecodeAt<T[]>;
  /** Decodes the items behind the prefix. */
  declare decodeItems: (c: Cursor, count: number) => T[] | typeof Incomplete;
  declare encodeTo: EncodeTo<T[]>;
  readonly #givenMax: number | undefined;
  #max: number | undefined = undefined;

  constructor(item: Layout<T>, count: number | Layout<number>, maxCount: number | undefined) {
    super();
    const prefix = typeof count === 'number' ? undefined : count;
    this.item = item;
    this.prefix = prefix;
    this.fixedCount = typeof count === 'number' ? checkInteger('count', count, 0) : 0;
    this.#givenMax = maxCount === undefined ? undefined : checkInteger('maxCount', maxCount, 0);
    this.decodeAt = (c) =>
      prefix === undefined
        ? this.decodeItems(c, this.fixedCount)
        : c.then(prefix, (own) => this.decodeItems(c, checkLength(own, 'a count', this.maxCount())));
    this.decodeItems = (c, counted) => this.decodeRest(c, counted, []);
    this.encodeTo = (out, value) => {
      this.checkItems(value);
      prefix?.encodeTo(out, value.length);
      for (const one of value) this.item.encodeTo(out, one);
    };
  }

  /** The most items. What an item takes is known only when all lazy codecs are. */
  maxCount(): number {
    this.#max ??= this.#givenMax ?? (this.item.least() > 0 ? DEFAULT_MAX_COUNT : DEFAULT_MAX_EMPTY_COUNT);
    return this.#max;
  }

  least(): number {
    return this.prefix?.least() ?? this.fixedCount * this.item.least();
  }

  override copy(copyOf: CopyOf): Layout<T[]> {
    const { prefix } = this;
    return new List(copyOf(this.item), prefix === undefined ? this.fixedCount : copyOf(prefix), this.#givenMax);
  }

  /** Decodes the items that are missing. Generated code comes here when bytes are short. */
  decodeRest(c: Cursor, count: number, items: T[]): T[] | typeof Incomplete {
    const { item } = this;
    // perf: int32 / float64 array without generated code
    const isThere = item instanceof Fixed && c.end - c.at >= (count - items.length) * item.byteLength;
    const decodeAt = isThere ? (item.read as DecodeAt<T>) : item.decodeAt;
    // No room is made for items before they come: a count alone proves nothing.
    while (items.length < count) {
      const { at } = c;
      const one = decodeAt(c);
      if (isIncomplete(one)) return this.stop(c, count, items);
      if (c.at === at) this.countEmpty(c);
      items.push(one);
    }
    return items;
  }

  /** Counts an item that took no bytes: arrays of such items in each other would make too many of a few bytes. */
  countEmpty(c: Cursor): void {
    c.emptyItems += 1;
    const max = Math.max(DEFAULT_MAX_EMPTY_COUNT, this.#givenMax ?? this.fixedCount);
    if (c.emptyItems > max) throw new LimitError('empty items', c.emptyItems, max);
  }

  /** Saves `items`, where the next one is incomplete. */
  stop(c: Cursor, count: number, items: T[]): typeof Incomplete {
    return c.save(this.item, (one: T) => {
      items.push(one);
      return this.decodeRest(c, count, items);
    });
  }

  /** Throws unless `value` is an array with a count that this layout has. */
  checkItems(value: T[]): void {
    if (!Array.isArray(value)) throw wrongType('an array', value);
    checkInteger(
      'a count',
      value.length,
      this.fixedCount,
      this.prefix === undefined ? this.fixedCount : this.maxCount(),
    );
  }
}

/**
 * Items of one kind: `array(i32, 3)` are always three, `array(i32, u16)` have their count before them.
 *
 * @param item - The codec of an item.
 * @param count - A number of items, or the codec of a prefix.
 * @returns A codec of arrays. Memory grows with the items that arrive, not with what a count announces.
 * @throws {RangeError} If a number or an option is out of its range.
 */
export function array<T>(item: Codec<T>, count: number | Codec<number>, options: ArrayOptions = {}): Codec<T[]> {
  return new List(layoutOf(item), typeof count === 'number' ? count : layoutOf(count), options.maxCount);
}
