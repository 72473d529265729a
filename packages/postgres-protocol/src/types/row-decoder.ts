import type { ReadBuffer } from '@millrace/read-buffer';
import type { Row } from '../statement.js';
import type { ValueReader } from './binary-type.js';
import { MalformedValueError } from './malformed-value-error.js';

/** What the decoder of a row needs to know of a column. */
export interface RowColumn {
  /** Data of the peer's choosing, like every name: it never becomes code. */
  readonly name: string;
  /** For messages: `int4`, or `type 600`. */
  readonly typeName: string;
  readonly read: ValueReader;
}

/** Decodes the DataRow frame that `input` is in, all of it. */
export type RowDecoder = (input: ReadBuffer) => Row;

/**
 * Makes the decoder for rows of these columns: generated source where the host allows it, else a loop. Both give the
 * same rows.
 *
 * @param options - `generate: false` forces the loop.
 * @remarks Cost: generating takes tens of microseconds; a row then costs its values and one object literal.
 */
export function createRowDecoder(
  columns: readonly RowColumn[],
  options: { readonly generate?: boolean | undefined } = {},
): RowDecoder {
  const generate = options.generate ?? canGenerate();
  return generate ? generatedDecoder(columns) : loopDecoder(columns);
}

let generationAllowed: boolean | undefined;

/** Whether the host compiles source at run time; a content security policy may forbid it. */
function canGenerate(): boolean {
  if (generationAllowed === undefined) {
    try {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the question is whether it throws
      new Function('');
      generationAllowed = true;
    } catch {
      generationAllowed = false;
    }
  }
  return generationAllowed;
}

function loopDecoder(columns: readonly RowColumn[]): RowDecoder {
  return function decodeRow(input) {
    const row: Row = {};
    let column = -1;
    try {
      checkCount(input.readUint16(), columns.length);
      for (const { name, read } of columns) {
        column++;
        const length = input.readInt32();
        const value = length === -1 ? null : read(input, length);
        if (name === '__proto__') defineOwn(row, name, value);
        else row[name] = value;
      }
      checkEnd(input);
    } catch (error) {
      throw located(error, columns[column]);
    }
    return row;
  };
}

/** An assignment to `__proto__` would change the row's prototype instead. */
function defineOwn(row: Row, name: string, value: unknown): void {
  Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
}

let generatedDecoders = 0;

// perf: rows; one object literal gives every row its final shape at once, and each read site sees one type of value.
function generatedDecoder(columns: readonly RowColumn[]): RowDecoder {
  const lines = [
    // V8 shares type feedback between functions of the same source: the number keeps two statements apart.
    `'use strict'; // row decoder ${++generatedDecoders}`,
    ...columns.map((_, i) => `const read${i} = columns[${i}].read;`),
    'return function decodeRow(input) {',
    'let column = -1, length = 0;',
    'try {',
    `checkCount(input.readUint16(), ${columns.length});`,
    ...columns.map(
      (_, i) =>
        `column = ${i}; length = input.readInt32(); const v${i} = length === -1 ? null : read${i}(input, length);`,
    ),
    'checkEnd(input);',
    `return {${columns.map(({ name }, i) => `${propertyKey(name)}: v${i}`).join(', ')}};`,
    '} catch (error) { throw located(error, columns[column]); }',
    '};',
  ];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- all that comes from outside is in string literals
  const make = new Function('columns', 'checkCount', 'checkEnd', 'located', lines.join('\n')) as (
    ...captured: [readonly RowColumn[], typeof checkCount, typeof checkEnd, typeof located]
  ) => RowDecoder;
  return make(columns, checkCount, checkEnd, located);
}

/** A column name as a property of an object literal. Only a computed `__proto__` is an ordinary property. */
function propertyKey(name: string): string {
  // JSON leaves these two as they are; older engines end a line at them.
  const literal = JSON.stringify(name).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  return name === '__proto__' ? `[${literal}]` : literal;
}

function checkCount(count: number, expected: number): void {
  if (count !== expected) throw new MalformedValueError(`expected a row of ${expected} columns, got ${count}`);
}

function checkEnd(input: ReadBuffer): void {
  if (input.length !== 0) throw new MalformedValueError(`a row leaves ${input.length} bytes of its frame unread`);
}

/** Says which column an error is about. Errors of the buffer pass as they are. */
function located(error: unknown, column: RowColumn | undefined): unknown {
  if (column === undefined) return error;
  const prefix = `column ${JSON.stringify(column.name)} (${column.typeName}): `;
  if (error instanceof MalformedValueError) return new MalformedValueError(prefix + error.message, { cause: error });
  if (error instanceof RangeError && error.constructor === RangeError)
    return new RangeError(prefix + error.message, { cause: error });
  return error;
}
