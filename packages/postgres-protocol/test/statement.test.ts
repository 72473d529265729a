import { everySplit, hex } from '@millrace/testkit';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import { createStatement } from '../src/statement.js';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { dataRow, decodeMessage, encodeParameters, field, toHex } from './fixtures/value-wire.js';

describe('createStatement', () => {
  test('asks for binary where a decoder exists, else for text', () => {
    const fields = [field('a', 23), field('b', 70_000), field('c', 1007), field('d', 2278), field('e', 16_400)];
    const statement = createStatement({ name: 's1', parameterOids: [23], fields });
    expect(statement.name).toBe('s1');
    expect(statement.parameterOids).toEqual([23]);
    expect(statement.fields).toEqual(fields);
    expect(statement.resultFormats).toEqual([1, 0, 1, 1, 0]);
  });

  test('is not changed through what it was made from', () => {
    const parameterOids = [23];
    const fields = [field('a', 23)];
    const options: { int8: 'number' | 'string' } = { int8: 'number' };
    const statement = createStatement({ name: '', parameterOids, fields, options });
    parameterOids.push(25);
    fields.push(field('b', 25));
    options.int8 = 'string';
    expect(statement.parameterOids).toEqual([23]);
    expect(statement.fields).toHaveLength(1);
    expect(Object.isFrozen(statement.resultFormats)).toBe(true);
  });
});

describe('Statement.encodeParameters', () => {
  test('writes one format code where all parameters agree', () => {
    expect(toHex(encodeParameters([23, 16], [7, true]))).toBe(
      toHex(hex('0001 0001 0002 00000004 00000007 00000001 01')),
    );
    expect(toHex(encodeParameters([70_000, 70_000], ['a', null]))).toBe(
      toHex(hex('0001 0000 0002 00000001 61 ffffffff')),
    );
  });

  test('writes a format code for each where they do not', () => {
    expect(toHex(encodeParameters([23, 70_000], [7, '']))).toBe(
      toHex(hex('0002 0001 0000 0002 00000004 00000007 00000000')),
    );
  });

  test('writes two zeros for no parameters', () => {
    expect(toHex(encodeParameters([], []))).toBe('00000000');
  });

  test('writes null as NULL whatever the type', () => {
    for (const oid of [16, 23, 25, 114, 1007, 1184, 2278, 70_000]) {
      expect(toHex(encodeParameters([oid], [null])).slice(12)).toBe('ffffffff');
    }
  });

  test.each([
    [[], 'expected 2 values, one for each parameter, got 0'],
    [[1], 'expected 2 values, one for each parameter, got 1'],
    [[1, 2, 3], 'expected 2 values, one for each parameter, got 3'],
  ])('names the counts of %j and writes nothing', (values, message) => {
    const out = new WriteBuffer();
    const statement = createStatement({ name: '', parameterOids: [23, 23], fields: [] });
    const encode = (): void => {
      statement.encodeParameters(out, values);
    };
    expect(encode).toThrow(TypeError);
    expect(encode).toThrow(message);
    expect(out.length).toBe(0);
  });

  test('names the way out for more than 65535 values, and writes nothing', () => {
    const out = new WriteBuffer();
    const statement = createStatement({ name: '', parameterOids: [23], fields: [] });
    const encode = (): void => {
      statement.encodeParameters(out, new Array<number>(65_536).fill(1));
    };
    expect(encode).toThrow(RangeError);
    expect(encode).toThrow(/at most 65535 parameters, got 65536 values: .*unnest/);
    expect(out.length).toBe(0);
  });

  test('takes 65535 values', () => {
    const count = 65_535;
    const bytes = encodeParameters(new Array<number>(count).fill(16), new Array<boolean>(count).fill(true));
    expect(toHex(bytes.subarray(0, 6))).toBe('00010001ffff');
    expect(bytes).toHaveLength(6 + 5 * count);
  });

  test('leaves nothing behind in an atomic block when a value is refused', () => {
    const out = new WriteBuffer();
    const statement = createStatement({ name: '', parameterOids: [25, 1007], fields: [] });
    const bind = (values: unknown[]): void => {
      out.atomic(() => {
        statement.encodeParameters(out, values);
      });
    };
    expect(() => {
      bind(['text', [1, 2, 'x']]);
    }).toThrow('parameter $2 (int4[]): element [2]');
    expect(out.length).toBe(0);
    bind(['text', [1]]);
    expect(out.length).toBeGreaterThan(0);
  });

  test('keeps what JSON.stringify said as the cause', () => {
    const failure = new Error('not today');
    const value = {
      toJSON(): never {
        throw failure;
      },
    };
    expect(() => encodeParameters([114], [value])).toThrow(expect.objectContaining({ cause: failure }));
  });

  test('keeps the error of a buffer that is full as the cause', () => {
    const out = new WriteBuffer({ maxBytes: 64 });
    const statement = createStatement({ name: '', parameterOids: [25], fields: [] });
    expect(() => {
      statement.encodeParameters(out, ['x'.repeat(100)]);
    }).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        cause: expect.objectContaining({ code: 'ERR_WRITE_BUFFER_OVERFLOW' }) as unknown,
      }),
    );
  });
});

