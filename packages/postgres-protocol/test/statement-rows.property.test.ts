import { ReadBuffer } from '@millrace/read-buffer';
import { hex, seededRandom } from '@millrace/testkit';
import type { SeededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { binaryTypeOf } from '../src/types/registry.js';
import { createRowDecoder } from '../src/types/row-decoder.js';
import type { RowColumn } from '../src/types/row-decoder.js';
import { typeGoldens } from './fixtures/type-goldens.js';
import { dataRow } from './fixtures/value-wire.js';

const awkwardNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '?column?',
  '0',
  '1',
  '-1',
  '1.5',
  'a',
  'b',
  '"',
  "'",
  '`',
  '\\',
  '\\"',
  '${1}',
  '\n',
  '\r\n',
  '\0',
  '\u2028',
  '\u2029',
  '\ud800',
  '*/ }); throw new Error("code"); //',
  '"]: 0}; globalThis.injected = true; ({["',
  'columns',
  'error',
  'é😀',
];

const frame = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 20 } as const;

function outcome(columns: readonly RowColumn[], message: Uint8Array, generate: boolean): unknown {
  const input = new ReadBuffer({ frame });
  input.feed(message);
  input.takeFrame();
  try {
    const row = createRowDecoder(columns, { generate })(input);
    return {
      // Descriptors, so that an accessor, another prototype or another order would show.
      entries: Object.entries(Object.getOwnPropertyDescriptors(row)),
      isPlain: Object.getPrototypeOf(row) === Object.prototype,
    };
  } catch (error) {
    const { name, message: text } = error as Error;
    return { name, text, cause: String((error as Error).cause) };
  }
}

function randomColumns(
  random: SeededRandom,
  short: typeof typeGoldens,
): { columns: RowColumn[]; values: Uint8Array[] } {
  const columns: RowColumn[] = [];
  const values: Uint8Array[] = [];
  for (let i = random.int(0, 8); i > 0; i--) {
    const golden = short[random.int(0, short.length - 1)]!;
    const type = binaryTypeOf(golden.typeOid)!;
    const name = awkwardNames[random.int(0, awkwardNames.length - 1)]!;
    columns.push({ name, typeName: type.name, read: type.reader({}) });
    values.push(hex(golden.wire));
  }
  return { columns, values };
}

describe('generated row decoders and the loop', () => {
  const short = typeGoldens.filter(({ wire }) => wire.length < 500);

  test('give the same rows and the same errors', () => {
    const seed = 4711;
    const random = seededRandom(seed);
    for (let round = 0; round < 1500; round++) {
      const { columns, values } = randomColumns(random, short);
      const message = dataRow(values.map((value) => (random.int(0, 3) === 0 ? null : value)));
      if (random.int(0, 2) === 0) message[random.int(5, message.length - 1)] = random.int(0, 255);
      expect(outcome(columns, message, true), `seed ${seed}, round ${round}`).toEqual(outcome(columns, message, false));
    }
    expect((globalThis as { injected?: boolean }).injected).toBeUndefined();
  });

  test.each([true, false])('make every name an own property (generated: %s)', (generate) => {
    const columns = awkwardNames.map((name): RowColumn => ({
      name,
      typeName: 'text',
      read: binaryTypeOf(25)!.reader({}),
    }));
    const message = dataRow(awkwardNames.map((_, i) => new TextEncoder().encode(`value ${i}`)));
    const input = new ReadBuffer({ frame });
    input.feed(message);
    input.takeFrame();
    const row = createRowDecoder(columns, { generate })(input);
    expect(new Set(Object.keys(row))).toEqual(new Set(awkwardNames));
    for (const [i, name] of awkwardNames.entries()) {
      expect(Object.getOwnPropertyDescriptor(row, name)?.value, JSON.stringify(name)).toBe(`value ${i}`);
    }
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  });

  test.each([true, false])('let the last of two columns of one name win (generated: %s)', (generate) => {
    const read = binaryTypeOf(23)!.reader({});
    const columns = ['a', '__proto__', 'b', 'a', '__proto__'].map((name): RowColumn => ({
      name,
      typeName: 'int4',
      read,
    }));
    const message = dataRow([1, 2, 3, 4, 5].map((n) => Uint8Array.of(0, 0, 0, n)));
    const input = new ReadBuffer({ frame });
    input.feed(message);
    input.takeFrame();
    expect(Object.entries(createRowDecoder(columns, { generate })(input))).toEqual([
      ['a', 4],
      ['__proto__', 5],
      ['b', 3],
    ]);
  });

  test.each([true, false])('take the 1664 columns that a table may have (generated: %s)', (generate) => {
    const read = binaryTypeOf(23)!.reader({});
    const columns = Array.from({ length: 1664 }, (_, i): RowColumn => ({ name: `c${i}`, typeName: 'int4', read }));
    const input = new ReadBuffer({ frame });
    input.feed(dataRow(columns.map((_, i) => Uint8Array.of(0, 0, i >> 8, i & 0xff))));
    input.takeFrame();
    const row = createRowDecoder(columns, { generate })(input);
    expect(Object.values(row)).toEqual(columns.map((_, i) => i));
  });
});
