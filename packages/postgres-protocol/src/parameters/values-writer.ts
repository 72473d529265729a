import type { WriteBuffer } from '@millrace/write-buffer';
import { RefusedValueError } from '../types/refused-value-error.js';
import type { ValueWriter } from '../types/wire-type.js';
import { inlineWriteOf } from './inline-writes.js';

/** Makes what a failed write has thrown name its parameter. */
export type Locate = (error: unknown, index: number) => unknown;

/**
 * Appends the values of a Bind: for each its int32 length, -1 for NULL, and its bytes. There are as many as parameters.
 *
 * @throws What `Locate` makes of the error of a writer, with part of the values appended.
 */
export type ValuesWriter = (out: WriteBuffer, values: readonly unknown[]) => void;

/** A loop over the writers, which needs no code generation. */
export function loopValuesWriter(writers: readonly ValueWriter[], locate: Locate): ValuesWriter {
  return function writeValues(out, values) {
    let index = 0;
    try {
      for (const write of writers) {
        const value = values[index];
        if (value === null) out.writeInt32(-1);
        else if (value === undefined) throw missing();
        else write(out, value);
        index++;
      }
    } catch (error) {
      throw locate(error, index);
    }
  };
}

/** The same, compiled from {@link valuesWriterSource}. */
export function generatedValuesWriter(writers: readonly ValueWriter[], locate: Locate): ValuesWriter {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the source is made of our own text and numbers
  const make = new Function('writers', 'missing', 'locate', valuesWriterSource(writers)) as (
    ...captured: [readonly ValueWriter[], typeof missing, Locate]
  ) => ValuesWriter;
  return make(writers, missing, locate);
}

/**
 * The body of a function that makes the writer. Nothing that comes from outside is in it, not even a name.
 *
 * perf: a call site of its own for each parameter, so that each meets one type, and no call for the common values.
 */
export function valuesWriterSource(writers: readonly ValueWriter[]): string {
  return [
    `'use strict';`,
    ...writers.map((_, i) => `const write${i} = writers[${i}];`),
    'return function writeValues(out, values) {',
    '  let index = 0, value;',
    '  try {',
    ...writers.map((write, i) => parameterSource(write, i)),
    '  } catch (error) { throw locate(error, index); }',
    '};',
  ].join('\n');
}

function parameterSource(write: ValueWriter, index: number): string {
  const inline = inlineWriteOf(write);
  const branches = [
    `if (value === null) out.writeInt32(-1);`,
    `else if (value === undefined) throw missing();`,
    `else write${index}(out, value);`,
  ];
  if (inline !== undefined) branches.unshift(`if (${inline.test}) { ${inline.write} } else`);
  return [`    index = ${index}; value = values[${index}];`, ...branches.map((line) => `    ${line}`)].join('\n');
}

function missing(): RefusedValueError {
  return new RefusedValueError('type', 'got undefined; null is SQL NULL');
}
