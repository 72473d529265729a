import { decodeUtf8 } from '@millrace/read-buffer';
import { arrayLowerBounds, attachLowerBounds } from './array-lower-bounds.js';
import { MalformedValueError } from './malformed-value-error.js';
import { outOfRange, RefusedValueError, wrongKind } from './refused-value-error.js';
import { printText, textParser } from './text-type.js';
import { text } from './text.js';
import type { ValueOptions } from './value-options.js';
import type { ValueReader, ValueWriter, WireType } from './wire-type.js';

// The syntax is that of array_out and array_in in arrayfuncs.c: {1,NULL,"a \"b\""}, nested for more dimensions, behind
// [2:3][0:1]= where the lower bounds are not 1.

const MAX_DIMENSIONS = 6; // MAXDIM in c.h

/** Makes the reader of arrays in text: nested arrays of what the element's reader gives, `null` for NULL. */
export function textArrayReader(element: WireType, options: ValueOptions, delimiter: string): ValueReader {
  const parseElement = textParser(element, options);
  const elementsMayBeArrays = element.valuesAreArrays === true;
  return function readTextArray(bytes, _view, start, end) {
    const { array, bounds } = new ArrayText(decodeUtf8(bytes, start, end), delimiter, parseElement).parse();
    const isPlain = bounds.every((bound) => bound === 1);
    if (!isPlain || (elementsMayBeArrays && bounds.length > 1)) attachLowerBounds(array, bounds);
    return array;
  };
}

/** Makes the writer of arrays in text, from nested arrays or from a string in PostgreSQL's own syntax. */
export function textArrayWriter(element: WireType, delimiter: string): ValueWriter {
  return function writeTextArray(out, value) {
    if (typeof value !== 'string' && !Array.isArray(value)) throw wrongKind(`an array of ${element.name}`, value);
    text.write(out, typeof value === 'string' ? value : new ArrayPrinter(element, delimiter).print(value));
  };
}

/** One array as text, and how far it has been read. */
class ArrayText {
  private readonly _source: string;
  private readonly _delimiter: string;
  private readonly _parseElement: (source: string) => unknown;
  private _at = 0;

  constructor(source: string, delimiter: string, parseElement: (source: string) => unknown) {
    this._source = source;
    this._delimiter = delimiter;
    this._parseElement = parseElement;
  }

  parse(): { array: unknown[]; bounds: number[] } {
    const lowerBounds = this._takeBounds();
    const dimensions = this._depth();
    const array = this._takeLevel(1, dimensions);
    if (this._at !== this._source.length) throw malformed();
    if (lowerBounds !== undefined && lowerBounds.length !== dimensions) throw malformed();
    const bounds = array.length === 0 ? [] : (lowerBounds ?? new Array<number>(dimensions).fill(1));
    return { array, bounds };
  }

  /** Takes `[2:3][0:1]=`, if it is there. */
  private _takeBounds(): number[] | undefined {
    if (!this._source.startsWith('[')) return undefined;
    const header = /^(?:\[-?\d{1,10}:-?\d{1,10}\]){1,6}=/.exec(this._source)?.[0];
    if (header === undefined) throw malformed();
    this._at = header.length;
    return [...header.matchAll(/\[(-?\d+):/g)].map(([, lower]) => Number(lower));
  }

  /** The braces that the array begins with are its dimensions: what is in the innermost of them are elements. */
  private _depth(): number {
    let depth = 0;
    while (this._source[this._at + depth] === '{') depth++;
    if (depth === 0 || depth > MAX_DIMENSIONS) throw malformed();
    return depth;
  }

  private _takeLevel(level: number, dimensions: number): unknown[] {
    this._take('{');
    const array: unknown[] = [];
    if (this._source[this._at] !== '}') {
      do {
        array.push(level < dimensions ? this._takeLevel(level + 1, dimensions) : this._takeElement());
      } while (this._tryTake(this._delimiter));
    }
    this._take('}');
    return array;
  }

  private _takeElement(): unknown {
    if (this._source[this._at] === '"') return this._parseElement(this._takeQuoted());
    const start = this._at;
    while (this._at < this._source.length && !this._isSpecial(this._source[this._at])) this._at++;
    const word = this._source.slice(start, this._at);
    if (word === '') throw malformed();
    return word === 'NULL' ? null : this._parseElement(word);
  }

  private _isSpecial(character: string | undefined): boolean {
    return character === this._delimiter || character === '{' || character === '}' || character === '"';
  }

  private _takeQuoted(): string {
    const quoted = /"((?:[^"\\]|\\[^])*)"/y;
    quoted.lastIndex = this._at;
    const match = quoted.exec(this._source);
    if (match === null) throw malformed();
    this._at = quoted.lastIndex;
    return (match[1] ?? '').replace(/\\([^])/g, '$1');
  }

  private _take(expected: string): void {
    if (!this._tryTake(expected)) throw malformed();
  }

  private _tryTake(expected: string): boolean {
    const isThere = this._source[this._at] === expected;
    if (isThere) this._at++;
    return isThere;
  }
}

