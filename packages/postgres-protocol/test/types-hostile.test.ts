import { BufferUnderflowError } from '@millrace/read-buffer';
import { hex, seededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { createStatement } from '../src/statement.js';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { typeGoldens } from './fixtures/type-goldens.js';
import { dataRow, decodeMessage, decodeValue, field } from './fixtures/value-wire.js';

/** Decodes bytes that may be anything: a value, or an error that says the peer is wrong. */
function decodeOrBlame(typeOid: number, wire: Uint8Array): 'value' | 'blame' {
  try {
    decodeValue(typeOid, wire);
    return 'value';
  } catch (error) {
    if (error instanceof MalformedValueError || error instanceof BufferUnderflowError) return 'blame';
    // An instant that no Date can hold is a value.
    if (error instanceof RangeError && error.message.includes('outside the range of Date')) return 'value';
    throw error;
  }
}

const short = typeGoldens.filter(({ wire }) => wire.length < 500);

describe.each(short)('$typeName $literal', ({ typeOid, typeName, wire }) => {
  test('cut short anywhere or made longer is malformed, or another value of a type of any length', () => {
    const bytes = hex(wire);
    const isOfAnyLength = /^(text|varchar|bpchar|name|bytea|json|jsonb)$/.test(typeName);
    for (let length = 0; length <= bytes.length + 3; length++) {
      if (length === bytes.length) continue;
      const other = new Uint8Array(length);
      other.set(bytes.subarray(0, length));
      const outcome = decodeOrBlame(typeOid, other);
      if (!isOfAnyLength) expect(`${length}: ${outcome}`).toBe(`${length}: blame`);
    }
  });

  test('with any byte changed is a value or malformed, and nothing else', () => {
    const bytes = hex(wire);
    for (let at = 0; at < bytes.length; at++) {
      for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
        const other = bytes.slice();
        other[at] = byte;
        decodeOrBlame(typeOid, other);
      }
    }
  });
});

test('random bytes are a value or malformed, for every type', () => {
  const seed = 20260101;
  const random = seededRandom(seed);
  const oids = [...new Set(typeGoldens.map(({ typeOid }) => typeOid))];
  for (let i = 0; i < 20_000; i++) {
    const typeOid = oids[i % oids.length]!;
    const bytes = random.bytes(random.int(0, 40));
    // Small numbers come further than random ones do.
    for (let at = 0; at < bytes.length; at++) if (random.int(0, 2) !== 0) bytes[at] = random.int(0, 3) === 0 ? 1 : 0;
    try {
      decodeOrBlame(typeOid, bytes);
    } catch (error) {
      throw new Error(`seed ${seed}, round ${i}, type ${typeOid}`, { cause: error });
    }
  }
});

describe('a malformed value', () => {
  test.each<[what: string, typeOid: number, wire: string, message: string]>([
    ['bool of another byte', 16, '02', 'bool is the byte 0 or 1, got 2'],
    ['int4 of 2 bytes', 23, '0001', 'int4 is 4 bytes long, got 2'],
    ['int8 of 4 bytes', 20, '00000001', 'int8 is 8 bytes long, got 4'],
    ['void with a byte', 2278, '00', 'void is 0 bytes long, got 1'],
    ['uuid of 15 bytes', 2950, '00'.repeat(15), 'uuid is 16 bytes long, got 15'],
    ['jsonb of version 2', 3802, '027b7d', 'jsonb is of version 1, got 2'],
    ['jsonb without a version', 3802, '', 'jsonb is at least 1 byte long, got 0'],
    ['json that is not', 114, '7b', 'the value is not JSON'],
    ['numeric without its header', 1700, '00000000', 'numeric is at least 8 bytes long, got 4'],
    ['numeric with too few digits', 1700, '0002 0000 0000 0000 0001', 'numeric with 2 digits is not 10 bytes long'],
    ['numeric with a digit of 10000', 1700, '0001 0000 0000 0000 2710', 'numeric digit 10000 is more than 9999'],
    ['numeric of another sign', 1700, '0000 0000 1234 0000', 'numeric has no sign 4660'],
    ['numeric of too large a scale', 1700, '0000 0000 0000 4000', 'with scale 16384'],
    ['array of 7 dimensions', 1007, `00000007 00000000 00000017 ${'0000000100000001'.repeat(7)}`, 'no 7 dimensions'],
    ['array of -1 dimensions', 1007, 'ffffffff 00000000 00000017', 'no -1 dimensions'],
    ['array with another flag', 1007, '00000000 00000002 00000017', 'NULL flag 2'],
    ['array of another element', 1007, '00000000 00000000 00000019', 'an array of type 23 holds elements of type 25'],
    [
      'array of a negative size',
      1007,
      '00000001 00000000 00000017 ffffffff 00000001',
      'an array dimension has size -1',
    ],
    [
      'array of more elements than bytes',
      1007,
      '00000001 00000000 00000017 7fffffff 00000001',
      'an array has no 2147483647 elements in 0 bytes',
    ],
    [
      'array of more elements than a double can count exactly',
      1007,
      `00000006 00000000 00000017 ${'7fffffff00000001'.repeat(6)}`,
      'elements in 0 bytes',
    ],
    [
      'array with bytes behind its elements',
      1007,
      '00000001 00000000 00000017 00000001 00000001 00000004 00000007 00',
      'an array ends 1 bytes off',
    ],
    [
      'array with an element of another length',
      1007,
      '00000001 00000000 00000017 00000001 00000001 00000002 0007 0000',
      'int4 is 4 bytes long, got 2',
    ],
  ])('%s is named', (_, typeOid, wire, message) => {
    const decode = (): unknown => decodeValue(typeOid, hex(wire));
    expect(decode).toThrow(MalformedValueError);
    expect(decode).toThrow('column "value" (');
    expect(decode).toThrow(message);
  });

  test('that reaches into the next column is found', () => {
    // The only element says that it has 12 bytes, which the next column has.
    const array = hex('00000001 00000000 00000019 00000001 00000001 0000000c 61');
    const statement = createStatement({ name: '', parameterOids: [], fields: [field('a', 1009), field('b', 25)] });
    const decode = (): unknown => decodeMessage(statement, [dataRow([array, hex('62'.repeat(20))])]);
    expect(decode).toThrow(MalformedValueError);
    expect(decode).toThrow('column "a" (text[]): an array element of 12 bytes has 1 bytes left');
  });

  test.each([25, 17, 23, 114, 3802, 1700, 1007, 70_000])(
    'a negative length other than NULL is malformed for type %d',
    (oid) => {
      const message = dataRow([null]);
      message.set(hex('fffffffe'), message.length - 4);
      const statement = createStatement({ name: '', parameterOids: [], fields: [field('value', oid)] });
      expect(() => decodeMessage(statement, [message])).toThrow(
        expect.toSatisfy((error) => error instanceof MalformedValueError || error instanceof BufferUnderflowError),
      );
    },
  );
});
