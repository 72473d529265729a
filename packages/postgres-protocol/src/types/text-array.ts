import { decodeUtf8 } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { arrayLowerBounds, attachLowerBounds } from './array-lower-bounds.js';
import { MalformedValueError } from './malformed-value-error.js';
import { outOfRange, RefusedValueError, wrongKind } from './refused-value-error.js';
import type { ValueOptions } from './value-options.js';
import type { ValueReader, ValueWriter, WireType } from './wire-type.js';

// The text form of arrays (array_out in arrayfuncs.c): {a,"b c",NULL,"\"q\""}, nested for more dimensions, with
// [2:3][0:1]= before it where a lower bound is not 1. Only arrays of types without a binary format come like this.

const MAX_DIMENSIONS = 6; // MAXDIM in c.h

/** Makes the reader of arrays in text: nested arrays of what the element's reader gives, `null` for NULL. */
export function textArrayReader(element: WireType, options: ValueOptions, delimiter: string): ValueReader {
  const readElement = element.reader(options);
  return function readTextArray(bytes, _view, start, end) {
    return new ArrayParser(decodeUtf8(bytes, start, end), delimiter, (text) => {
      const encoded = new TextEncoder().encode(text);
      return readElement(encoded, new DataView(encoded.buffer), 0, encoded.length);
    }).parse();
  };
}

class ArrayParser {
  private readonly _source: string;
  private readonly _delimiter: string;
  private readonly _readElement: (text: string) => unknown;
  private _at = 0;

  constructor(source: string, delimiter: string, readElement: (text: string) => unknown) {
    this._source = source;
    this._delimiter = delimiter;
    this._readElement = readElement;
  }

  parse(): unknown[] {
    const bounds = this._bounds();
    const array = this._level(1);
    if (this._at !== this._source.length) throw malformed('something behind its end');
    if (bounds.some((bound) => bound !== 1)) attachLowerBounds(array, bounds);
    return array;
  }

  /** `[2:3][0:1]=`; the upper ones follow from the elements. */
  private _bounds(): number[] {
    const prefix = /^(?:\[[+-]?\d+:[+-]?\d+\]){1,6}=/.exec(this._source)?.[0] ?? '';
    this._at = prefix.length;
    return Array.from(prefix.matchAll(/\[([+-]?\d+):/g), ([, lower]) => Number(lower));
  }

  private _level(depth: number): unknown[] {
    this._expect('{');
    if (depth > MAX_DIMENSIONS) throw malformed(`more than ${MAX_DIMENSIONS} dimensions`);
    const array: unknown[] = [];
    if (this._source[this._at] === '}') {
      this._at++;
      return array;
    }
    for (;;) {
      array.push(this._item(depth));
      const next = this._source[this._at++];
      if (next === '}') return array;
      if (next !== this._delimiter) throw malformed('no delimiter behind an element');
    }
  }

  private _item(depth: number): unknown {
    switch (this._source[this._at]) {
      case '{':
        return this._level(depth + 1);
      case '"':
        return this._readElement(this._quoted());
      default: {
        const text = this._bare();
        return text === 'NULL' ? null : this._readElement(text);
      }
    }
  }

  private _quoted(): string {
    let text = '';
    this._at++;
    for (;;) {
      let char = this._source[this._at++];
      if (char === '"') return text;
      if (char === '\\') char = this._source[this._at++];
      if (char === undefined) throw malformed('no end');
      text += char;
    }
  }

  private _bare(): string {
    const start = this._at;
    for (;;) {
      const char = this._source[this._at];
      if (char === undefined || char === '{' || char === '"') throw malformed('no end of an element');
      if (char === '}' || char === this._delimiter) break;
      this._at++;
    }
    if (this._at === start) throw malformed('an element without text');
    return this._source.slice(start, this._at);
  }

  private _expect(char: string): void {
    if (this._source[this._at++] !== char) throw malformed(`no ${char} at its begin`);
  }
}

function malformed(what: string): MalformedValueError {
  return new MalformedValueError(`an array in text has ${what}`);
}

/** Makes the writer of arrays in text, from a nested array or from a string in PostgreSQL's own syntax. */
export function textArrayWriter(element: WireType, delimiter: string): ValueWriter {
  const format = (value: unknown, depth: number): string => {
    if (value === null) return 'NULL';
    if (value === undefined) throw wrongKind('a value, or null for NULL', value);
    if (!Array.isArray(value)) return quote(textOf(element, value));
    if (depth === MAX_DIMENSIONS) throw outOfRange(`at most ${MAX_DIMENSIONS} dimensions`, 'more');
    return `{${Array.from(value, (item: unknown) => format(item, depth + 1)).join(delimiter)}}`;
  };
  return function writeTextArray(out, value) {
    if (typeof value !== 'string' && !Array.isArray(value)) throw wrongKind(`an array of ${element.name}`, value);
    if (typeof value === 'string') out.writeLengthPrefixedUtf8(value);
    else out.writeLengthPrefixedUtf8(boundsOf(value) + format(value, 0));
  };
}

function boundsOf(array: readonly unknown[]): string {
  let prefix = '';
  let level: unknown = array;
  for (const lower of arrayLowerBounds(array) ?? []) {
    if (!Array.isArray(level)) throw new RefusedValueError('type', 'expected as many dimensions as lower bounds');
    prefix += `[${lower}:${lower + level.length - 1}]`;
    level = level[0] as unknown;
  }
  return prefix === '' ? '' : `${prefix}=`;
}

/** What the element's own writer makes of the value. */
function textOf(element: WireType, value: unknown): string {
  const out = new WriteBuffer();
  element.write(out, value);
  const bytes = out.take();
  return decodeUtf8(bytes, 4, bytes.length);
}

/** Always quoted: so nothing is NULL, a space or a delimiter by accident. */
function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