/** Says nothing of the text, which is somebody's data. */
function malformed(): MalformedValueError {
  return new MalformedValueError('the text is not that of an array');
}

class ArrayPrinter {
  private readonly _element: WireType;
  private readonly _delimiter: string;
  private readonly _elementsMayBeArrays: boolean;
  private readonly _path: number[] = [];

  constructor(element: WireType, delimiter: string) {
    this._element = element;
    this._delimiter = delimiter;
    this._elementsMayBeArrays = element.valuesAreArrays === true;
  }

  print(array: readonly unknown[]): string {
    const bounds = arrayLowerBounds(array);
    const sizes = sizesOf(array, this._elementsMayBeArrays ? (bounds?.length ?? 1) : MAX_DIMENSIONS + 1);
    if (sizes.length > MAX_DIMENSIONS) throw outOfRange(`at most ${MAX_DIMENSIONS} dimensions`, 'more');
    const body = this._printed(array, sizes);
    if (sizes.includes(0)) return '{}';
    if (bounds?.length !== sizes.length) return body;
    const header = sizes.map((size, i) => `[${bounds[i] ?? 1}:${(bounds[i] ?? 1) + size - 1}]`);
    return `${header.join('')}=${body}`;
  }

  private _printed(array: readonly unknown[], sizes: readonly number[]): string {
    try {
      return this._level(array, sizes);
    } catch (error) {
      if (!(error instanceof RefusedValueError)) throw error;
      const where = this._path.map((index) => `[${index}]`).join('');
      throw new RefusedValueError(error.kind, `element ${where}: ${error.message}`, { cause: error.cause });
    }
  }

  private _level(array: readonly unknown[], sizes: readonly number[]): string {
    const depth = this._path.length;
    const parts: string[] = [];
    // Not map(): a hole is an element too, and refused as one.
    for (let i = 0; i < array.length; i++) {
      this._path[depth] = i;
      const item = array[i];
      parts.push(depth === sizes.length - 1 ? this._leaf(item) : this._level(sibling(item, sizes[depth + 1]), sizes));
    }
    this._path.length = depth;
    return `{${parts.join(this._delimiter)}}`;
  }

  private _leaf(item: unknown): string {
    if (item === null) return 'NULL';
    if (item === undefined) throw wrongKind('a value, or null for NULL', item);
    if (Array.isArray(item) && !this._elementsMayBeArrays) throw wrongKind('no array, as its first sibling', item);
    return `"${printText(this._element, item).replace(/["\\]/g, '\\$&')}"`;
  }
}

/** The sizes of at most `limit` dimensions, by the first element of each. */
function sizesOf(array: readonly unknown[], limit: number): number[] {
  const sizes: number[] = [];
  let level: unknown = array;
  while (sizes.length < limit && Array.isArray(level)) {
    sizes.push(level.length);
    level = level[0] as unknown;
  }
  return sizes;
}

/** All arrays of one level are of the same length: PostgreSQL's arrays are rectangular. */
function sibling(item: unknown, size = 0): readonly unknown[] {
  const expected = `an array of ${size} elements as its first sibling`;
  if (!Array.isArray(item)) throw wrongKind(expected, item);
  if (item.length !== size) {
    throw new RefusedValueError('type', `expected ${expected}, got an array of ${item.length}`);
  }
  return item;
}