describe('Statement.rowRun', () => {
  const fields = [field('id', 23), field('name', 25), field('point', 70_000), field('tags', 1009)];
  const tags = hex('00000001 00000001 00000019 00000002 00000001 00000002 c3bc ffffffff');
  const message = dataRow([hex('0000002a'), new TextEncoder().encode('Ü😀'), hex('2831 2c 3229'), tags]);

  test('gives the same row wherever the chunks are split', () => {
    const statement = createStatement({ name: '', parameterOids: [], fields });
    for (const chunks of everySplit(message)) {
      expect(decodeMessage(statement, chunks)).toStrictEqual({
        id: 42,
        name: 'Ü😀',
        point: '(1,2)',
        tags: ['ü', null],
      });
    }
  });

  test('gives null for NULL in every column', () => {
    const statement = createStatement({ name: '', parameterOids: [], fields });
    const row = decodeMessage(statement, [dataRow([null, null, null, null])]);
    expect(row).toStrictEqual({ id: null, name: null, point: null, tags: null });
  });

  test('gives an empty object for a row without columns', () => {
    const statement = createStatement({ name: '', parameterOids: [], fields: [] });
    expect(decodeMessage(statement, [dataRow([])])).toStrictEqual({});
  });

  test('gives strings for the text of a simple query', () => {
    const statement = createStatement({ name: '', parameterOids: [], fields: fields.slice(0, 2), textResults: true });
    expect(statement.resultFormats).toEqual([0, 0]);
    expect(decodeMessage(statement, [dataRow([hex('3432'), hex('61')])])).toStrictEqual({ id: '42', name: 'a' });
  });

  test.each([0, 1, 3, 65_535])('finds a row of %d columns malformed where there are two', (count) => {
    const statement = createStatement({ name: '', parameterOids: [], fields: fields.slice(0, 2) });
    const row = dataRow([null, null]);
    new DataView(row.buffer, row.byteOffset).setUint16(5, count);
    expect(() => decodeMessage(statement, [row])).toThrow(MalformedValueError);
    expect(() => decodeMessage(statement, [row])).toThrow(`expected a row of 2 columns, got ${count}`);
  });

  test('finds bytes behind the last column', () => {
    const statement = createStatement({ name: '', parameterOids: [], fields: [field('a', 25)] });
    const row = dataRow([hex('6161')]);
    row[10] = 1; // the value's length, one less than its bytes
    expect(() => decodeMessage(statement, [row])).toThrow('a row leaves 1 bytes of its frame unread');
  });

  test('gives bytea that does not share memory with the chunk', () => {
    const statement = createStatement({ name: '', parameterOids: [], fields: [field('data', 17)] });
    const chunk = dataRow([hex('010203')]);
    const row = decodeMessage(statement, [chunk]);
    chunk.fill(0xee);
    expect(row['data']).toEqual(hex('010203'));
    expect((row['data'] as Uint8Array).buffer.byteLength).toBe(3);
  });
});
